"""Identify the model and the parameters behind a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.learning.identifying.identification import Identification
    from morphoscope.learning.identifying.identifier import Identifier

PathLike = str | Path


def identify(
    picture: PathLike | ArrayLike,
    out: PathLike | None = None,
    *,
    models: Sequence[str] = (),
    ensembles: PathLike | Sequence[PathLike] = (),
    settings: Preparation | None = None,
    scale: float | str | None = None,
    size: Sequence[int] | None = None,
    draws: int = 4,
    seed: int = 0,
    identifier: Identifier | None = None,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Identification:
    """Tell which models could have made a picture, and with which parameters.

    The built-in models are ranked by how well they explain the picture, with the probability that none of them does.
    The most probable ones get a posterior over the points where they were simulated, and over their unit of length.

    Parameters
    ----------
    picture
        A file of any format that can be imported, or an array (y, x) or (y, x, 3); see :func:`morphoscope.prepare`.
    out
        Folder for a page, identification.json, models.csv, posterior.csv and figures. Default: nothing is written, and
        nothing is simulated.
    models
        Models that get a posterior even if others are more probable. Default: the most probable ones alone.
    ensembles
        Ensembles of your own models, which compete with the built-in ones.
    settings, scale, size
        How the picture is prepared, see :func:`morphoscope.prepare`. By default dust, noise and light are left as they
        are: the network has learned from such pictures, and its views are without light.
    draws
        Draws of each posterior that are simulated for the page; 0 for none.
    seed
        Of the draws and of their runs.
    identifier
        Default: the one that comes with the package.
    overwrite
        Whether to replace an earlier identification in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Identification
        Probabilities, kind, posteriors, wavelength.

    Raises
    ------
    UsageError
        For pictures that are too small or uniform, and ensembles with too few patterns.
    DataError
        If a file can't be read.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("swift-hohenberg", grid={"r": (0.2, 0.2, 1)}, size=(96, 96), until=100)
    >>> ensemble = morphoscope.ensemble(plan, "runs")
    >>> found = morphoscope.identify(ensemble.frames([0])[0, -1])
    >>> found.kind, len(found.models), found.unit
    ('stripes', 14, 'pixel')
    """
    require("learn")
    from morphoscope.core.storage import check_output
    from morphoscope.ensembles.photographs.settings import NONE, Preparation
    from morphoscope.learning.identifying.canonical import MIN_PIXELS
    from morphoscope.learning.identifying.identification import identified
    from morphoscope.learning.identifying.identifier import Identifier
    from morphoscope.learning.identifying.own_models import with_ensembles
    from morphoscope.operations.prepare import prepare
    from morphoscope.reports.identification import IDENTIFICATION_MARKER, save_identification

    if draws < 0:
        raise UsageError(f"draws={draws}; use 0 or more", parameter="draws")
    if out is not None:
        check_output(Path(out), IDENTIFICATION_MARKER, overwrite=overwrite)
    chosen = settings or Preparation(dust=NONE, noise=NONE, light=NONE)
    field = prepare(picture, chosen, scale=scale, size=size)
    if chosen.contrast == "standard" and min(field.values.shape) >= MIN_PIXELS and float(field.values.std()) < 0.5:
        raise UsageError("the picture is uniform; there is no pattern to identify")
    trained = identifier or Identifier.shipped()
    own = [ensembles] if isinstance(ensembles, str | Path) else list(ensembles)
    if own:
        trained = with_ensembles(trained, own, progress=progress)
    name = Path(picture).name if isinstance(picture, str | Path) else "the picture"
    found = identified(trained, field.values, name, field.cell, field.unit, models)
    if out is not None:
        save_identification(trained, field, found, Path(out), draws=draws, seed=seed, overwrite=overwrite)
    return found
