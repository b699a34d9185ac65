"""States from files: arrays and images as starting states of runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.models.model import Model

FieldArray = NDArray[np.float64]


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file; raises DataError when it can't be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); expected an initial state") from error


def read_state(model: Model, path: Path) -> FieldArray:
    """A model's state from a file, (species, height, width); see :func:`.initial.from_file`."""
    expected = f"expected {' and '.join(model.species)}"
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                state = np.stack([archive[s] for s in model.species]).astype(np.float64)
        elif path.suffix.lower() == ".npy":
            state = np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
        else:
            from PIL import Image

            with Image.open(path) as image:
                grey = np.asarray(image.convert("L"), dtype=np.float64) / 255
            return blended(model, 1 - grey)
    except KeyError as error:
        raise DataError(f"{path} lacks an array: {error}; {expected}") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} can't be read as a state ({str(error).splitlines()[0]})") from error
    if state.ndim != 3 or len(state) != len(model.species):
        raise UsageError(f"{path} has shape {state.shape}; expected (species, y, x), {expected}")
    if not np.isfinite(state).all():
        raise UsageError(f"{path} holds NaN or infinite numbers; expected concentrations")
    return state


def blended(model: Model, share: NDArray[np.float64]) -> FieldArray:
    """Background where ``share`` is 0, the perturbed state where it is 1."""
    return np.stack(
        [model.background[s] + share * (model.perturbation[s] - model.background[s]) for s in model.species]
    )
