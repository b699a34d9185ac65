"""Which patterns of an atlas look like a picture of any scale, contrast and sign."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.thumbnails import PER_SHEET, cut, opened
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.identifying.identifier import Identifier


@dataclasses.dataclass(frozen=True, eq=False)
class PictureIndex:
    """The embeddings of an atlas's thumbnails by the network of an identifier.

    The network sees patterns at their dominant wavelength, without contrast and sign, so that a photograph and the
    thumbnails can be compared.

    Attributes
    ----------
    positions
        The rows of the atlas that have a pattern, (rows,).
    embeddings
        Their embeddings, of length 1, (rows, 96).
    """

    positions: NDArray[np.intp]
    embeddings: NDArray[np.float32]

    @classmethod
    def of(cls, atlas: Atlas, identifier: Identifier) -> PictureIndex:
        """Embed all thumbnails of an atlas that show a pattern."""
        from morphoscope.learning.identifying.canonical import canonical_views
        from morphoscope.learning.identifying.identifier import embeddings_of

        patterned = np.flatnonzero(~np.isnan(atlas.descriptors["wavelength"]))
        views, positions = [np.zeros((0, 2, 64, 64), np.float32)], []
        for number in np.unique(patterned // PER_SHEET).tolist():
            sheet = _grey(atlas, number)
            for position in patterned[patterned // PER_SHEET == number].tolist():
                try:
                    view = canonical_views(cut(sheet, position % PER_SHEET, atlas.plan.grid.shape), windows=1)
                except UsageError:  # its pattern is too weak for eight bits
                    continue
                views.append(view.stacked())
                positions.append(position)
        embeddings = embeddings_of(identifier.module, np.concatenate(views))
        return cls(np.array(positions, dtype=np.intp), _unit(embeddings))

    def of_row(self, position: int) -> NDArray[np.float32] | None:
        """The embedding of a row, (96,); None if it has no pattern."""
        found = np.flatnonzero(self.positions == position)
        return self.embeddings[found[0]] if len(found) else None

    def nearest(self, embedding: NDArray[np.floating], count: int) -> list[tuple[int, float]]:
        """The rows whose embeddings have the smallest angles to that of a picture, (96,), with the cosines."""
        cosines = self.embeddings @ _unit(np.asarray(embedding, dtype=np.float32)[None])[0]
        order = np.argsort(-cosines, kind="stable")[:count]
        return [(int(self.positions[i]), float(cosines[i])) for i in order]


def _grey(atlas: Atlas, number: int) -> NDArray[np.float32]:
    image = opened(atlas, number)
    if image is None:
        raise UsageError(f"{atlas.folder} has no sheet {number} of thumbnails; make the atlas again", operation="scan")
    with image:
        return np.asarray(image.convert("L"), dtype=np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
