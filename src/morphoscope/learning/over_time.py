"""How early the class of a run can be read: readings of the same runs at several times."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.evaluation import Accuracy
from morphoscope.learning.patterns import Patterns, of_plan
from morphoscope.learning.reading import read

TIMES = 30  # at which runs are read that are simulated again, evenly spaced up to their end
EVERY = "all"  # the row of all classes
_CHUNK = 32  # runs whose frames are in memory together

Names = NDArray[np.str_]


@dataclasses.dataclass(frozen=True, eq=False)
class OverTime:
    """The classes of runs at several times.

    Parameters
    ----------
    name
        The data set.
    times
        The times at which the runs were read, ascending: those of the last frame that was read.
    labels
        The class of each run.
    read
        The class that was read, (runs, times), as by :func:`morphoscope.classify`: homogeneous runs by theory.
    """

    name: str
    times: tuple[float, ...]
    labels: tuple[str, ...]
    read: Names

    def __repr__(self) -> str:
        ends = f"t = {self.times[0]:g} … {self.times[-1]:g}"
        return f"OverTime({self.name!r}, {len(self.labels)} runs at {len(self.times)} times, {ends})"

    @property
    def settled(self) -> NDArray[np.float64]:
        """For each run the first time from which on the reading is that of the last time, (runs,)."""
        return settled(self.times, self.read)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the runs, sorted."""
        return tuple(sorted(set(self.labels)))

    def of_class(self, name: str) -> NDArray[np.bool_]:
        """Which runs have a class; all for ``"all"``."""
        return np.array([name in (EVERY, label) for label in self.labels], dtype=bool)

    def accuracy(self, name: str = EVERY) -> list[Accuracy]:
        """At each time, the share of a class's runs that are read correctly."""
        right = (self.read == np.array(self.labels)[:, None])[self.of_class(name)]
        return [Accuracy.of(right[:, place]) for place in range(len(self.times))]

    def as_at_the_end(self, name: str = EVERY) -> NDArray[np.float64]:
        """At each time, the share of a class's runs that are read as at the last time, (times,)."""
        read = self.read[self.of_class(name)]
        return np.asarray((read == read[:, -1:]).mean(axis=0), dtype=np.float64)

    def settling(self, name: str = EVERY) -> tuple[float, float]:
        """Median and ninth decile of :attr:`settled` over a class's runs."""
        middle, late = np.quantile(self.settled[self.of_class(name)], [0.5, 0.9], method="inverted_cdf")
        return float(middle), float(late)

    def rows(self) -> list[dict[str, Any]]:
        """One row for each time and class, and for all classes: runs, accuracy with its 95 % interval."""
        found = []
        for name in (EVERY, *self.classes):
            pairs = zip(self.times, self.accuracy(name), self.as_at_the_end(name).tolist(), strict=True)
            found += [
                {
                    "class": name, "time": time, "runs": a.n, "accuracy": a.value, "low95": a.low, "high95": a.high,
                    "as_at_the_end": same,
                }
                for time, a, same in pairs
            ]  # fmt: skip
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        settling = {name: self.settling(name) for name in (EVERY, *self.classes)}
        return {
            "name": self.name,
            "times": list(self.times),
            "accuracy": self.rows(),
            "settled": {name: {"median": middle, "ninth_decile": late} for name, (middle, late) in settling.items()},
        }


def settled(times: Sequence[float], read: Names) -> NDArray[np.float64]:
    """The first time from which on each run is read as at the last time; (times,), (runs, times) → (runs,)."""
    same = read == read[:, -1:]
    since = np.logical_and.accumulate(same[:, ::-1], axis=1).sum(axis=1)  # readings at the end that are equal
    return np.asarray(times, dtype=np.float64)[len(times) - since]


def readable_times(plan: Plan, expected: Input) -> list[float]:
    """The snapshot times of a plan at which a classifier finds all its frames."""
    return [time for time in plan.times if _has(plan.times, _frame_times(time, expected))]


def read_over_time(
    classifier: Classifier,
    source: Ensemble,
    runs: NDArray[np.intp],
    times: Sequence[float] | None = None,
    *,
    progress: Reporter = SILENT,
) -> tuple[tuple[float, ...], Names]:
    """The times, and the classes of runs that were read then, (runs, times).

    ``times``: by default those of the runs' own snapshots or, if a classifier finds its frames at fewer than two of
    them, 30 times up to the end. Runs whose snapshots lack a time are simulated again, with the frames that are read.
    Raises UsageError for times that the runs do not have.
    """
    plan, expected = source.plan, classifier.input
    stored = readable_times(plan, expected)
    chosen = stored if times is None else _checked(times, plan, expected)
    if times is None and len(stored) < 2:
        chosen = _even_times(plan, expected)
    again = not _has(stored, chosen)
    if again:
        every = sorted({time for last in chosen for time in _frame_times(last, expected)})
        plan = dataclasses.replace(plan, times=tuple(every), record=(expected.species,))
        progress.message(f"{plan.name}: {len(runs)} runs are simulated again, to be read at {len(chosen)} times")
    names = np.zeros((len(runs), len(chosen)), dtype="<U64")
    with progress.task("read over time", len(runs), "runs") as task:
        for start in range(0, len(runs), _CHUNK):
            part = runs[start : start + _CHUNK]
            frames = repeat_runs(plan, part) if again else source.frames(part, expected.species)
            for place, time in enumerate(chosen):
                found = read(classifier, _patterns(classifier, plan, part, frames, time))
                names[start : start + len(part), place] = found.names
            task.advance(len(part))
    return tuple(chosen), names


def _patterns(
    classifier: Classifier, plan: Plan, runs: NDArray[np.intp], frames: NDArray[np.float32], time: float
) -> Patterns:
    """The frames up to a time, (runs, frames of the plan, y, x), as those of a plan that ends then."""
    places = [_place(plan.times, each) for each in _frame_times(time, classifier.input)]
    species = (classifier.input.species,)
    ending = dataclasses.replace(plan, times=tuple(plan.times[p] for p in places), record=species)
    kept = np.ascontiguousarray(frames[:, places])
    positions = {run: position for position, run in enumerate(runs.tolist())}
    return of_plan(classifier, ending, runs, lambda _, some: kept[[positions[r] for r in some.tolist()]], plan.name)


def _frame_times(time: float, expected: Input) -> list[float]:
    return [time - before for before in expected.before]


def _place(times: Sequence[float], time: float) -> int:
    return int(np.argmin(np.abs(np.asarray(times) - time)))


def _has(times: Sequence[float], wanted: Sequence[float]) -> bool:
    return bool(times) and all(np.isclose(times, time, rtol=1e-6, atol=1e-6).any() for time in wanted)


def _even_times(plan: Plan, expected: Input) -> list[float]:
    """Thirty times up to the end, on steps, without those at which a frame would be before the start."""
    first = expected.before[0]
    steps = [round(plan.until * place / TIMES / plan.dt) for place in range(1, TIMES + 1)]
    return [step * plan.dt for step in dict.fromkeys(steps) if step * plan.dt >= first]


def _checked(times: Sequence[float], plan: Plan, expected: Input) -> list[float]:
    """Requested times, ascending. Raises UsageError if the runs do not have them."""
    first, chosen = expected.before[0], sorted(set(times))
    if not chosen:
        raise UsageError("no time is given; give at least one, or leave them out", parameter="times")
    for time in chosen:
        if not first <= time <= plan.until:
            raise UsageError(
                f"time {time:g}; the runs of {plan.name} can be read from {first:g}, as the classifier reads "
                f"{expected.frames} frames {expected.spaced()}, to {plan.until:g}",
                parameter="times",
            )
    return chosen
