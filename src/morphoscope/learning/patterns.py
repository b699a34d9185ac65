"""Patterns for a classifier to read, with everything that is known about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.resampling import starts
from morphoscope.learning.training_runs import diffusions

if TYPE_CHECKING:
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.learning.classifier import Classifier, Input

MAX_WINDOWS = 64  # per pattern
_MIN_CELLS = 8  # along each axis of a pattern, in cells of the classifier

Frames = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Patterns:
    """Frames to read.

    Parameters
    ----------
    name
        Their name in errors and notes.
    frames
        (n, frames, y, x), with as many frames as the classifier reads, on the grid of the patterns.
    plan, runs
        The plan that was simulated, and the number of the run for each pattern; None for patterns of unknown origin.
    recorded, other_species
        The recorded species, and a function that reads the frames of one of them at some positions.
    steps
        The side of a cell of the classifier, in cells of each pattern, (n,).
    periodic
        Whether the patterns are periodic along y and along x.
    magnitude
        Typical magnitude of values, by which homogeneous patterns are recognized.
    notes, doubts
        How the patterns were prepared, and warnings about reading them; one line each.
    """

    name: str
    frames: Frames
    plan: Plan | None = None
    runs: NDArray[np.intp] = dataclasses.field(default_factory=lambda: np.array([], dtype=np.intp))
    recorded: tuple[str, ...] = ()
    other_species: Callable[[str, NDArray[np.intp]], Frames] | None = None
    steps: NDArray[np.float64] = dataclasses.field(default_factory=lambda: np.array([]))
    periodic: tuple[bool, bool] = (True, True)
    magnitude: float = 1.0
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.steps):
            object.__setattr__(self, "steps", np.ones(len(self.frames)))

    def fit(self, expected: Input) -> bool:
        """Whether the network can read the frames as they are."""
        return self.frames.shape[-2:] == (expected.height, expected.width) and bool(np.all(self.steps == 1))


def of_ensemble(classifier: Classifier, ensemble: Ensemble, runs: NDArray[np.intp]) -> Patterns:
    """Some finished runs of an ensemble."""

    def read(species: str, chosen: NDArray[np.intp]) -> Frames:
        return ensemble.frames(chosen, species)

    return of_plan(classifier, ensemble.plan, runs, read, str(ensemble.folder))


def of_simulation(classifier: Classifier, simulation: Simulation, name: str = "the run") -> Patterns:
    """One simulated run, with all its species."""

    def read(species: str, chosen: NDArray[np.intp]) -> Frames:
        return np.asarray(simulation.species(species), dtype=np.float32)[None]

    return of_plan(classifier, simulation.plan, np.zeros(1, dtype=np.intp), read, name, finished=True)


def of_plan(
    classifier: Classifier,
    plan: Plan,
    runs: NDArray[np.intp],
    read: Callable[[str, NDArray[np.intp]], Frames],
    name: str,
    *,
    finished: bool = False,
) -> Patterns:
    """Runs of a plan; ``read`` returns their frames (runs, time, y, x) of a species.

    ``finished``: whether all species are available, not only those that the plan records.
    Raises UsageError if the runs lack the species or the times that the classifier reads.
    """
    recorded = plan.model.species if finished else plan.record
    places = _places_of(classifier.input, plan, recorded, name)

    def frames_of(species: str, positions: NDArray[np.intp]) -> Frames:
        return read(species, runs[positions])[:, places]

    frames = read(classifier.input.species, runs)[:, places]
    return with_plan(classifier, Patterns(name, np.ascontiguousarray(frames)), plan, runs, frames_of, recorded)


def unread(classifier: Classifier, ensemble: Ensemble, runs: NDArray[np.intp]) -> Patterns:
    """Some finished runs of an ensemble whose frames others read: only their shape is known here, all are NaN.

    Raises UsageError as :func:`of_plan`.
    """
    plan, name = ensemble.plan, str(ensemble.folder)
    places = _places_of(classifier.input, plan, plan.record, name)
    frames = np.broadcast_to(np.float32(np.nan), (len(runs), len(places), *plan.grid.shape))  # takes no memory
    return with_plan(classifier, Patterns(name, frames), plan, runs, recorded=plan.record)


def check_readable(classifier: Classifier, plan: Plan, name: str) -> None:
    """Raise UsageError if runs of a plan, called ``name``, lack the species or the times that the classifier reads."""
    _places_of(classifier.input, plan, plan.record, name)


def _places_of(expected: Input, plan: Plan, recorded: Sequence[str], name: str) -> list[int]:
    """The indices of the frames that are read. Raises UsageError if a plan lacks what the classifier reads."""
    if plan.grid.dimensions == 1:
        raise UsageError(f"{name} is one-dimensional; the classifier reads patterns in two dimensions")
    if expected.species not in recorded:
        raise UsageError(
            f"{name} has {', '.join(recorded)}; the classifier reads {expected.species!r}; record that species"
        )
    if plan.imported is not None and len(plan.times) == 1:
        return [0] * expected.frames  # one frame is a pattern that does not change, as in an array or a picture
    return frame_places(plan.times, expected, name)


def of_frames(
    classifier: Classifier, plan: Plan, frames: Frames, parameters: Mapping[str, Any] | None = None
) -> Patterns:
    """One run (frames, y, x) with the grid, the times and the first recorded species of a plan, at these parameters."""
    run = dataclasses.replace(plan.runs[0], parameters=plan.model.complete(parameters or {}))
    single = dataclasses.replace(plan, runs=(run,), record=plan.record[:1])
    return of_plan(classifier, single, np.zeros(1, dtype=np.intp), lambda species, runs: frames[None], "the run")


def with_plan(
    classifier: Classifier,
    patterns: Patterns,
    plan: Plan,
    runs: NDArray[np.intp],
    frames_of: Callable[[str, NDArray[np.intp]], Frames] | None = None,
    recorded: Sequence[str] = (),
) -> Patterns:
    """The same frames, with model, cell size, diffusion and boundaries from their plan."""
    doubts, trained = list(patterns.doubts), classifier.trained_on
    steps = np.ones(len(runs))
    if trained is None:
        doubts.append(
            "the classifier was trained with an older version, which stored neither its model nor its cell size; both "
            "are assumed to be those of the patterns; train it again to compare them"
        )
    elif not trained.same_equations(plan.model):
        doubts.append(
            f"the classifier was trained on {trained.model.name}, but {patterns.name} is {plan.model.name}; "
            "its classes may not apply"
        )
    else:
        diffusion = diffusions(plan, runs.tolist())
        steps = np.array([trained.step(plan.grid.spacing, d, classifier.input.species) for d in diffusion])
        if not all(trained.same_ratios(d) for d in diffusion):
            doubts.append(
                f"in {patterns.name} the ratio of the diffusion coefficients differs from that of the training runs; "
                "the classes of the classifier may not apply"
            )
    periodic = (plan.grid.along("y") == "periodic", plan.grid.along("x") == "periodic")
    known = dataclasses.replace(
        patterns,
        plan=plan,
        runs=runs,
        recorded=tuple(recorded),
        other_species=frames_of,
        steps=steps,
        periodic=periodic,
        magnitude=homogeneity_scale(plan),
        doubts=tuple(doubts),
    )
    return scaled(known, classifier.input)


def scaled(patterns: Patterns, expected: Input, stretched: str = "") -> Patterns:
    """The same patterns with a note on how they are transformed to the classifier's grid.

    ``stretched``: a note that replaces the one on cell sizes. Raises UsageError for fields that are too small or too
    large.
    """
    if not len(patterns.frames) or patterns.fit(expected):
        return patterns
    rows, columns = patterns.frames.shape[-2:]
    counts = set()
    for step in np.unique(patterns.steps):
        lengths = (rows / step, columns / step)
        if min(lengths) < _MIN_CELLS:
            raise UsageError(
                f"{patterns.name} is {lengths[1]:.3g}x{lengths[0]:.3g} cells of the size that the classifier was "
                f"trained on; at least {_MIN_CELLS} are needed; check the cell size"
            )
        counts.add(len(starts(lengths[0], expected.height)) * len(starts(lengths[1], expected.width)))
    if max(counts) > MAX_WINDOWS:
        raise UsageError(
            f"{patterns.name} covers the classifier's grid {max(counts)} times; at most {MAX_WINDOWS} are read; "
            "crop it, or check the cell size"
        )
    note = _grid_note(patterns, expected, max(counts), stretched)
    return dataclasses.replace(patterns, notes=(*patterns.notes, note))


def _grid_note(patterns: Patterns, expected: Input, windows: int, stretched: str) -> str:
    low, high = 1 / patterns.steps.max(), 1 / patterns.steps.min()
    size, grid = "x".join(map(str, patterns.frames.shape[:-3:-1])), f"{expected.width}x{expected.height}"
    words = [stretched] if stretched else []
    if (low, high) != (1, 1) and not stretched:
        by = f"{low:.5g}" if np.isclose(low, high) else f"{low:.5g} to {high:.5g}"
        words.append(f"cells {by} times as long as in training, relative to √diffusion: interpolated to that size")
    rows, columns = patterns.frames.shape[-2:]
    if windows > 1:
        words.append(f"{size} cells read in up to {windows} windows of {grid}, their probabilities averaged")
    if rows * high < expected.height or columns * high < expected.width:
        edge = "repeated" if all(patterns.periodic) else "repeated or mirrored"
        words.append(f"{size} cells {edge} to fill {grid}")
    return f"{patterns.name}: {'; '.join(words)}"


def frame_places(times: Sequence[float], expected: Input, name: str) -> list[int]:
    """The indices of the frames that a classifier reads: the last one, and earlier ones at its intervals.

    Raises UsageError if they are missing.
    """
    taken = np.asarray(times, dtype=float)
    wanted = taken[-1] - np.array(expected.before)
    found = [np.flatnonzero(np.isclose(taken, time, rtol=1e-6, atol=1e-6)) for time in wanted]
    if all(len(places) for places in found):
        return [int(places[0]) for places in found]
    # Classifiers of earlier versions store only the last interval, so only that can be checked.
    unknown = expected.earlier is None and len(taken) == expected.frames > 1
    if unknown and np.isclose(taken[-1] - taken[-2], expected.apart):
        return list(range(len(taken)))
    have = ", ".join(f"{time:g}" for time in taken[-4:])
    if wanted.min() < 0:
        advice = f"they span {taken[-1] - wanted.min():g}; simulate until then or longer"
    else:
        advice = f"here at {', '.join(f'{time:g}' for time in wanted)}; simulate with those times"
    raise UsageError(
        f"{name} has frames at {'… ' * (len(taken) > 4)}{have}; the classifier reads {expected.frames} frames "
        f"{expected.spaced()}, {advice}"
    )


def finished_runs(ensemble: Ensemble) -> tuple[NDArray[np.intp], str | None]:
    """The runs of an ensemble that are done, and a note on those that are not.

    Raises UsageError if no run is done.
    """
    runs, total = ensemble.usable(), len(ensemble.plan.runs)
    if not len(runs):
        raise UsageError(f"{ensemble.folder}: none of {total} runs is done; simulate the ensemble first")
    if len(runs) == total:
        return runs, None
    failed = ensemble.status().count("failed")
    pending = total - len(runs) - failed
    why = " and ".join(
        f"{count} {word}" for count, word in ((pending, "not simulated yet"), (failed, "failed")) if count
    )
    return runs, f"{ensemble.folder}: {len(runs)} of {total} runs are done and read; {why}, left out"
