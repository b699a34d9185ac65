"""Adaptive scans: only some runs of a plan are simulated, where classes border; those of the others are inferred."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import read_json, write_json
from morphoscope.ensembles import Ensemble, Plan, carry_out
from morphoscope.ensembles.ledger import DONE
from morphoscope.ensembles.runners import Runner
from morphoscope.learning.class_field import ClassField, spread_points
from morphoscope.learning.prediction import Prediction

FILE = "adaptive.json"  # in the folder of the ensemble: which runs were chosen, batch by batch
FIRST = 64  # runs that are spread evenly before any is chosen by its neighbours' classes
BATCH = 32  # the least number of runs in a batch
_GROWTH = 8  # a batch is at least one eighth of the runs before it

Runs = NDArray[np.intp]


class Known(NamedTuple):
    """What is known of a plan: the ``runs`` (n,) with a reading, and the ``probabilities`` (n, classes)."""

    runs: Runs
    probabilities: NDArray[np.floating]


Reader = Callable[[Ensemble, Sequence[Runs]], Known]


class BatchReader:
    """Reads each batch of runs once, always alone: the last bits of a network's output depend on its batch."""

    def __init__(self, read: Callable[[Ensemble, Runs], Prediction]) -> None:
        self._read = read
        self._readings: list[Prediction | None] = []

    def __call__(self, ensemble: Ensemble, batches: Sequence[Runs]) -> Known:
        """The joined reading of all batches; the earlier ones are those of the call before."""
        for runs in batches[len(self._readings) :]:
            self._readings.append(self._read(ensemble, runs) if len(runs) else None)
        pairs = [(runs, reading) for runs, reading in zip(batches, self._readings, strict=True) if reading is not None]
        classes = sorted({name for _, reading in pairs for name in reading.classes})
        known = np.concatenate([np.empty(0, dtype=np.intp), *(runs for runs, _ in pairs)])
        probabilities = np.zeros((len(known), len(classes)))
        start = 0
        for runs, reading in pairs:
            places = [classes.index(name) for name in reading.classes]
            probabilities[start : start + len(runs), places] = reading.probabilities
            start += len(runs)
        return Known(known, probabilities)


def coordinates(plan: Plan) -> NDArray[np.float64]:
    """The parameters that vary, (runs, parameters), each scaled to 0 … 1.

    Raises UsageError if a parameter varies in space, if none varies, or if runs have initial conditions of their own.
    """
    names = [name for name in plan.parameter_names if len(plan.table.column(name).values) > 1]
    columns = np.array([plan.values(name) for name in names], dtype=np.float64).reshape(len(names), len(plan.runs)).T
    if np.isnan(columns).any():
        raise UsageError("an adaptive scan needs parameters that are numbers; here one varies in space")
    columns = columns[:, np.ptp(columns, axis=0) > 0]
    if plan.table.initials:
        raise UsageError("an adaptive scan needs a plan with one initial condition; leave out the others")
    if not columns.shape[1]:
        raise UsageError("an adaptive scan needs a plan whose parameters vary; here all runs have the same")
    return np.asarray((columns - columns.min(axis=0)) / np.ptp(columns, axis=0))


def check_budget(budget: int, plan: Plan) -> None:
    """Raise UsageError for a number of runs that is not from 1 to all."""
    if not 1 <= budget <= len(plan.runs):
        raise UsageError(f"budget {budget}; the plan has {len(plan.runs)} runs, use 1 to {len(plan.runs)}",
                         parameter="budget")  # fmt: skip


def simulate_adaptively(
    plan: Plan,
    folder: str | Path,
    reader: Reader,
    budget: int,
    *,
    seed: int = 0,
    workers: int | None = None,
    runner: Runner | None = None,
    progress: Reporter = SILENT,
) -> Ensemble:
    """Simulate ``budget`` runs of a plan into ``folder``, batch by batch, and return the ensemble.

    The ensemble has the whole plan, so each run has the bytes that it has in the full scan, and
    :func:`.carry_out` completes it. Another call continues an interrupted one with the same choices. Runs that are done
    already count towards the budget. Failed runs count, too, and are not chosen again.

    Parameters
    ----------
    plan, folder, workers, runner, progress
        As in :func:`.carry_out`.
    reader
        Returns what is known from the finished runs of all batches so far, given in the order of their choice.
    budget
        Number of runs.
    seed
        Seed of the first choice.

    Raises
    ------
    UsageError
        For a budget that is not from 1 to all, and for a plan that :func:`coordinates` refuses.
    """
    check_budget(budget, plan)
    points = coordinates(plan)
    ensemble = carry_out(plan, folder, only=(), workers=workers, runner=runner, progress=progress)
    batches = _chosen_before(ensemble)
    while True:
        chosen = [run for batch in batches for run in batch]
        carry_out(plan, folder, only=chosen, workers=workers, runner=runner, progress=progress)
        done = ensemble.states() == DONE
        if len(chosen) >= budget:
            return ensemble
        known = reader(ensemble, [np.array([run for run in batch if done[run]], dtype=np.intp) for batch in batches])
        batches.append(next_batch(points, known, chosen, budget, seed))
        write_json(ensemble.folder / FILE, {"seed": seed, "batches": batches})


def next_batch(points: NDArray[np.float64], known: Known, chosen: list[int], budget: int, seed: int) -> list[int]:
    """The runs of the next batch."""
    if len(chosen) < FIRST or not len(known.runs):
        spread = spread_points(points, min(max(FIRST, len(chosen) + BATCH), budget) + len(chosen), seed)
        new = [run for run in spread if run not in set(chosen)]
        return new[: min(max(FIRST - len(chosen), BATCH), budget - len(chosen))]
    count = min(max(BATCH, len(chosen) // _GROWTH), budget - len(chosen))
    return ClassField(points, known.runs, known.probabilities).choose(count, np.array(chosen, dtype=np.intp))


def _chosen_before(ensemble: Ensemble) -> list[list[int]]:
    """The batches that an earlier call has chosen, after the runs that were done without it."""
    path = ensemble.folder / FILE
    stored = read_json(path, "the choices of an adaptive scan") if path.exists() else {"batches": []}
    try:
        batches = [[int(run) for run in batch] for batch in stored["batches"]]
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); remove it") from error
    chosen = {run for batch in batches for run in batch}
    others = [run for run in np.flatnonzero(ensemble.states()).tolist() if run not in chosen]
    return [others, *batches] if others else batches
