"""Estimate the parameters that made a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.learning.estimating.estimates import Estimates
    from morphoscope.learning.estimating.estimator import Estimator

PathLike = str | Path


def infer(
    estimator: PathLike | Estimator,
    data: PathLike | ArrayLike | Simulation | Ensemble | Any,
    out: PathLike | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    figures: int = 4,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Estimates:
    """Estimate the parameters that made a pattern: draws from their posterior.

    Parameters
    ----------
    estimator
        An estimator or its folder.
    data
        What to read, as for :func:`morphoscope.classify`, on the grid and with the cell size of the training runs.
    out
        Folder for estimates.csv (median and 90 % interval of each pattern), samples.csv, and figures. Default: nothing
        is written.
    draws
        Number of draws for each pattern.
    seed
        Seed of the draws.
    figures
        Of how many patterns to draw a figure; each simulates four runs.
    overwrite
        Whether to replace earlier estimates in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Estimates
        Draws, medians and intervals; and which patterns are unlike those of the training, or homogeneous.

    Raises
    ------
    UsageError
        For patterns of another model, grid or cell size, or without the frames that the estimator reads.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan(
    ...     "gray-scott", sample="sobol:32", ranges={"f": (0.03, 0.04), "k": (0.06, 0.064)}, size=(48, 48), until=900
    ... )
    >>> ensemble = morphoscope.ensemble(plan, "runs")
    >>> estimator = morphoscope.train("runs", target="f,k", epochs=1)
    >>> found = morphoscope.infer(estimator, ensemble, draws=50)
    >>> found.samples.shape, found.median.shape, found.interval(0.9).shape
    ((32, 50, 2), (32, 2), (32, 2, 2))
    """
    require("learn")
    from morphoscope.core.storage import check_output
    from morphoscope.learning.estimating.estimator import open_estimator
    from morphoscope.learning.estimating.inference import estimate, patterns_for
    from morphoscope.reports.estimates import ESTIMATES_MARKER, save_estimates

    if draws < 2:
        raise UsageError(f"draws={draws}; use 2 or more", parameter="draws")
    trained = open_estimator(estimator)
    if out is not None:
        check_output(Path(out), ESTIMATES_MARKER, overwrite=overwrite)
    patterns = patterns_for(trained, data)
    for note in (*patterns.notes, *patterns.doubts):
        progress.message(note)
    found = estimate(trained, patterns, draws=draws, seed=seed, progress=progress)
    if out is not None:
        save_estimates(trained, patterns, found, Path(out), figures=figures, overwrite=overwrite)
    return found
