"""What all pages of one explorer share: the atlas, what people say of it, the classifier, the pass under way."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, symbol
from morphoscope.atlas.annotations import REJECTED
from morphoscope.atlas.thumbnails import COLUMNS, PER_SHEET, SIDE
from morphoscope.core.errors import UsageError
from morphoscope.operations.annotate import make_class
from morphoscope.web.next_pass import NextPass

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier, Prediction
    from morphoscope.learning.saliency import Saliency

MOST_AT_ONCE = 20_000  # patterns in one annotation


class Workplace:
    """One atlas at work. Safe for several pages; everything that a page asks for is checked here."""

    def __init__(self, atlas: Atlas, beside: Atlas | None = None) -> None:
        self.atlas, self.beside = atlas, beside
        self.next_pass = NextPass(atlas)
        self.labels: list[str] = []
        self.marked: list[bool] = []
        self._listeners: list[Callable[[list[int]], None]] = []
        self._lock = threading.RLock()
        self._network = threading.Lock()  # torch modules are not for several threads
        self._place = {run: position for position, run in enumerate(atlas.runs.tolist())}
        self._refresh()

    def _refresh(self) -> list[int]:
        """Read what was said again; returns the positions whose label or mark has changed."""
        said = self.atlas.annotations.current()
        labels = self.atlas.labels()
        marked = [run in said for run in self.atlas.runs.tolist()]
        before = list(zip(self.labels, self.marked, strict=True)) or [("", False)] * len(labels)
        self.labels, self.marked = labels, marked
        return [i for i, now in enumerate(zip(labels, marked, strict=True)) if now != before[i]]

    def listen(self, listener: Callable[[list[int]], None]) -> None:
        """Call ``listener(positions)`` whenever anything is said, with the positions that changed."""
        with self._lock:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[list[int]], None]) -> None:
        """A page has gone."""
        with self._lock:
            self._listeners = [one for one in self._listeners if one is not listener]

    def positions(self, asked: Sequence[object]) -> list[int]:
        """What a page sent as positions of readings. Raises UsageError for anything else."""
        if not isinstance(asked, list) or len(asked) > MOST_AT_ONCE:
            raise UsageError("expected a list of patterns")
        whole = [p for p in asked if isinstance(p, int) and not isinstance(p, bool) and 0 <= p < len(self.labels)]
        if len(whole) != len(asked):
            raise UsageError(f"expected positions from 0 to {len(self.labels) - 1}")
        return whole

    def say(self, asked: Sequence[object], name: object, who: str, why: str = "") -> int:
        """Give patterns a class, reject them (empty), or confirm each as what it is taken for (None).

        Returns how many annotations were made: patterns that are ambiguous can't be confirmed.
        """
        positions = self.positions(asked)
        if not (name is None or isinstance(name, str)):
            raise UsageError("expected the name of a class")
        with self._lock:
            groups: dict[str, list[int]] = {}
            for position in positions:
                groups.setdefault(self.labels[position] if name is None else name, []).append(position)
            if name is None:
                groups.pop(REJECTED, None)
            for new, members in groups.items():
                runs = [int(self.atlas.runs[p]) for p in members]
                old = [self.labels[p] for p in members]
                self.atlas.annotations.add(runs, new, old=old, who=who, why=why, allowed=self.atlas.classes)
            self._tell()
        return sum(map(len, groups.values()))

    def undo(self, who: str) -> int:
        """Take back a person's last word; returns how many annotations that were."""
        with self._lock:
            back = self.atlas.annotations.undo(who)
            self._tell()
        return len(back)

    def make_class(self, name: object, symbol: object, colour: object, who: str) -> None:
        """A class of a person's own."""
        if not (isinstance(name, str) and isinstance(symbol, str) and isinstance(colour, str)):
            raise UsageError("expected name, symbol and colour of a class as text")
        make_class(self.atlas, name, who=who, symbol=symbol, colour=colour)
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        changed = self._refresh()
        for listener in list(self._listeners):
            listener(changed)

    def look_around(self) -> None:
        """Tell the pages when somebody else, as from the command line, has said something."""
        with self._lock:
            if self._state_changed():
                self._tell()

    def _state_changed(self) -> bool:
        state = self.atlas.annotations.state()
        changed = state != getattr(self, "_state", state)
        self._state = state
        return changed

    @functools.cached_property
    def classifier(self) -> Classifier | None:
        """The classifier that read the atlas, if it is still there."""
        from morphoscope.atlas.reader import find_classifier

        return find_classifier(self.atlas)

    def read(self, frames: NDArray[np.float32]) -> Prediction | None:
        """What the classifier reads patterns (n, frames, y, x) as; None without a classifier."""
        with self._network:
            return None if self.classifier is None else self.classifier.predict(frames)

    def explain(self, frames: NDArray[np.float32]) -> Saliency | None:
        """Where the classifier looks; None without a classifier."""
        from morphoscope.learning.saliency import explain_patterns

        with self._network:
            return None if self.classifier is None else explain_patterns(self.classifier, frames)

    def showpiece(self) -> str:
        """The class with the most patterns; classes with a letter of their own go before homogeneous states."""
        counts = self.atlas.counts()
        return max(counts, key=lambda name: (symbol(name) != name and counts[name] > 0, counts[name]))

    def montage_data(self) -> dict[str, object]:
        """What the montage in the browser needs of all patterns."""
        names = list(self.atlas.plan.parameter_names)
        return {
            "sheets": -(-len(self.atlas.runs) // PER_SHEET),
            "side": SIDE,
            "columns": COLUMNS,
            "total": len(self.atlas.runs),
            "looks": {name: list(look) for name, look in self.atlas.looks().items()},
            "labels": list(self.labels),
            "read": self.atlas.reading.names,
            "marked": list(self.marked),
            "probability": [round(float(p), 3) for p in self.atlas.reading.probability],
            "names": names,
            "values": [self.atlas.values(name).round(9).tolist() for name in names],
        }
