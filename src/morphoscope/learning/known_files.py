"""The file of a classifier's folder that has its known score and its conformal scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import verify_file
from morphoscope.core.errors import DataError
from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.known import KnownScore

KNOWN_FILE = "known.safetensors"
ENTRY = "known"  # of the classifier's description: the limit of the known score
CONFORMAL = "conformal"


def save_known(folder: Path, known: KnownScore | None, conformal: ConformalScores | None) -> None:
    """Write the arrays of both, a triangular matrix without its zeros; no file if there is neither."""
    from safetensors.numpy import save

    arrays: dict[str, NDArray[Any]] = {} if conformal is None else {CONFORMAL: conformal.scores}
    if known is not None:
        triangle = known.whitening[np.tril_indices(len(known.whitening))]
        arrays |= {"known.centre": known.centre, "known.means": known.means, "known.whitening": triangle}
    if arrays:
        (folder / KNOWN_FILE).write_bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def described(known: KnownScore | None, conformal: ConformalScores | None) -> dict[str, Any] | None:
    """What the classifier's description says about the file; None if there is none."""
    if known is None and conformal is None:
        return None
    patterns = 0 if conformal is None else len(conformal.scores)
    return {"limit": None if known is None else known.limit, "validation_patterns": patterns}


def load_known(
    folder: Path, description: Mapping[str, Any], remedy: str
) -> tuple[KnownScore | None, ConformalScores | None]:
    """Both from the folder; None each in classifiers that do not have them. Raises DataError for a damaged file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    entry = description.get(ENTRY)
    if entry is None:
        return None, None
    verify_file(folder, KNOWN_FILE, description, remedy)
    try:
        arrays = load_file(folder / KNOWN_FILE)
        conformal = ConformalScores(arrays[CONFORMAL]) if entry["validation_patterns"] else None
        if entry["limit"] is None:
            return None, conformal
        size = len(arrays["known.centre"])
        whitening = np.zeros((size, size), dtype=np.float16)
        whitening[np.tril_indices(size)] = arrays["known.whitening"]
        known = KnownScore(arrays["known.centre"], whitening, arrays["known.means"], float(entry["limit"]))
    except FileNotFoundError:
        raise DataError(f"{folder / KNOWN_FILE} does not exist; {remedy}") from None
    except (SafetensorError, KeyError, TypeError, ValueError, IndexError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{folder / KNOWN_FILE} is damaged ({reason}); {remedy}") from None
    return known, conformal
