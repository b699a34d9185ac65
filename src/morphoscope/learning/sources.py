"""Sources of patterns: arrays, arrays with coordinates, files, runs, ensembles."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_arrays import load_archive, load_array
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.run_folder import MARKER, RUN_FILE, is_run_folder, load_run, plan_of_run
from morphoscope.ensembles.simulation import Simulation
from morphoscope.ensembles.store import PLAN_FILE
from morphoscope.learning.arrays import as_frames, concentrations
from morphoscope.learning.classifier import CODE_SUFFIXES, Classifier
from morphoscope.learning.images import IMAGE_SUFFIXES, read_image
from morphoscope.learning.patterns import (
    Patterns,
    finished_runs,
    frame_places,
    of_ensemble,
    of_simulation,
    scaled,
    with_plan,
)

_CONTAINERS = {".h5", ".hdf5", ".nc", ".nc4", ".keras"}
_FRAME_DIMENSIONS = ("time", "t", "frame", "frames")


def patterns_from(
    source: Any, classifier: Classifier, *, cell_size: float | None = None, resize: bool = False
) -> Patterns:
    """Patterns from any supported source.

    Parameters
    ----------
    source
        An array, an xarray.DataArray or Dataset, a Simulation, an Ensemble, or a path: of an ensemble's or a run's
        folder, or of a file (.npy, .npz, PNG, TIFF, JPEG, BMP).
    classifier
        The classifier that is to read them.
    cell_size
        For patterns of unknown origin: the side of a cell, in the unit of the classifier's cell size.
    resize
        For patterns of unknown origin: stretch them by the same factor in both directions to the classifier's grid.

    Raises
    ------
    UsageError
        For a source that can't be read, or that needs a cell size.
    """
    given = _Given(classifier, cell_size, resize)
    if isinstance(source, Ensemble):
        given.refuse(str(source.folder))
        runs, unfinished = finished_runs(source)
        patterns = of_ensemble(classifier, source, runs)
        return patterns if unfinished is None else given.noted(patterns, unfinished)
    if isinstance(source, Simulation):
        given.refuse("a simulated run")
        return of_simulation(classifier, source)
    if isinstance(source, str | Path):
        return _from_path(Path(source), given)
    if hasattr(source, "data_vars"):
        species = classifier.input.species
        if species not in source.data_vars:
            raise UsageError(f"the data set has {', '.join(map(str, source.data_vars))}; expected {species!r}")
        return _from_labelled(source[species], given)
    if hasattr(source, "dims") and hasattr(source, "coords"):
        return _from_labelled(source, given)
    return given.bare(np.asarray(source), "the array")


class _Given:
    """The classifier, and the arguments for patterns of unknown origin."""

    def __init__(self, classifier: Classifier, cell_size: float | None, resize: bool) -> None:
        if cell_size is not None and not (math.isfinite(cell_size) and cell_size > 0):
            raise UsageError(f"cell size {cell_size}; expected a number above 0", parameter="cell_size")
        if cell_size is not None and resize:
            raise UsageError("cell size and resizing are both given; leave one out", parameter="resize")
        self.classifier, self.cell_size, self.resize = classifier, cell_size, resize

    def refuse(self, name: str) -> None:
        """Raise UsageError if a cell size or resizing was requested for a source that contains its cell size."""
        if self.cell_size is not None:
            raise UsageError(f"{name} has its own cell size; omit this argument", parameter="cell_size")
        if self.resize:
            raise UsageError(
                f"{name} has its own cell size and is interpolated to the classifier's; omit this argument",
                parameter="resize",
            )

    @staticmethod
    def noted(patterns: Patterns, *notes: str) -> Patterns:
        """The same patterns with more notes."""
        return dataclasses.replace(patterns, notes=(*notes, *patterns.notes))

    def bare(self, array: NDArray[Any], name: str, *, cell_size: float | None = None) -> Patterns:
        """Patterns from an array; ``cell_size``: that of its coordinates, used if the user gave none."""
        frames, notes = self.frames(array, name)
        step = self._step(frames, name, cell_size)
        stretched = ""
        if self.resize and step != 1:
            stretched = f"stretched by {1 / step:.5g}; this changes its wavelengths, on which classes depend"
        patterns = Patterns(name, frames, steps=np.full(len(frames), step), notes=notes)
        return scaled(patterns, self.classifier.input, stretched)

    def frames(self, array: NDArray[Any], name: str) -> tuple[NDArray[np.float32], tuple[str, ...]]:
        """An array as frames of concentrations, with notes."""
        values, grey = concentrations(array, name, self._largest())
        ordered, at_rest = as_frames(values, self.classifier.input, name)
        return np.ascontiguousarray(ordered), (*grey, *at_rest)

    def _largest(self) -> float:
        """A concentration that the model of the training runs reaches."""
        if self.classifier.trained_on is None:
            return 1.0
        model, species = self.classifier.trained_on.model, self.classifier.input.species
        return max(1.0, abs(model.background[species]), abs(model.perturbation[species]))

    def _step(self, frames: NDArray[np.float32], name: str, stored: float | None) -> float:
        expected, trained = self.classifier.input, self.classifier.trained_on
        rows, columns = frames.shape[-2:]
        if self.resize:
            return min(rows / expected.height, columns / expected.width)
        own = 1.0 if trained is None else trained.spacing
        cell_size = self.cell_size or stored
        if cell_size is not None:
            return 1.0 if math.isclose(cell_size, own, rel_tol=1e-3) else own / cell_size
        if (rows, columns) != (expected.height, expected.width):
            raise UsageError(
                f"{name} has {columns}x{rows} cells; expected {expected.accepts()}; "
                f"give its cell size ({own:g} in training), or crop it",
                parameter="cell_size",
            )
        return 1.0


def _from_path(path: Path, given: _Given) -> Patterns:
    if (path / PLAN_FILE).is_file():
        return patterns_from(Ensemble(path), given.classifier, cell_size=given.cell_size, resize=given.resize)
    if is_run_folder(path):
        path = path / RUN_FILE
    suffix = path.suffix.lower()
    if suffix in CODE_SUFFIXES:
        raise DataError(
            f"{path.name} is refused: loading {suffix} files could run code; save the array as .npy or .npz"
        )
    _check_kind(path, suffix)
    if suffix == ".npy":
        return given.bare(load_array(path, path.name, "an array of numbers"), path.name)
    if suffix == ".npz":
        return _from_archive(path, given)
    return _from_picture(path, given)


def _check_kind(path: Path, suffix: str) -> None:
    """Raise DataError unless there is a file of a supported type."""
    if not path.exists():
        raise DataError(f"{path} does not exist; expected an array, a picture, a run's folder or an ensemble")
    if path.is_dir() and (suffix == ".zarr" or any((path / n).exists() for n in ("zarr.json", ".zgroup", ".zarray"))):
        raise DataError(
            f"{path} is a Zarr store, which can't be read on its own; give the folder of the ensemble that it belongs "
            "to, or open it with xarray and pass the DataArray to morphoscope.classify"
        )
    if path.is_dir():
        raise DataError(f"{path} is a folder with neither an ensemble ({PLAN_FILE}) nor a run ({MARKER}) in it")
    if suffix in _CONTAINERS:
        raise DataError(
            f"{path.name}: HDF5 and NetCDF files can't be read yet; save the array as .npy or .npz, or open it with "
            "xarray and pass the DataArray to morphoscope.classify"
        )
    if suffix not in {".npy", ".npz"} | IMAGE_SUFFIXES:
        raise DataError(f"{path.name}: unknown file type {suffix!r}; use .npy, .npz, PNG or TIFF")


def _from_archive(path: Path, given: _Given) -> Patterns:
    """An archive with one array per species and the times as ``t``; for the archive of a run, its plan is known."""
    name = path.name
    if name == RUN_FILE and is_run_folder(path.parent):
        given.refuse(str(path.parent))
        return of_simulation(given.classifier, load_run(path.parent), str(path.parent))
    species = given.classifier.input.species
    arrays, known = load_archive(path, name, "arrays of numbers", {species, "t"}.__contains__)
    if species not in arrays:
        raise DataError(
            f"{name} has no array {species!r} (it has {', '.join(known)[:200] or 'none'}); "
            f"save the concentration as {species!r}"
        )
    array, times = arrays[species], arrays.get("t")
    if times is not None and times.ndim == 1 and array.ndim == 3 and len(times) == len(array) > 1:
        array = array[frame_places(times.tolist(), given.classifier.input, name)]
    return given.bare(array, name)


def _from_picture(path: Path, given: _Given) -> Patterns:
    """A picture; for the composite in the folder of a run, its plan is known."""
    array, times = read_image(path)
    if array.ndim == 3 and array.dtype == np.uint8 and is_run_folder(path.parent):
        raise UsageError(f"{path.name} is a figure with axes, not a field; give the run's folder, {path.parent}")
    if times:
        array = array[frame_places(times, given.classifier.input, path.name)]
    plan = plan_of_run(path.parent) if array.ndim == 3 and array.dtype == np.float32 else None
    if plan is None or array.shape[1:] != plan.grid.shape or path.stem != plan.model.species[0]:
        return given.bare(array, path.name)
    given.refuse(path.name)
    if path.stem != given.classifier.input.species:
        raise UsageError(f"{path.name} shows {path.stem}; the classifier reads {given.classifier.input.species!r}")
    frames, notes = given.frames(array, path.name)
    return with_plan(given.classifier, Patterns(path.name, frames, notes=notes), plan, np.zeros(1, dtype=np.intp))


def _from_labelled(source: Any, given: _Given) -> Patterns:
    """An xarray.DataArray: dimensions by name, the cell size from its coordinates."""
    name = f"the DataArray {source.name!r}" if source.name is not None else "the DataArray"
    dimensions = [str(d) for d in source.dims]
    time = next((d for d in _FRAME_DIMENSIONS if d in dimensions), None)
    others = [d for d in dimensions if d not in ("y", "x", time)]
    if not {"y", "x"} <= set(dimensions) or len(others) > 1:
        raise UsageError(
            f"{name} has dimensions {', '.join(dimensions)}; expected y and x, for several frames also "
            f"{_FRAME_DIMENSIONS[0]}, and for several patterns one more dimension"
        )
    if others and time is None:
        source, time = source.expand_dims("time"), "time"
    array = source.transpose(*others, *([time] if time else []), "y", "x")
    if time is not None and time in source.coords and source.sizes[time] > 1 and _numeric(source.coords[time]):
        places = frame_places(
            np.asarray(source.coords[time].values, dtype=float).tolist(), given.classifier.input, name
        )
        array = array.isel({time: places})
    return given.bare(np.asarray(array.values), name, cell_size=_coordinate_spacing(source, name))


def _numeric(coordinate: Any) -> bool:
    return coordinate.dtype.kind in "fui"


def _coordinate_spacing(source: Any, name: str) -> float | None:
    """The cell size from the coordinates x and y; None without them. Raises UsageError unless the cells are square."""
    sides = []
    for axis in ("y", "x"):
        if axis not in source.coords or not _numeric(source.coords[axis]) or source.sizes[axis] < 2:
            return None
        places = np.asarray(source.coords[axis].values, dtype=float)
        sides.append(np.diff(places))
    every = np.abs(np.concatenate(sides))
    if every.max() <= 0 or np.ptp(every) > 1e-3 * every.max():
        raise UsageError(f"{name} has cells that are not equal squares; interpolate it to such cells first")
    return float(every.mean())
