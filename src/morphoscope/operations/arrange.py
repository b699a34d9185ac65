"""Arrange the patterns of an atlas by similarity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.similarity import SimilarityMap
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.encoder import Encoder

PathLike = str | Path


def arrange(
    atlas: PathLike | Ensemble | Atlas,
    *,
    encoder: PathLike | Encoder = "shipped",
    progress: Reporter = AUTO,
) -> SimilarityMap:
    """Lay out the patterns of an atlas in a plane in which those that look alike lie near each other.

    The features of an encoder, which knows no class, are reduced to 32 principal components and laid out by t-SNE. Of
    more than 3000 patterns, 3000 that are drawn at random are laid out so, and each other one is placed between its
    five nearest neighbours. The result is stored beside the atlas as ``similarity.npz`` and shown by
    :func:`morphoscope.explore`; another call returns it. The same patterns get the same places.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped one; or an ensemble.
    encoder
        An encoder or its folder; ``shipped`` is the one that comes with the package.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    SimilarityMap
        ``runs`` and their ``coordinates``, and ``trustworthiness``: 1 if all neighbours in the plane are neighbours by
        their features.

    Raises
    ------
    UsageError
        If fewer than eight runs have a pattern, or the patterns have fewer than 32 cells along an axis.

    Examples
    --------
    >>> import morphoscope
    >>> found = morphoscope.arrange("gray-scott")
    >>> found.coordinates.shape
    (848, 2)
    """
    require("learn")
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.similarity import arrange_patterns, can_be_arranged, load_similarity, save_similarity
    from morphoscope.learning.encoder import MIN_CELLS, open_encoder

    opened, network = open_atlas(atlas, progress=progress), open_encoder(encoder)
    stored = load_similarity(opened)
    if stored is not None and stored.encoder == network.hash:
        return stored
    if not can_be_arranged(opened):
        grid = opened.plan.grid
        raise UsageError(
            f"the patterns of {opened.folder} have {grid.width}x{grid.height} cells; "
            f"an encoder reads {MIN_CELLS} or more each way"
        )
    found = arrange_patterns(opened, network, progress=progress)
    try:
        save_similarity(opened, found)
    except UsageError as error:
        progress.message(f"the places are not stored: {error}")
    return found
