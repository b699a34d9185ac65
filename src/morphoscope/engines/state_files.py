"""States from files: arrays and images as starting states of runs."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return as_state(model, {s: archive[s] for s in model.species if s in archive.files}, str(path))
        if path.suffix.lower() == ".npy":
            return as_state(model, np.load(path, allow_pickle=False), str(path))
        from PIL import Image

        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"), dtype=np.float64) / 255
        return blended(model, 1 - grey)
    except UsageError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} can't be read as a state ({(str(error) or 'damaged').splitlines()[0]})") from error


def as_state(model: Model, values: Any, name: str = "the initial state") -> FieldArray:
    """A model's state from arrays, as a new array (species, height, width).

    Parameters
    ----------
    model
        The model.
    values
        An array (species, y, x), or (y, x) if there is one species; or a mapping from every species to its array
        (y, x), or (x,) in one dimension. Of arrays (time, y, x) in a mapping, as in a run's snapshots, the last counts.
    name
        What the values are, for error messages.

    Raises
    ------
    UsageError
        For other shapes, missing species and numbers that are not finite.
    """
    expected = f"expected (species, y, x) with {' and '.join(model.species)}"
    if isinstance(values, Mapping):
        if missing := [s for s in model.species if s not in values]:
            raise UsageError(f"{name} lacks {missing[0]!r}; expected an array for each of {', '.join(model.species)}")
        arrays = [np.atleast_2d(_numbers(values[s], name)) for s in model.species]
        arrays = [array[-1] if array.ndim == 3 and len(array) else array for array in arrays]
        if len({array.shape for array in arrays}) > 1:
            shapes = ", ".join(f"{s} {array.shape}" for s, array in zip(model.species, arrays, strict=True))
            raise UsageError(f"the species of {name} differ in shape ({shapes}); expected one shape")
        state = np.stack(arrays)
    else:
        state = _numbers(values, name)
        state = state[None] if state.ndim == 2 and len(model.species) == 1 else state
    if state.ndim != 3 or len(state) != len(model.species) or 0 in state.shape:
        raise UsageError(f"{name} has shape {state.shape}; {expected}")
    if not np.isfinite(state).all():
        raise UsageError(f"{name} holds NaN or infinite numbers; expected concentrations")
    return state


def _numbers(values: Any, name: str) -> NDArray[np.float64]:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{name} can't be read as an array of numbers") from None


def state_hash(state: FieldArray) -> str:
    """SHA-256 of a state's shape and its numbers as float64."""
    text = ",".join(map(str, state.shape)).encode()
    return hashlib.sha256(text + b":" + np.ascontiguousarray(state, dtype="<f8").tobytes()).hexdigest()


def blended(model: Model, share: NDArray[np.float64]) -> FieldArray:
    """Background where ``share`` is 0, the perturbed state where it is 1."""
    return np.stack(
        [model.background[s] + share * (model.perturbation[s] - model.background[s]) for s in model.species]
    )
