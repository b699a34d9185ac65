"""Chart an ensemble, or a model: a map of pattern types without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
        An ensemble or its folder; or a plan, as from :func:`morphoscope.scan_plan`, which is simulated first.
    out
        The folder of the atlas, with ``chart.html``. For a plan: a folder that gets the ensemble ``scan`` and the atlas
        ``atlas``; the same call continues an interrupted one.
    groups
        Number of groups of patterns. Default: it is found.
    seed
        Seed of the random parts of the data from which the groups are found.
    encoder
        Compare the features of an encoder, too: its folder, or ``shipped``. Default: textures only.
    workers
        Number of threads. Default: one per core.
    overwrite
        Whether to replace an earlier atlas in ``out``; its annotations are kept.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Atlas
        The atlas. ``metadata["chart"]["groups"]`` has name, number of runs, stability and a description of each class.

    Raises
    ------
    UsageError
        If no run is done, fewer than six have a pattern, or ``out`` contains other files.

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
    from morphoscope.atlas.chart import chart_ensemble
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.learning.encoder import open_encoder
    from morphoscope.operations.ensemble import ensemble
    from morphoscope.reports.chart_page import write_chart_page

    network = None if encoder is None else open_encoder(encoder)
    folder = Path(out)
    if isinstance(data, Plan):
        source = ensemble(data, folder / "scan", workers=workers, progress=progress)
        folder, overwrite = folder / "atlas", True
    else:
        source = data if isinstance(data, Ensemble) else Ensemble(data)
    made = chart_ensemble(
        source,
        folder,
        groups=groups,
        seed=seed,
        encoder=network,
        overwrite=overwrite,
        workers=workers,
        progress=progress,
    )
    write_chart_page(made)
    return made
