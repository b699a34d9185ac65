"""Chart an ensemble, or a model: a map of pattern types without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.learning.encoder import Encoder

PathLike = str | Path


def chart(
    data: PathLike | Ensemble | Plan,
    out: PathLike,
    *,
    adaptive: bool = False,
    budget: int | None = None,
    groups: int | None = None,
    seed: int = 0,
    encoder: PathLike | Encoder | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Atlas:
    """Find groups of patterns in an ensemble without labels or a classifier, and write them as an atlas with a page.

    Runs with a pattern are compared by their texture (:func:`morphoscope.descriptors.texture.texture`) and by their
    neighbours in parameter space. Homogeneous runs are classes of their own, one for each branch of steady states.

    Parameters
    ----------
    data
        An ensemble or its folder; or a plan, as from :func:`morphoscope.scan_plan`, a plan file (.json) or the name of
        a recipe, which is simulated first.
    out
        The folder of the atlas, with ``chart.html``. For a plan: a folder that gets the ensemble ``scan`` and the atlas
        ``atlas``; the same call continues an interrupted one, and finds the groups again.
    adaptive
        Whether to simulate only some runs of the plan, where groups border, and to infer the groups of the other
        points, which are marked so; see :func:`morphoscope.scan`.
    budget
        Number of runs to simulate, with ``adaptive``; those that are done already count.
    groups
        Number of groups of patterns. Default: it is found.
    seed
        Seed of the random parts of the data from which the groups are found.
    encoder
        Compare the features of an encoder, too: its folder, or ``shipped``. Default: textures only.
    workers
        Number of threads. Default: one per core.
    overwrite
        Whether to replace an earlier atlas in ``out``, or groups that people have changed or confirmed; annotations
        are kept.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Atlas
        The atlas. ``metadata["chart"]["groups"]`` has name, number of runs, stability and a description of each class.

    Raises
    ------
    UsageError
        If no run is done, fewer than six have a pattern, or ``out`` contains other files or groups that people have
        changed. With ``adaptive``, as for
        :func:`morphoscope.scan`.

    Examples
    --------
    >>> import morphoscope
    >>> grid = {"a": (0.05, 0.2, 4), "b": (0.6, 1.2, 4)}
    >>> plan = morphoscope.scan_plan("schnakenberg", grid=grid, size=(32, 32), until=60)
    >>> atlas = morphoscope.chart(plan, "chart", groups=2)
    >>> [name for name in atlas.classes if name.startswith("g")]
    ['g1', 'g2']
    """
    require("learn")
    from morphoscope.atlas.adaptive import simulate_adaptively
    from morphoscope.atlas.chart import chart_ensemble
    from morphoscope.atlas.charting import GroupReader
    from morphoscope.atlas.regroup import check_unchanged
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.learning.encoder import open_encoder
    from morphoscope.learning.groups import MIN_RUNS
    from morphoscope.operations.adaptive import checked_budget, source_of
    from morphoscope.operations.ensemble import ensemble
    from morphoscope.reports.chart_page import write_chart_page

    network = None if encoder is None else open_encoder(encoder)
    folder = Path(out)
    reader = GroupReader(count=groups, seed=seed, encoder=network, workers=workers, progress=progress)
    if not adaptive and budget is not None:
        raise UsageError("a budget is for adaptive charts", parameter="adaptive")
    if not isinstance(data, Ensemble | Plan) and Path(data).is_dir():
        data = Ensemble(data)
    plan, runs = source_of(data, folder / "scan")
    is_new = runs == folder / "scan"
    if is_new and len(plan.runs) < MIN_RUNS:
        raise UsageError(
            f"the plan has {len(plan.runs)} run{'' if len(plan.runs) == 1 else 's'}; a chart needs at least {MIN_RUNS} "
            "with a pattern; let parameters vary",
            parameter="grid",
        )
    target = folder / "atlas" if is_new else folder
    if is_new and not overwrite:
        check_unchanged(target)
    overwrite |= is_new  # the same call continues, and repeats the last step
    if adaptive:
        count = checked_budget(plan, budget, seed, target, overwrite=overwrite)
        if is_new and count < MIN_RUNS:
            raise UsageError(
                f"budget {count}; a chart needs at least {MIN_RUNS} runs with a pattern", parameter="budget"
            )
        source = simulate_adaptively(plan, runs, reader, count, seed=seed, workers=workers, progress=progress)
    elif is_new:
        source = ensemble(plan, runs, workers=workers, progress=progress)
    else:
        source = data if isinstance(data, Ensemble) else Ensemble(runs)
    made = chart_ensemble(source, target, reader, fill=adaptive, overwrite=overwrite, progress=progress)
    write_chart_page(made)
    return made
