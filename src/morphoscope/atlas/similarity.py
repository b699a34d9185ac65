"""The patterns of an atlas in a plane in which similar ones lie near each other; stored beside the atlas."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.bare import PATTERN, BareAtlas
from morphoscope.atlas.files import annotation_folder
from morphoscope.atlas.pattern_features import pattern_features
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import staged_file
from morphoscope.learning.encoder import MIN_CELLS
from morphoscope.learning.prediction import INFERRED, THEORY, VARIANCE

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.encoder import Encoder

FILE = "similarity.npz"
METHOD = 1  # of the layout; stored layouts of other methods are made again
MOST = 3000  # patterns that t-SNE lays out; the others are placed between their neighbours


@dataclasses.dataclass(frozen=True, eq=False)
class SimilarityMap:
    """Places of the patterns of an atlas: near each other, they look alike. The axes have no unit.

    Attributes
    ----------
    runs
        The numbers of the runs that have a pattern, (n,).
    coordinates
        Their places, (n, 2), in −1 … 1.
    laid_out
        How many of them t-SNE laid out. The others were placed between their neighbours.
    trustworthiness
        Whether neighbours in the plane are neighbours by their features: 1, if all are; about 0.5, if none.
    encoder
        SHA-256 of the encoder whose features were compared.
    """

    runs: NDArray[np.intp]
    coordinates: NDArray[np.float32]
    laid_out: int
    trustworthiness: float
    encoder: str

    def positions(self, atlas: Atlas) -> NDArray[np.intp]:
        """The readings of the runs, −1 for runs that the atlas does not have, (n,)."""
        place = {run: position for position, run in enumerate(atlas.runs.tolist())}
        return np.array([place.get(run, -1) for run in self.runs.tolist()], dtype=np.intp)

    def covers(self, atlas: Atlas) -> bool:
        """Whether all patterns of the atlas have a place."""
        return bool(np.isin(atlas.runs[patterned_rows(atlas)], self.runs).all())


def patterned_rows(atlas: Atlas) -> NDArray[np.intp]:
    """The readings of runs that were simulated and are not homogeneous."""
    if isinstance(atlas, BareAtlas):
        return np.flatnonzero(np.array(atlas.reading.names) == PATTERN)
    return np.flatnonzero(~np.isin(atlas.read_by, (THEORY, VARIANCE, INFERRED)))


def can_be_arranged(atlas: Atlas) -> bool:
    """Whether an encoder reads the patterns of an atlas: they have two dimensions and enough cells."""
    return min(atlas.plan.grid.shape) >= MIN_CELLS


def arrange_patterns(
    atlas: Atlas, encoder: Encoder, *, most: int = MOST, seed: int = 0, progress: Reporter = SILENT
) -> SimilarityMap:
    """Lay out the patterns of an atlas by the features of an encoder.

    t-SNE lays out ``most`` of them, drawn at random; the others are placed between their neighbours. Raises UsageError
    for too few patterns, and for patterns that the encoder can't read.
    """
    from morphoscope.learning.layout import LEAST, Layout

    rows = patterned_rows(atlas)
    if len(rows) < LEAST:
        raise UsageError(f"{atlas.folder} has {len(rows)} runs with a pattern; {LEAST} or more are needed")
    drawn = np.random.default_rng(seed).permutation(len(rows))[:most]
    first = np.zeros(len(rows), dtype=bool)
    first[drawn] = True
    features = pattern_features(atlas, rows, encoder, progress)[0]
    layout = Layout.of(features[first])
    coordinates = np.zeros((len(rows), 2), dtype=np.float32)
    coordinates[first] = layout.coordinates
    if not first.all():
        coordinates[~first] = layout.place(features[~first])
    return SimilarityMap(atlas.runs[rows], coordinates, int(first.sum()), layout.trustworthiness, encoder.hash)


def save_similarity(atlas: Atlas, found: SimilarityMap) -> Path:
    """Write a map beside its atlas; that of a shipped atlas into a folder of the user. Returns the file."""
    path = annotation_folder(atlas.folder) / FILE
    with staged_file(path) as part, part.open("wb") as file:
        write_similarity(file, atlas.plan.hash, found)
    return path


def write_similarity(file: object, plan_hash: str, found: SimilarityMap) -> None:
    """Write a map into an open file."""
    np.savez_compressed(
        file,  # type: ignore[arg-type]
        method=np.int64(METHOD),
        plan=np.array(plan_hash),
        encoder=np.array(found.encoder),
        runs=found.runs.astype(np.int32),
        coordinates=found.coordinates,
        laid_out=np.int64(found.laid_out),
        trustworthiness=np.float64(found.trustworthiness),
    )


def load_similarity(atlas: Atlas) -> SimilarityMap | None:
    """The stored map of an atlas; None if there is none, or one of other runs or of another method.

    Raises DataError for a damaged file.
    """
    for folder in dict.fromkeys((annotation_folder(atlas.folder), atlas.folder)):
        if (folder / FILE).is_file() and (found := _load(folder / FILE, atlas.plan.hash)) and found.covers(atlas):
            return found
    return None


def _load(path: Path, plan_hash: str) -> SimilarityMap | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            if int(stored["method"]) != METHOD or str(stored["plan"]) != plan_hash:
                return None
            runs, coordinates = stored["runs"].astype(np.intp), stored["coordinates"].astype(np.float32)
            if runs.ndim != 1 or coordinates.shape != (len(runs), 2) or not np.isfinite(coordinates).all():
                raise ValueError(f"places have shape {coordinates.shape}")
            numbers = int(stored["laid_out"]), float(stored["trustworthiness"])
            return SimilarityMap(runs, coordinates, *numbers, str(stored["encoder"]))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}); remove it and arrange the patterns again") from error
