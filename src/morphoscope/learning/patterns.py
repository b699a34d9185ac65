"""Patterns from files: arrays, images and simulated runs as (n, frames, height, width) concentrations."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles.run_folder import RUN_FILE
from morphoscope.learning.classifier import CODE_SUFFIXES, Input

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
_LARGEST_CONCENTRATION = 10.0  # beyond this, floats are taken for grey levels and refused
_MOST_PIXELS = 64_000_000

Frames = NDArray[np.float32]


def read_patterns(path: str | Path, expected: Input, *, resize: bool = False) -> Frames:
    """Read patterns from .npy, .npz, an image, or the folder of a simulated run.

    One frame, or a grey image, stands for a pattern at rest and is repeated. Colour channels are the frames, as in
    the paper's composites. Whole numbers are grey levels (255, or 65535, is concentration 1). With ``resize`` the
    pattern is interpolated to the expected size, which changes its wavelength.

    Raises UsageError for another shape or values that are no concentrations, DataError for files that can't be read
    and for files that could run code.
    """
    path = Path(path)
    if path.is_dir() and (path / RUN_FILE).is_file():
        path = path / RUN_FILE
    suffix = path.suffix.lower()
    if suffix in CODE_SUFFIXES:
        raise DataError(
            f"{path.name} is refused: loading {suffix} files could run code; save the array as .npy or .npz"
        )
    if not path.is_file():
        raise DataError(f"{path} is not there; expected .npy, .npz, an image or a folder of runs")
    if suffix == ".npy":
        array = _numpy(path)
    elif suffix == ".npz":
        array = _from_archive(path, expected)
    elif suffix in IMAGE_SUFFIXES:
        array = _image(path)
    else:
        raise DataError(f"{path.name}: unknown kind {suffix!r}; use .npy, .npz, PNG or TIFF")
    frames = _as_frames(_concentrations(array, path), expected, path)
    if resize:
        frames = _resized(frames, expected)
    if frames.shape[-2:] != (expected.height, expected.width):
        raise UsageError(
            f"{path.name} has {frames.shape[-1]}x{frames.shape[-2]} cells; accepted: "
            f"{expected.accepts()}; crop it, or interpolate it",
            parameter="resize",
        )
    return frames


def _numpy(path: Path) -> NDArray[Any]:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path.name} is no plain array ({_first(error)}); pickled objects are refused, they could run code"
        ) from error


def _from_archive(path: Path, expected: Input) -> NDArray[Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays: Mapping[str, NDArray[Any]] = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path.name} holds no plain arrays ({_first(error)}); pickled objects are refused, they could run code"
        ) from error
    name = expected.species
    if name not in arrays:
        raise DataError(
            f"{path.name} has no array {name!r} (it has {', '.join(arrays) or 'none'}); "
            f"save the concentration as {name!r}"
        )
    array = arrays[name]
    if "t" in arrays and array.ndim == 3 and len(arrays["t"]) == len(array):
        return _at_times(array, arrays["t"], expected)
    return array


def _at_times(array: NDArray[Any], times: NDArray[Any], expected: Input) -> NDArray[Any]:
    """The frames at the classifier's spacing up to the last one; the last one alone where they are missing."""
    wanted = times[-1] - expected.apart * np.arange(expected.frames)[::-1]
    found = [np.flatnonzero(np.isclose(times, time)) for time in wanted]
    if any(len(index) == 0 for index in found):
        return array[-1]
    return array[[int(index[0]) for index in found]]


def _image(path: Path) -> NDArray[Any]:
    from PIL import Image, UnidentifiedImageError

    try:
        if path.suffix.lower() in {".tif", ".tiff"}:
            import tifffile

            return np.asarray(tifffile.imread(path))
        with Image.open(path) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DataError(f"{path.name} has more than {_MOST_PIXELS:,} pixels; crop it")
            grey = image.mode in {"1", "L", "I", "I;16", "F", "LA"}
            return (
                np.asarray(image.convert("L") if image.mode in {"1", "LA"} else image)
                if grey
                else (np.asarray(image.convert("RGB")))
            )
    except (OSError, ValueError, UnidentifiedImageError, KeyError, IndexError) as error:
        raise DataError(f"{path.name} is no image that can be read ({_first(error)})") from error


def _concentrations(array: NDArray[Any], path: Path) -> Frames:
    if array.dtype.kind in "ui" and array.dtype.itemsize <= 2:
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    if array.dtype.kind not in "fui":
        raise UsageError(f"{path.name} holds {array.dtype}; expected numbers")
    values = array.astype(np.float32)
    if not np.isfinite(values).all():
        raise UsageError(f"{path.name} holds NaN or infinite numbers; expected concentrations")
    if values.size and np.abs(values).max() > _LARGEST_CONCENTRATION:
        raise UsageError(
            f"{path.name} holds values up to {np.abs(values).max():g}; expected concentrations of about 0 … 1"
        )
    return values


def _as_frames(array: Frames, expected: Input, path: Path) -> Frames:
    count = expected.frames
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3 and array.shape[0] not in {1, count} and array.shape[2] in {1, count, 4}:
        array = np.moveaxis(array, 2, 0)[:count]
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or array.shape[1] not in {1, count} or 0 in array.shape:
        raise UsageError(
            f"{path.name} has shape {array.shape}; accepted: (y, x), (frames, y, x), (y, x, frames) or "
            f"(n, frames, y, x) with {expected.accepts()}"
        )
    repeated = array if array.shape[1] == count else np.repeat(array, count, axis=1)
    return np.ascontiguousarray(repeated, dtype=np.float32)


def _resized(frames: Frames, expected: Input) -> Frames:
    from PIL import Image

    size = (expected.width, expected.height)
    flat = frames.reshape(-1, *frames.shape[-2:])
    scaled = [np.asarray(Image.fromarray(f).resize(size, Image.Resampling.BICUBIC)) for f in flat]
    return np.stack(scaled).reshape(*frames.shape[:2], expected.height, expected.width)


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
