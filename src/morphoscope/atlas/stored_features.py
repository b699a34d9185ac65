"""Features of the patterns of an atlas that has no ensemble, stored so that no run is simulated again for them.

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


def features_file(atlas: Atlas, encoder: Encoder, classifier: Classifier | None) -> str:
    """The name of the file with the features of an atlas's patterns by an encoder and a classifier."""
    parts = (atlas.plan.hash, encoder.hash, None if classifier is None else classifier.hash)
    return f"features-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}.npz"


def load_features(atlas: Atlas, name: str, positions: NDArray[np.intp]) -> list[Floats] | None:
    """The stored kinds of features of some readings, (n, features) each; None if any is missing."""
    atlas.verify(name)
    for folder in dict.fromkeys((atlas.folder, annotation_folder(atlas.folder))):
        if (found := _read(folder / name, atlas.runs[positions])) is not None:
            return found
    return None


def store_features(atlas: Atlas, name: str, positions: NDArray[np.intp], features: list[Floats]) -> None:
    """Store kinds of features, unless the folder can't be written: they can be computed again."""
    with contextlib.suppress(UsageError, OSError):
        write_features(annotation_folder(atlas.folder) / name, atlas.runs[positions], features)


def write_features(path: Path, runs: NDArray[np.intp], features: list[Floats]) -> None:
    """Write the kinds of features of some runs."""
    kinds: dict[str, Any] = {f"kind_{number}": values for number, values in enumerate(features)}
    with staged_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, runs=runs, **kinds)


def _read(path: Path, runs: NDArray[np.intp]) -> list[Floats] | None:
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            place = {run: row for row, run in enumerate(stored["runs"].tolist())}
            rows = [place[run] for run in runs.tolist()]
            return [stored[name][rows] for name in sorted(stored.files) if name.startswith("kind_")]
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        return None
