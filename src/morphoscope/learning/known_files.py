"""The file of a classifier's folder that has its known score, with the encoder that it needs, and its conformal scores.

The encoder's weights are stored with the classifier, in float16, so that another encoder of a later version changes no
score. The triangular matrix is stored without its zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import verify_file
from morphoscope.core.errors import DataError
from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.known import Directions, KnownScore, Spread

if TYPE_CHECKING:
    from morphoscope.learning.networks._encoder import PatternEncoder

KNOWN_FILE = "known.safetensors"
ENTRY = "known"  # of the classifier's description: the numbers of the known score
CONFORMAL = "conformal"
_PAIRS = ("energy", "gap", "similarity", "near")

Arrays = dict[str, NDArray[Any]]


def rounded(encoder: PatternEncoder) -> PatternEncoder:
    """A copy of an encoder whose weights are rounded to float16, as they are stored."""
    return _encoder({name: array.astype(np.float16) for name, array in _weights(encoder).items()})


def save_known(folder: Path, known: KnownScore | None, conformal: ConformalScores | None) -> None:
    """Write the arrays of both; no file if there is neither."""
    from safetensors.numpy import save

    arrays: Arrays = {} if conformal is None else {CONFORMAL: conformal.scores}
    if known is not None:
        size = len(known.spread.whitening)
        arrays |= {"spread.centre": known.spread.centre, "spread.means": known.spread.means}
        arrays |= {"spread.whitening": known.spread.whitening[np.tril_indices(size)]}
        for name, part in (("hidden", known.hidden), ("encoded", known.encoded)):
            arrays |= {f"{name}.middle": part.middle, f"{name}.scale": part.scale, f"{name}.means": part.means}
        arrays |= {f"encoder.{name}": array.astype(np.float16) for name, array in _weights(known.encoder).items()}
    if arrays:
        (folder / KNOWN_FILE).write_bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def described(known: KnownScore | None, conformal: ConformalScores | None) -> dict[str, Any] | None:
    """What the classifier's description says about the file; None if there is none."""
    if known is None and conformal is None:
        return None
    numbers = None if known is None else {**{name: list(getattr(known, name)) for name in _PAIRS}, "far": known.far}
    return {"score": numbers, "validation_patterns": 0 if conformal is None else len(conformal.scores)}


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
        return (None if entry["score"] is None else _known(arrays, entry["score"])), conformal
    except FileNotFoundError:
        raise DataError(f"{folder / KNOWN_FILE} does not exist; {remedy}") from None
    except (SafetensorError, KeyError, TypeError, ValueError, IndexError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{folder / KNOWN_FILE} is damaged ({reason}); {remedy}") from None


def _known(arrays: Arrays, numbers: Mapping[str, Any]) -> KnownScore:
    size = len(arrays["spread.centre"])
    whitening = np.zeros((size, size), dtype=np.float16)
    whitening[np.tril_indices(size)] = arrays["spread.whitening"]
    spread = Spread(arrays["spread.centre"], whitening, arrays["spread.means"])
    hidden, encoded = (
        Directions(*(arrays[f"{name}.{part}"] for part in ("middle", "scale", "means")))
        for name in ("hidden", "encoded")
    )
    weights = {n.removeprefix("encoder."): a for n, a in arrays.items() if n.startswith("encoder.")}
    pairs = {name: (float(numbers[name][0]), float(numbers[name][1])) for name in _PAIRS}
    return KnownScore(spread, hidden, encoded, _encoder(weights), **pairs, far=float(numbers["far"]))


def _weights(encoder: PatternEncoder) -> Arrays:
    return {name: tensor.detach().float().numpy() for name, tensor in encoder.state_dict().items()}


def _encoder(weights: Arrays) -> PatternEncoder:
    import torch

    from morphoscope.learning.networks._encoder import PatternEncoder

    module = PatternEncoder()
    tensors = {name: torch.from_numpy(array.astype(np.float32)) for name, array in weights.items()}
    module.load_state_dict(tensors)
    return module.eval()
