"""The next pass, trained in a thread while the pages stay usable; it can be watched and cancelled."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from morphoscope.atlas import Atlas
from morphoscope.atlas.refinement import Choice
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import Task
from morphoscope.operations.scan import scan
from morphoscope.operations.train import train
from morphoscope.workflows.refine import train_next_pass


class _CancelledError(Exception):
    """The user has cancelled the pass."""


@dataclasses.dataclass
class PassStatus:
    """The progress of the pass. ``phase``: ``idle``, ``running``, ``done``, ``cancelled`` or ``failed``."""

    phase: str = "idle"
    text: str = ""
    share: float = 0.0
    result: Atlas | None = None


class NextPass:
    """At most one pass at a time. Its folder is chosen here: no text from a page becomes a path."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self.status = PassStatus()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether a pass is being trained."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, choice: Choice, *, runs_per_class: int, epochs: int | None, seed: int) -> None:
        """Start training. Raises UsageError if a pass is already being trained."""
        folder, atlas = self.folder(choice, runs_per_class, epochs, seed), self.atlas
        self._work(
            folder,
            lambda: train_next_pass(
                atlas, choice, folder, runs_per_class=runs_per_class, epochs=epochs, seed=seed, progress=self
            ),
        )

    def start_classifier(self, *, epochs: int | None, seed: int) -> None:
        """Start training a classifier on the groups of a chart; it reads the same runs again.

        Raises UsageError for groups that are not confirmed, without the chart's ensemble, and if a pass is being
        trained.
        """
        from morphoscope.atlas.regroup import chart_of

        atlas, scanned = self.atlas, self.atlas.ensemble
        if not chart_of(atlas)["confirmed"]:
            raise UsageError("the groups are not confirmed; look at them and confirm them first", parameter="confirm")
        if scanned is None:
            raise UsageError(f"{atlas.folder} has no ensemble beside it; a classifier is trained on its runs")
        labels = hashlib.sha256("\n".join(atlas.labels()).encode()).hexdigest()
        folder = self._named(labels, epochs, seed)

        def work() -> Atlas:
            classifier = train(
                atlas.folder, out=folder / "classifier", epochs=epochs, seed=seed, overwrite=True, progress=self
            )
            return scan(classifier, scanned, folder / "atlas", overwrite=True, progress=self)

        self._work(folder, work)

    def _work(self, folder: Path, make: Callable[[], Atlas]) -> None:
        def work() -> None:
            try:
                made = make()
                self.status = PassStatus("done", f"the new atlas is {made.folder}", 1.0, made)
            except _CancelledError:
                self.status = PassStatus("cancelled", f"cancelled; the finished parts are in {folder}")
            except Exception as error:  # every error is shown on the page
                self.status = PassStatus("failed", f"{type(error).__name__}: {error}")

        with self._starting:  # two pages may ask at once
            if self.running:
                raise UsageError("a pass is already being trained; cancel it or wait until it is finished")
            self._stop.clear()
            self.status = PassStatus("running", "starting")
            self._thread = threading.Thread(target=work, name="next-pass", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Stop after the current run or epoch."""
        self._stop.set()

    def folder(self, choice: Choice, *options: object) -> Path:
        """The folder of a pass, next to the atlas's; the same for equal choices and options, so that they continue."""
        return self._named({name: [point.given for point in points] for name, points in choice.rows.items()}, *options)

    def _named(self, *options: object) -> Path:
        own = self.atlas.annotations.path.parent  # the atlas's folder, or the user's for a shipped one
        text = json.dumps(options, sort_keys=True, default=repr)  # repr: values that vary in space
        return own.with_name(f"{own.name}-pass-{hashlib.sha256(text.encode()).hexdigest()[:8]}")

    # These methods make this object a Reporter, which receives the progress of the training.

    def message(self, text: str) -> None:
        """A stage begins or ends."""
        self._check()
        self.status.text = text

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A task with a progress bar."""
        outer, begin, count = self, time.monotonic(), done

        class Watched:
            def advance(self, number: int = 1, note: str = "") -> None:
                nonlocal count
                outer._check()
                count += number
                rate = (count - done) / max(time.monotonic() - begin, 1e-6)
                left = (total - count) / rate if rate else 0.0
                outer.status.share = count / max(total, 1)
                tail = f"; {note}" if note else ""
                outer.status.text = f"{title}: {count}/{total} {unit}, {rate:.3g} {unit}/s, {left:.0f} s left{tail}"

        yield Watched()

    def _check(self) -> None:
        if self._stop.is_set():
            raise _CancelledError
