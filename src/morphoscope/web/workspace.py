"""The state that all pages of an explorer share: atlas, annotations, classifier, next pass."""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas
from morphoscope.atlas.annotation import AMBIGUOUS, REJECTED
from morphoscope.atlas.files import ATLAS_FILE
from morphoscope.atlas.proposals import Discovery, Proposal, find_proposals, load_discovery
from morphoscope.atlas.refinement import Choice, choose
from morphoscope.core.errors import UsageError
from morphoscope.operations.accept import accept
from morphoscope.operations.annotate import annotate, create_class
from morphoscope.operations.regroup import change_groups, draw_groups
from morphoscope.web.arranging import Arrangement
from morphoscope.web.next_pass import NextPass

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.estimating.estimates import Estimates
    from morphoscope.learning.estimating.estimator import Estimator
    from morphoscope.learning.saliency import Saliency

MOST_AT_ONCE = 20_000  # patterns in one annotation
_DRAWS = 400  # from the posterior of a pattern
LOG = logging.getLogger(__name__)

Listener = Callable[[list[int]], None]


class Snapshot(NamedTuple):
    """What pages show, of one moment: labels, what is annotated, the names of all classes.

    ``revision``: number of changes so far; ``edition``: changes when the atlas was written again with other classes.
    """

    revision: int
    labels: list[str]
    annotated: list[bool]
    classes: list[str]
    atlas: Atlas
    edition: str


def key_of(proposal: Proposal) -> str:
    """What tells a proposal from another one of the same number: a digest of its runs."""
    return hashlib.sha256(repr(proposal.runs).encode()).hexdigest()[:16]


class Workspace:
    """One open atlas. Several pages may use it at once; all input from a page is checked here.

    ``compared`` is a second atlas to compare with; ``estimator`` tells the parameters of patterns; ``proposals`` is a
    folder of proposed classes. Raises UsageError for an estimator that can't read the runs of the atlas, and for a
    folder without proposals for it.
    """

    def __init__(
        self,
        atlas: Atlas,
        compared: Atlas | None = None,
        estimator: Estimator | None = None,
        proposals: Path | None = None,
    ) -> None:
        self.atlas, self.compared, self.estimator = atlas, compared, estimator
        self._proposals = proposals
        self.draws_beside = True  # a chart's page after a change: in a thread, not in the kernel of a notebook
        if proposals is not None:
            load_discovery(proposals, atlas.plan.hash)
        self.next_pass = NextPass(atlas)
        self.edition = ""
        self.labels: list[str] = []
        self.annotated: list[bool] = []
        self._listeners: list[Listener] = []
        self._changes = 0
        self._arrangement: Arrangement | None = None
        self._lock = threading.RLock()
        self._drawing = threading.Lock()
        self._network = threading.Lock()  # torch modules are not thread-safe
        if estimator is not None:
            self._check_estimator(estimator)
        self._refresh()

    def _check_estimator(self, estimator: Estimator) -> None:
        from morphoscope.learning.estimating.inference import run_for

        plan = self.atlas.plan
        blank = np.zeros((len(plan.times), *plan.grid.shape), np.float32)
        run_for(estimator, plan, blank, plan.runs[int(self.atlas.runs[0])].parameters.given)

    def _refresh(self) -> list[int]:
        """Read what was written again; returns the positions whose label or annotation has changed."""
        if (edition := self._written()) != self.edition:
            if self.edition:
                self.atlas = self.next_pass.atlas = Atlas(self.atlas.folder)
            self.edition = edition
        self._revision = self.atlas.annotations.revision()
        self._changes += 1
        latest = self.atlas.annotations.current()
        labels = self.atlas.labels()
        annotated = [run in latest for run in self.atlas.runs.tolist()]
        before = list(zip(self.labels, self.annotated, strict=True)) or [("", False)] * len(labels)
        self.labels, self.annotated = labels, annotated
        self._choice: Choice | None = None
        return [i for i, after in enumerate(zip(labels, annotated, strict=True)) if after != before[i]]

    @property
    def arrangement(self) -> Arrangement:
        """The places of the patterns by similarity; those of an atlas that was written again are its own."""
        with self._lock:
            if self._arrangement is None or self._arrangement.atlas is not self.atlas:
                self._arrangement = Arrangement(self.atlas)
            return self._arrangement

    @property
    def is_chart(self) -> bool:
        """Whether the classes are groups that were found without labels."""
        return bool(self.atlas.metadata.get("chart"))

    def _written(self) -> str:
        """Which writing of a chart is in its folder; other atlases keep their classes."""
        try:
            found = (self.atlas.folder / ATLAS_FILE).stat() if self.is_chart else None
        except FileNotFoundError:  # it is being replaced
            return self.edition
        return "" if found is None else f"{found.st_ino}-{found.st_mtime_ns}"

    def snapshot(self) -> Snapshot:
        """What pages show, of one moment."""
        with self._lock:
            classes = list(self.atlas.all_classes())
            return Snapshot(self._changes, list(self.labels), list(self.annotated), classes, self.atlas, self.edition)

    def add_listener(self, listener: Listener) -> None:
        """Call ``listener(positions)`` after every change of the annotations, with the positions that changed."""
        with self._lock:
            self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling a listener. It is found by equality, because a bound method is a new object at every access."""
        with self._lock:
            self._listeners = [kept for kept in self._listeners if kept != listener]

    def _notify(self) -> None:
        changed = self._refresh()
        for listener in list(self._listeners):
            try:
                listener(changed)
            except Exception:  # an error of one page must not affect the others
                LOG.exception("a page could not be updated after a change")

    def notify_if_changed(self) -> None:
        """Notify the pages if another process, such as a command, has changed annotations or groups.

        It does not wait: a change that is being made notifies them itself.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            replaced = self.is_chart and not (self.atlas.folder / ATLAS_FILE).exists()  # at this moment
            if not replaced and (
                self._written() != self.edition or self.atlas.annotations.revision() != self._revision
            ):
                self._notify()
        finally:
            self._lock.release()

    def positions(self, sent: object) -> list[int]:
        """Check positions of readings that a page has sent; raises UsageError if they are invalid."""
        if not isinstance(sent, list) or len(sent) > MOST_AT_ONCE:
            raise UsageError("expected a list of patterns")
        valid = [p for p in sent if isinstance(p, int) and not isinstance(p, bool) and 0 <= p < len(self.labels)]
        if len(valid) != len(sent):
            raise UsageError(f"expected positions from 0 to {len(self.labels) - 1}")
        return valid

    def annotate(self, sent: Sequence[object], name: object, who: str, why: str = "", seen: object = None) -> int:
        """Assign an existing class to patterns, reject them (empty name), or confirm the class of each (None).

        Returns how many patterns were annotated: rejected patterns can't be confirmed. Raises UsageError if patterns
        that are confirmed have another class than the person has ``seen``, because somebody else has just changed it.
        """
        positions = self.positions(sent)
        if not (name is None or isinstance(name, str)):
            raise UsageError("expected the name of a class")
        runs = [int(self.atlas.runs[position]) for position in positions]
        with self._lock:
            if name is None and seen is not None:
                self._check_seen(positions, seen)
            given = AMBIGUOUS if name == REJECTED else name
            count = annotate(self.atlas, given, runs, who=who, why=why, create=False)
            self._notify()
        return count

    def _check_seen(self, positions: list[int], seen: object) -> None:
        if not isinstance(seen, list) or len(seen) != len(positions):
            raise UsageError("expected the class of each pattern")
        labels = self.atlas.labels()
        if others := sum(labels[position] != name for position, name in zip(positions, seen, strict=True)):
            raise UsageError(f"{others} of these patterns got another class meanwhile; look at them again")

    def undo(self, who: str) -> int:
        """Undo the last annotation of a person; returns the number of its patterns."""
        with self._lock:
            undone = self.atlas.annotations.undo(who)
            self._notify()
        return len(undone)

    def regroup(self, who: str, seen: str | None = None, **changes: Any) -> None:
        """Change the groups of a chart, see :func:`morphoscope.regroup`. The chart's own page is drawn afterwards.

        Raises UsageError if the edition that the person has ``seen`` is no longer the present one.
        """
        with self._lock:
            if seen is not None and seen != self.edition:
                raise UsageError("the groups have changed meanwhile; look at them again")
            if self.next_pass.running:
                raise UsageError("a pass is being trained on these groups; cancel it or wait until it is finished")
            change_groups(self.atlas, who=who, **changes)
            self._notify()
        if self.draws_beside:
            threading.Thread(target=self._draw, args=(self.atlas,), name="chart-page", daemon=True).start()
        else:
            self._draw(self.atlas)

    def _draw(self, chart: Atlas) -> None:
        with self._drawing:
            if chart is not self.atlas:
                return  # changed again
            try:
                draw_groups(chart)
            except Exception:  # the groups are stored; only their page is missing
                with self._lock:  # another change, which replaces the folder, has ended
                    if chart is self.atlas:
                        LOG.exception("the page of the chart could not be written")

    def start_classifier(self, *, epochs: int | None, seed: int) -> None:
        """Train a classifier on the groups of a confirmed chart, and let it read the same runs, in the background."""
        self.notify_if_changed()
        self.next_pass.start_classifier(epochs=epochs, seed=seed)

    @property
    def proposals(self) -> Path | None:
        """The folder of proposed classes: the one that was given, or the one beside the atlas; None without one."""
        return self._proposals or find_proposals(self.atlas.folder, self.atlas.plan.hash)

    def discovery(self) -> Discovery:
        """The proposed classes. Raises UsageError if there are none."""
        return load_discovery(self._proposals_folder(), self.atlas.plan.hash)

    def accept(self, number: int, name: str, who: str, key: str | None = None) -> int:
        """Give the runs of a proposal a class; returns their number.

        Raises UsageError if ``key``, that of the proposal that a person has seen, is no longer that of this number.
        """
        with self._lock:
            if key is not None and key != key_of(self.discovery().numbered(number)):
                raise UsageError(
                    "the proposals have been made again meanwhile; turn to another tab and back to see them"
                )
            count = accept(self.atlas, self._proposals_folder(), number, name, who=who)
            self._notify()
        return count

    def _proposals_folder(self) -> Path:
        if (folder := self.proposals) is None:
            raise UsageError("there are no proposals for this atlas", operation="discover")
        return folder

    def create_class(self, name: object, symbol: object, colour: object, who: str) -> None:
        """Create a class; raises UsageError for an invalid name, symbol or colour."""
        if not (isinstance(name, str) and isinstance(symbol, str) and isinstance(colour, str)):
            raise UsageError("expected name, symbol and colour of a class as text")
        with self._lock:
            create_class(self.atlas, name, who=who, symbol=symbol, colour=colour)
            self._notify()

    def choice(self) -> Choice:
        """The training points of the next pass by current annotations; raises UsageError if it can't be trained."""
        with self._lock:
            if self._choice is None:
                self._choice = choose(self.atlas)
            return self._choice

    def start_next_pass(self, *, runs_per_class: int, epochs: int | None, seed: int) -> None:
        """Train the next pass on :meth:`choice`. Raises UsageError if a pass is running or can't be trained."""
        self.notify_if_changed()
        self.next_pass.start(self.choice(), runs_per_class=runs_per_class, epochs=epochs, seed=seed)

    @functools.cached_property
    def classifier(self) -> Classifier | None:
        """The classifier that read the atlas, or None if it can't be found."""
        from morphoscope.atlas.reader import find_classifier

        return find_classifier(self.atlas)

    def explain(self, frames: NDArray[np.float32]) -> Saliency | None:
        """Saliency of patterns (n, frames, y, x); None without a classifier, or if it was trained on another grid."""
        from morphoscope.learning.saliency import explain_patterns

        with self._network:
            if self.classifier is None or not self.classifier.reads(frames):
                return None
            return explain_patterns(self.classifier, frames)

    def estimate(self, frames: NDArray[np.float32], position: int) -> Estimates | None:
        """The posterior over the parameters of one pattern (frames, y, x); None without an estimator."""
        from morphoscope.learning.estimating.inference import estimate, run_for

        if self.estimator is None:
            return None
        given = self.atlas.plan.runs[int(self.atlas.runs[position])].parameters.given
        with self._network:
            return estimate(self.estimator, run_for(self.estimator, self.atlas.plan, frames, given), draws=_DRAWS)
