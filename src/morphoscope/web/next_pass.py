"""The next pass, trained in a thread beside the pages: started, watched, cancelled."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from morphoscope.atlas import Atlas
from morphoscope.atlas.refinement import Choice, choose
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import Task
from morphoscope.workflows.refine import refine


class _CancelledError(Exception):
    """The person does not want it any more."""


@dataclasses.dataclass
class State:
    """How far the pass is: ``idle``, ``running``, ``done``, ``cancelled`` or ``failed``, and a line about it."""

    phase: str = "idle"
    text: str = ""
    share: float = 0.0
    result: Atlas | None = None


class NextPass:
    """At most one pass at a time. Its folder is chosen here, by nobody's text."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self.state = State()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether a pass is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, *, runs_per_class: int, epochs: int | None, seed: int) -> None:
        """Begin. Raises UsageError when one is under way or nothing is annotated."""
        if self.running:
            raise UsageError("a pass is under way; cancel it or wait for it")
        choice = choose(self.atlas)  # says what is missing before anything is begun
        folder = self.folder(choice, runs_per_class, epochs, seed)
        self._stop.clear()
        self.state = State("running", "begins")

        def work() -> None:
            try:
                made = refine(
                    self.atlas, folder, runs_per_class=runs_per_class, epochs=epochs, seed=seed, progress=self
                )
                self.state = State("done", f"the new atlas is {made.folder}", 1.0, made)
            except _CancelledError:
                self.state = State("cancelled", f"cancelled; what was finished is in {folder}")
            except Exception as error:  # shown on the page, whatever it is
                self.state = State("failed", f"{type(error).__name__}: {error}")

        self._thread = threading.Thread(target=work, name="next-pass", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Stop at the next run or epoch."""
        self._stop.set()

    def folder(self, choice: Choice, *options: object) -> Path:
        """Beside the atlas, named after what is asked: asking the same again continues or finds what is there."""
        own = self.atlas.annotations.path.parent  # the atlas's folder, or the user's for a shipped one
        asked = json.dumps([choice.rows, *options], sort_keys=True)
        return own.with_name(f"{own.name}-pass-{hashlib.sha256(asked.encode()).hexdigest()[:8]}")

    # The reporter's side: what refine() tells.

    def say(self, text: str) -> None:
        """A stage begins or ends."""
        self._check()
        self.state.text = text

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A long piece of work."""
        outer, begin, count = self, time.monotonic(), done

        class Watched:
            def advance(self, number: int = 1, note: str = "") -> None:
                nonlocal count
                outer._check()
                count += number
                rate = (count - done) / max(time.monotonic() - begin, 1e-6)
                left = (total - count) / rate if rate else 0.0
                outer.state.share = count / max(total, 1)
                tail = f"; {note}" if note else ""
                outer.state.text = f"{title}: {count}/{total} {unit}, {rate:.3g} {unit}/s, {left:.0f} s left{tail}"

        yield Watched()

    def _check(self) -> None:
        if self._stop.is_set():
            raise _CancelledError
