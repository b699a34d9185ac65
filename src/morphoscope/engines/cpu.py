"""The CPU engine: a vector kernel written for the model at hand, compiled in the process, float32."""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job, Result, march
from morphoscope.engines.grid import Grid
from morphoscope.engines.kernel import KernelWriter
from morphoscope.engines.native import compile_function
from morphoscope.engines.tracing import StepProgram
from morphoscope.models.model import Model

DEFAULT_LEVELS = 4
# void advance(float *state, int64_t steps, const float *numbers, float *work)
_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
_ALIGNMENT = 64  # bytes: a cache line, and the widest vector


class Kernel:
    """A compiled kernel of one model on one grid. Holds no state of a run: any thread may use it."""

    def __init__(self, model: Model, grid: Grid, levels: int) -> None:
        self.grid = grid
        self.program = StepProgram(model)
        writer = KernelWriter(self.program, grid, levels)
        self.lanes, self.columns = writer.lanes.count, writer.columns
        self.work_bytes = writer.work_bytes
        self.advance = compile_function(writer.write(), "advance", _SIGNATURE)

    def lift(self, state: NDArray[np.float32]) -> NDArray[np.float32]:
        """(species, height, width) → (height, species, columns, lanes), a view."""
        species, height, _ = state.shape
        return state.reshape(species, height, self.lanes, self.columns).transpose(1, 0, 3, 2)

    def lower(self, lifted: NDArray[np.float32]) -> NDArray[np.float32]:
        """Inverse of :meth:`lift`, a copy."""
        height, species = lifted.shape[:2]
        return lifted.transpose(1, 0, 3, 2).reshape(species, height, self.grid.width)


_built = functools.lru_cache(maxsize=64)(Kernel)
_BUILDING = threading.Lock()  # threads that start together share one kernel instead of building one each


def kernel_for(model: Model, grid: Grid, levels: int = DEFAULT_LEVELS) -> Kernel:
    """The kernel for a model on a grid, compiled at the first call in this process."""
    with _BUILDING:
        return _built(model, grid, levels)


def aligned(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An uninitialised float32 array on a cache line's start."""
    count = int(np.prod(shape))
    buffer = np.empty(count + _ALIGNMENT // 4, dtype=np.float32)
    offset = -buffer.ctypes.data % _ALIGNMENT // 4
    return buffer[offset : offset + count].reshape(shape)


class Stepper:
    """One run that can be advanced, read, changed and steered while it goes: what an engine's run is made of.

    Not for several threads at once. ``advance`` releases the GIL.
    """

    def __init__(self, job: Job, levels: int = DEFAULT_LEVELS) -> None:
        self.job = job
        self.kernel = kernel_for(job.model, job.grid, levels)
        start = self.kernel.lift(np.ascontiguousarray(job.initial, dtype=np.float32))
        self.state = aligned(start.shape)  # in the kernel's own order
        self.state[...] = start
        self._work = aligned((self.kernel.work_bytes // 4,))
        self.steer(job.parameters)

    def steer(self, parameters: Mapping[str, float]) -> None:
        """Go on with other parameters. Raises UsageError for what the model or the time step does not allow."""
        self.job = dataclasses.replace(self.job, parameters=parameters)
        self._numbers = self.kernel.program.numbers(self.job.parameters, self.job.grid, self.job.dt)

    def advance(self, count: int) -> None:
        """``count`` steps further."""
        self.kernel.advance(self.state.ctypes.data, count, self._numbers.ctypes.data, self._work.ctypes.data)

    def read(self) -> NDArray[np.float32]:
        """The state as (species, height, width), a copy."""
        return self.kernel.lower(self.state)

    def write(self, state: NDArray[np.float32]) -> None:
        """Go on from another state, (species, height, width)."""
        self.state[...] = self.kernel.lift(np.ascontiguousarray(state, dtype=np.float32))


class CpuEngine:
    """Explicit Euler in float32 on vectors of up to 16 lanes; the same bits for any number of fused ``levels``."""

    name = "cpu"

    def __init__(self, levels: int = DEFAULT_LEVELS) -> None:
        self.levels = levels

    def run(self, job: Job) -> Result:
        """Simulate one run. Releases the GIL, so that threads over runs are enough."""
        stepper = Stepper(job, self.levels)
        return march(job, stepper.state, stepper.advance, stepper.read)
