"""Features of the patterns of an atlas, stored so that they are computed once, also by a program that was interrupted.

The name of a file follows from the plan, the encoder and the classifier that its features are of. A shipped atlas has
one; others are stored where the annotations of an atlas are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.files import annotation_folder
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import staged_file

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.encoder import Encoder

Floats = NDArray[np.float32]
Block = tuple[NDArray[np.intp], list[Floats]]  # runs and their kinds of features


def features_file(atlas: Atlas, encoder: Encoder, classifier: Classifier | None) -> str:
    """The name of the file with the features of an atlas's patterns by an encoder and a classifier."""
    parts = (atlas.plan.hash, encoder.hash, None if classifier is None else classifier.hash)
    return f"features-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}.npz"


class StoredFeatures:
    """Kinds of features of an atlas's patterns: those of a file and, of an unfinished computation, its parts."""

    def __init__(self, atlas: Atlas, name: str) -> None:
        if atlas.ensemble is None:
            atlas.verify(name)
        self._atlas, self._path = atlas, annotation_folder(atlas.folder) / name
        self._blocks = [found for path in self._files() if (found := _read(path)) is not None]

    def _files(self) -> list[Path]:
        return list(dict.fromkeys((self._atlas.folder / self._path.name, self._path, *self._parts())))

    def _parts(self) -> list[Path]:
        return sorted(self._path.parent.glob(f"{self._path.stem}-part-*.npz"))

    def lacks(self, positions: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of some readings that have no features."""
        known = [runs for runs, _ in self._blocks]
        return positions[~np.isin(self._atlas.runs[positions], np.concatenate(known))] if known else positions

    def of(self, positions: NDArray[np.intp]) -> list[Floats]:
        """The kinds of features of some readings, which must have them, (n, features) each."""
        runs, kinds = self._joined()
        order = np.argsort(runs, kind="stable")
        rows = order[np.searchsorted(runs, self._atlas.runs[positions], sorter=order)]
        return [kind[rows] for kind in kinds]

    def _joined(self) -> Block:
        kinds = zip(*(kinds for _, kinds in self._blocks), strict=True)
        return np.concatenate([runs for runs, _ in self._blocks]), [np.concatenate(kind) for kind in kinds]

    def add(self, positions: NDArray[np.intp], features: list[Floats]) -> None:
        """Keep features as a part, unless the folder can't be written: they can be computed again."""
        runs = self._atlas.runs[positions]
        self._blocks.append((runs, features))
        with contextlib.suppress(UsageError, OSError):
            write_features(self._path.with_name(f"{self._path.stem}-part-{runs[0]}.npz"), runs, features)

    def finish(self) -> None:
        """Write all features into one file, after which the parts are not needed."""
        with contextlib.suppress(UsageError, OSError):
            write_features(self._path, *self._joined())
            for part in self._parts():
                part.unlink(missing_ok=True)


def write_features(path: Path, runs: NDArray[np.intp], features: list[Floats]) -> None:
    """Write the kinds of features of some runs."""
    kinds: dict[str, Any] = {f"kind_{number}": values for number, values in enumerate(features)}
    with staged_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, runs=runs, **kinds)


def _read(path: Path) -> Block | None:
    """The runs and features of a file; None if it is missing or damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            kinds = [stored[name] for name in sorted(stored.files) if name.startswith("kind_")]
            runs = stored["runs"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return (runs, kinds) if kinds and all(kind.ndim == 2 and len(kind) == len(runs) for kind in kinds) else None
