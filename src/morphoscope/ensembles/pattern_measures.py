"""The measures of the patterns of runs: kind, wavelength with its error, defects, orientation, spots."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.descriptors.patterns import MEASURES, PatternMeasures, measure_pattern
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.plan import Plan

Columns = dict[str, NDArray[np.float64]]
_SMALLEST_SIDE = 4  # cells; runs in one dimension have no patterns in this sense


def has_patterns(plan: Plan) -> bool:
    """Whether the runs of a plan are fields in two dimensions."""
    return min(plan.grid.shape) >= _SMALLEST_SIDE


def pattern_columns(
    plan: Plan,
    runs: Sequence[int],
    read: Callable[[int], NDArray[np.floating]],
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> tuple[tuple[str, ...], Columns]:
    """The kinds and the measures of some runs of a plan, by name; threads compute them.

    ``read(run)``: the last frame of the first recorded species, (y, x).
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    periodic = (plan.grid.along("y") == "periodic", plan.grid.along("x") == "periodic")
    magnitude = homogeneity_scale(plan)

    def one(run: int) -> PatternMeasures:
        return measure_pattern(read(run), spacing=plan.grid.spacing, periodic=periodic, magnitude=magnitude)

    found: list[PatternMeasures] = []
    pool = concurrent.futures.ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="measure")
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        task = stack.enter_context(progress.task("measure", len(runs), "patterns", 0))
        for measures in pool.map(one, runs):
            found.append(measures)
            task.advance(1)
    columns = {measure.name: np.array([each.values[measure.name] for each in found]) for measure in MEASURES}
    return tuple(each.kind for each in found), columns
