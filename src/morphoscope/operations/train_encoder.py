"""Train an encoder on patterns without labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.learning.encoder import Encoder

PathLike = str | Path


def train_encoder(
    data: PathLike | Sequence[PathLike],
    out: PathLike | None = None,
    *,
    epochs: int | None = None,
    seed: int = 0,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Encoder:
    """Train an encoder on the patterns of ensembles, of any models; labels are not used.

    Two random views (shift, crop, symmetry, intensity, offset) of one pattern, or of two patterns with the same
    parameters and different seeds, get similar features; all others different ones. Homogeneous runs are left out.

    Parameters
    ----------
    data
        The folder of an ensemble, or several of them. Replicates (runs at the same point with other seeds) make
        features better.
    out
        Folder for the encoder. Default: it is not saved.
    epochs
        Number of epochs. Default: 60.
    seed
        Seed of the initial weights, the order of the runs, the views, and the points that are held out.
    overwrite
        Whether to replace an earlier encoder in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Encoder
        The encoder. Its provenance has the ``retrieval`` by ensemble: how often, at points that were held out, the
        nearest run with another seed has the same parameters.

    Raises
    ------
    UsageError
        If fewer than 16 points have a pattern, or a grid is too small.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan(
    ...     "gray-scott",
    ...     sample="sobol:32",
    ...     ranges={"f": (0.03, 0.04), "k": (0.058, 0.062)},
    ...     size=(48, 48),
    ...     until=900,
    ...     replicates=2,
    ... )
    >>> ensemble = morphoscope.ensemble(plan, "runs")
    >>> morphoscope.train_encoder("runs", "encoder", epochs=1)
    Encoder('encoder', 256 features)
    """
    require("learn")
    from morphoscope.core.storage import reserved
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.encoder import ENCODER_FILE
    from morphoscope.learning.encoder_training import EncoderSettings, train_patterns
    from morphoscope.learning.unlabelled import load_patterns

    folders = [data] if isinstance(data, str | Path) else list(data)
    if not folders:
        raise UsageError("no ensemble to train on; give the folders of one or more")
    settings = EncoderSettings() if epochs is None else EncoderSettings(epochs=epochs)
    folder = None if out is None else Path(out)
    with reserved(folder, ENCODER_FILE, "training", overwrite=overwrite):
        sets = [load_patterns(Ensemble(one)) for one in folders]
        encoder = train_patterns(sets, settings, seed=seed, progress=progress)
        if folder is not None:
            encoder.save(folder, overwrite=overwrite)
    return encoder
