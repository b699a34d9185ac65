"""Files of live runs: a picture or an array as the start of a run, and a run as an ensemble."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.web.server.live_data import LiveData, Spec, live_grid
from morphoscope.web.server.uploads import Uploaded, Uploads, check_pixels

if TYPE_CHECKING:
    from morphoscope.models import Model

_MOST_FOLDERS = 1000
_ENDS = (1, 99)  # percentiles of a picture that become the background and the perturbed state
_LEAST = 1e-6  # of a picture's standard deviation; less is rounding
Floats = NDArray[np.float64]


class LiveFiles:
    """The actions of live runs with files, see :attr:`by_name`.

    Parameters
    ----------
    live
        What answers the page's other questions.
    uploads
        The files that pages have sent.
    folder
        Where ensembles are written; a page can't name another place. Default: the current folder.
    """

    def __init__(self, live: LiveData, uploads: Uploads, folder: Path | None = None) -> None:
        self.live, self.uploads, self.folder = live, uploads, folder

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {"start_of": self.start_of, "keep": self.keep}

    def start_of(self, number: Any, model: Spec, width: Any, height: Any, bright: Any = False) -> int:
        """Make the start of a run from a file that has arrived; it is fetched by the number that this returns.

        An array of the model's state is taken as it is. Anything else is a picture: light and dust are removed, the
        middle of the grid's aspect is cut out and scaled; where it is dark (or ``bright``), the perturbed state is.
        """
        found, grid, file = self.live.model(model), live_grid(width, height), self.uploads.whole(number)
        if grid.height == 1:
            raise UsageError("a picture starts runs in two dimensions; this one has one")
        try:
            state = _state(found, file, grid.shape)
            if state is None:
                state = _of_picture(found, file, grid.shape, bright is True)
        except (UsageError, DataError) as error:
            raise UsageError(file.renamed(str(error))) from None
        return self.live.offer(state)

    def keep(
        self, number: Any, model: Spec, parameters: Mapping[str, Any], spacing: Any, boundary: Any, time: Any
    ) -> str:
        """Write a state (species, y, x), a .npy file that has arrived, as an ensemble of one run; its folder."""
        found, file = self.live.model(model), self.uploads.whole(number)
        try:
            values = {str(name): float(value) for name, value in dict(parameters).items()}
            cell, moment, edges = float(spacing), float(time), str(boundary)
        except (TypeError, ValueError):
            raise UsageError("a run needs numbers as parameters, spacing and time") from None
        if not (0 < cell < math.inf and 0 <= moment < math.inf):
            raise UsageError(f"spacing {cell} and time {moment} are no numbers of a run")
        folder = self._vacant(f"live-{found.name}")
        _write(folder, found, values, _loaded(found, file), file, (cell, edges, moment))
        self.uploads.forget(number)
        return folder.name

    def _vacant(self, name: str) -> Path:
        """A folder that does not exist yet."""
        place = self.folder or Path.cwd()
        for number in itertools.islice(itertools.count(1), _MOST_FOLDERS):
            if not (place / f"{name}-{number}").exists():
                return place / f"{name}-{number}"
        raise UsageError(f"{place} has {_MOST_FOLDERS} folders {name}-…; move some away")


def _loaded(model: Model, file: Uploaded) -> Floats:
    from morphoscope.core.outside_arrays import load_array
    from morphoscope.engines.state_files import as_state

    return as_state(model, load_array(file.path, file.name, "the state of a run"), file.name)


def _state(model: Model, file: Uploaded, shape: tuple[int, ...]) -> Floats | None:
    """The model's state in a file of arrays; None if it holds something else. Raises UsageError for another size."""
    from morphoscope.engines.state_files import read_state

    if file.path.suffix not in (".npy", ".npz"):
        return None
    try:
        state = read_state(model, file.path)
    except (UsageError, DataError):
        return None
    if state.shape[1:] != shape:
        theirs, ours = f"{state.shape[2]}x{state.shape[1]}", f"{shape[1]}x{shape[0]}"
        if len(model.species) == 1:  # a picture, just as well
            return None
        raise UsageError(f"{file.name} is a state of {theirs} cells, the run has {ours}; open a run of that size")
    return state


def _of_picture(model: Model, file: Uploaded, shape: tuple[int, ...], bright: bool) -> Floats:
    from scipy import ndimage

    from morphoscope.engines.state_files import blended
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.operations.prepare import prepare

    check_pixels(file)
    values = prepare(file.path, Preparation(square=False)).values.astype(np.float64)
    part = _middle(values, shape)
    scale = (shape[0] / part.shape[0], shape[1] / part.shape[1])
    if max(scale) < 1:  # so that details which the cells can't hold do not turn into others
        part = ndimage.gaussian_filter(part, [0.5 / s for s in scale], mode="reflect")
    places = np.meshgrid(*((np.arange(n) + 0.5) / s - 0.5 for n, s in zip(shape, scale, strict=True)), indexing="ij")
    fitted = ndimage.map_coordinates(part, places, order=1, mode="nearest")
    low, high = np.percentile(fitted, _ENDS)
    if high - low < _LEAST:
        raise UsageError(f"{file.name} has the same value everywhere; expected a picture")
    share = np.clip((fitted - low) / (high - low), 0, 1)
    return blended(model, share if bright else 1 - share)


def _middle(values: Floats, shape: tuple[int, ...]) -> Floats:
    """The largest part of an aspect in the middle of a picture."""
    side = min(values.shape[0] / shape[0], values.shape[1] / shape[1])
    height, width = max(1, round(side * shape[0])), max(1, round(side * shape[1]))
    top, left = (values.shape[0] - height) // 2, (values.shape[1] - width) // 2
    return values[top : top + height, left : left + width]


def _write(
    folder: Path,
    model: Model,
    parameters: Mapping[str, float],
    state: Floats,
    file: Uploaded,
    where: tuple[float, str, float],
) -> None:
    """Write one frame of all species as an imported run."""
    from morphoscope.ensembles.imported import Imported, SourceFile
    from morphoscope.ensembles.imports.planning import Said, plan_of
    from morphoscope.ensembles.imports.source import Source
    from morphoscope.ensembles.imports.writing import write_runs

    cell, boundary, time = where
    frames = {name: field[None].astype(np.float32) for name, field in zip(model.species, state, strict=True)}
    shape = (state.shape[1], state.shape[2])
    source = Source("live run", 1, (time,), 1, shape, model.species, lambda _: frames, cell, "", boundary)
    origin = SourceFile("live run", hashlib.sha256(file.path.read_bytes()).hexdigest(), 1)
    plan = plan_of(folder.name, [source], Imported((origin,)), Said(model=model, parameters=parameters))
    write_runs(plan, [source], folder)
