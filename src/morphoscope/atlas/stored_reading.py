"""The reading in an atlas's folder: probabilities, known scores, conformal sets, inferred classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.files import INFERRED_FILE, KNOWN_FILE, PROBABILITIES_FILE
from morphoscope.core.errors import DataError
from morphoscope.core.recorded_files import RecordedFiles
from morphoscope.learning.conformal import in_sets
from morphoscope.learning.prediction import INFERRED, NETWORK, Prediction

Metadata = dict[str, Any]
Runs = NDArray[np.intp]


def stored_reading(folder: Path, metadata: Metadata, files: RecordedFiles) -> tuple[Runs, Prediction]:
    """The runs that were read, and their reading. Raises DataError for a missing or damaged file."""
    files.verify(PROBABILITIES_FILE)
    try:
        probabilities = np.load(folder / PROBABILITIES_FILE, allow_pickle=False)
        classes = tuple(metadata["classes"])
        runs = np.array(metadata["runs"], dtype=np.intp)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise _damaged(folder, error) from error
    if probabilities.shape != (len(runs), len(classes)):
        raise DataError(f"{folder} is damaged: probabilities have shape {probabilities.shape}")
    read_by = _read_by(metadata, runs)
    return runs, Prediction(classes, probabilities, read_by, **_recognition(folder, metadata, files, probabilities))


def stored_inferred(
    folder: Path, metadata: Metadata, files: RecordedFiles, classes: tuple[str, ...]
) -> tuple[Runs, Prediction]:
    """The runs that were inferred, and their classes. Raises DataError for a missing or damaged file."""
    files.verify(INFERRED_FILE)
    runs = np.array(metadata["inferred"]["runs"], dtype=np.intp)
    try:
        probabilities = np.load(folder / INFERRED_FILE, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(folder, error) from error
    return runs, Prediction(classes, probabilities, np.full(len(runs), INFERRED))


def _read_by(metadata: Metadata, runs: Runs) -> NDArray[np.str_]:
    """What determined each class. Atlases of older versions were read by the network alone."""
    found = np.full(len(runs), NETWORK, dtype="<U8")
    unseen = {INFERRED: metadata["inferred"]["runs"]} if "inferred" in metadata else {}
    for by, numbers in {**metadata.get("read_by", {}), **unseen}.items():
        found[np.isin(runs, numbers)] = by
    return found


def _recognition(
    folder: Path, metadata: Metadata, files: RecordedFiles, probabilities: NDArray[np.float32]
) -> dict[str, Any]:
    """Known scores and conformal sets of the readings; none in atlases of classifiers without them."""
    stored, found = metadata.get("known") or {}, dict[str, Any]()
    try:
        if stored.get("score"):
            files.verify(KNOWN_FILE)
            found["known"] = np.load(folder / KNOWN_FILE, allow_pickle=False)
            if found["known"].shape != (len(probabilities),):
                raise ValueError(f"known scores have shape {found['known'].shape}")
        if stored.get("coverage"):
            found["sets"] = in_sets(probabilities, float(stored["least_probability"]))
            found["coverage"] = float(stored["coverage"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise _damaged(folder, error) from error
    return found


def _damaged(folder: Path, error: Exception) -> DataError:
    return DataError(f"{folder} is damaged ({error}); scan the ensemble again")
