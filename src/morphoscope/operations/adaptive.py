"""Map a plan with a part of its runs: the work behind ``scan(adaptive=True)``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.progress import Reporter
from morphoscope.operations.clusters import check_arguments, cluster_runner
from morphoscope.operations.ensemble import plan_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.prediction import Prediction

PathLike = str | Path


def scan_adaptively(
    classifier: PathLike | Classifier,
    data: PathLike | Ensemble | Plan,
    out: PathLike,
    *,
    budget: int | None,
    seed: int,
    workers: int | None,
    overwrite: bool,
    cluster: str | Client | None,
    progress: Reporter,
) -> Atlas:
    """Simulate some runs of a plan, read them, infer the others, and write the atlas; see :func:`morphoscope.scan`."""
    from morphoscope.atlas import read_ensemble
    from morphoscope.atlas.adaptive import BatchReader, simulate_adaptively
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.patterns import check_readable, of_ensemble
    from morphoscope.learning.reading import read

    plan, folder = source_of(data, Path(out).with_name(f"{Path(out).name}-runs"))
    runs = checked_budget(plan, budget, seed, Path(out), overwrite=overwrite)
    trained = open_classifier(classifier)
    check_readable(trained, plan, plan.name)

    def reader(ensemble: Ensemble, runs: NDArray[np.intp]) -> Prediction:
        return read(trained, of_ensemble(trained, ensemble, runs))

    check_arguments(cluster, workers)
    with contextlib.ExitStack() as stack:
        client: Any = cluster
        if cluster is not None:  # connected once, and not once a batch
            from morphoscope.ensembles.runners.clusters import connected

            client = stack.enter_context(connected(cluster))
        runner = stack.enter_context(cluster_runner(client, progress, workers))
        made = simulate_adaptively(
            plan, folder, BatchReader(reader), runs, seed=seed, workers=workers, runner=runner, progress=progress
        )
        return read_ensemble(trained, made, out, overwrite=overwrite, cluster=runner, fill=True, progress=progress)


def checked_budget(plan: Plan, budget: int | None, seed: int, out: Path, *, overwrite: bool) -> int:
    """The number of runs to simulate. Raises UsageError if an adaptive map of the plan into ``out`` can't begin."""
    from morphoscope.atlas.adaptive import check_budget, coordinates
    from morphoscope.atlas.files import ATLAS_FILE
    from morphoscope.core.storage import check_output

    if budget is None:
        raise UsageError("an adaptive map needs a number of runs to simulate", parameter="budget")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; use 0 or more", parameter="seed")
    check_budget(budget, plan)
    coordinates(plan)
    check_output(out, ATLAS_FILE, overwrite=overwrite)
    return budget


def source_of(data: PathLike | Ensemble | Plan, folder: Path) -> tuple[Plan, Path]:
    """The plan, and the folder of its runs: that of an ensemble, otherwise ``folder``.

    Raises UsageError for a name that is no ensemble, plan file or recipe.
    """
    from morphoscope.ensembles import Ensemble, Plan, recipe_names
    from morphoscope.models import model_names

    if not isinstance(data, Ensemble | Plan) and Path(data).is_dir():
        data = Ensemble(data)
    if isinstance(data, Ensemble):
        return data.plan, data.folder
    if str(data) in model_names():
        raise UsageError(
            f"{data} is a model; give a plan that says which of its parameters vary",
            parameter="model",
            operation="scan_plan",
        )
    if not isinstance(data, Plan) and not str(data).endswith(".json") and str(data) not in recipe_names():
        raise UsageError(f"{data} is no ensemble, plan (.json) or recipe; {nearest(str(data), recipe_names())}")
    return plan_of(data), folder
