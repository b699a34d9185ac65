"""States from files: arrays and images as starting states of runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import file_checksum
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_arrays import MAX_ARRAY_BYTES, load_archive, load_array, open_image
from morphoscope.core.outside_files import check_file
from morphoscope.models.model import Model

FieldArray = NDArray[np.float64]
_EXPECTED = "an initial state (.npz, .npy or an image)"


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file; raises DataError if it can't be read."""
    check_file(Path(path), _EXPECTED)
    try:
        return file_checksum(Path(path))
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); expected {_EXPECTED}") from error


def read_state(model: Model, path: Path, max_bytes: int = MAX_ARRAY_BYTES) -> FieldArray:
    """A model's state from a file, (species, height, width); see :func:`.initial.from_file`.

    Raises DataError for files that contain no state, and for arrays of more than ``max_bytes``.
    """
    name = str(path)
    if path.suffix.lower() == ".npz":
        arrays, _ = load_archive(path, name, _EXPECTED, model.species.__contains__, max_bytes)
        return as_state(model, arrays, name)
    if path.suffix.lower() == ".npy":
        return as_state(model, load_array(path, name, _EXPECTED, max_bytes), name)
    with open_image(path, name, _EXPECTED) as image:
        grey = np.asarray(image.convert("L"), dtype=np.float64) / 255
    return blended(model, 1 - grey)


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
        raise UsageError(f"{name} contains NaN or infinite numbers; expected concentrations")
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
