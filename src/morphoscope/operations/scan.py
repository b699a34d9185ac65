"""Read an ensemble over a parameter space into an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import Classifier

PathLike = str | Path


def scan(
    classifier: PathLike | Classifier,
    data: PathLike | Ensemble,
    out: PathLike,
    *,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Atlas:
    """Read and describe every finished run of an ensemble; write an atlas.

    What homogeneous runs are is decided by theory, the network reads the rest, as in :func:`morphoscope.classify`.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        An ensemble or its folder.
    out
        The atlas's folder. It holds ``points.csv``, a row per run: parameters, seed, class, probability, margin, what
        decided (``read_by``: theory, variance or network), descriptors.
    overwrite
        Whether to replace an earlier atlas in ``out``.
    progress
        Shows how far the work is. Default: a bar in notebooks only.

    Returns
    -------
    Atlas
        The atlas that was written.

    Raises
    ------
    UsageError
        If no run is done, if the runs lack the species or the times that the classifier reads, or if ``out`` holds
        something else.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", {"f": 0.05}, grid={"k": (0.07, 0.075, 2)}, size=(40, 40), until=500)
    >>> ensemble = morphoscope.ensemble(plan, "scan")
    >>> atlas = morphoscope.scan("gray-scott-second-pass", ensemble, "atlas")
    >>> atlas.reading.names, atlas.read_by.tolist()
    (['H', 'H'], ['theory', 'theory'])
    """
    from morphoscope.atlas import read_ensemble
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier

    trained = open_classifier(classifier)
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    return read_ensemble(trained, source, out, overwrite=overwrite, progress=progress)
