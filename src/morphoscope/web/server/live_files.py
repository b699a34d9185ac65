"""Files of live runs: a picture or an array as the start of a run, and a run as an ensemble."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import file_checksum
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles.imported import SourceFile
from morphoscope.ensembles.imports.single import write_state
from morphoscope.web.server.live_data import LiveData, Spec, live_grid
from morphoscope.web.server.uploads import Uploaded, Uploads, check_pixels

if TYPE_CHECKING:
    from morphoscope.models import Model

_MOST_FOLDERS = 1000
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
        self._writing = threading.Lock()  # two runs that are kept at once get two folders

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
        origin, state = SourceFile("live run", file_checksum(file.path), 1), _loaded(found, file)
        with self._writing:
            folder = self._vacant(f"live-{found.name}")
            write_state(folder, found, values, state, origin, spacing=cell, boundary=edges, time=moment)
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


def _of_picture(model: Model, file: Uploaded, shape: tuple[int, int], bright: bool) -> Floats:
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.starts import start_of
    from morphoscope.operations.prepare import prepare

    check_pixels(file)
    return start_of(model, prepare(file.path, Preparation(square=False)).values, shape, bright=bright, name=file.name)
