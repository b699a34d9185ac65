"""The CPU engine: a vector kernel generated for the model and compiled in the process."""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import math
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job, Result, Watch, march
from morphoscope.engines.cpu.kernel import KernelWriter
from morphoscope.engines.cpu.native import compile_function
from morphoscope.engines.cpu.row import UNROLLED_COLUMNS
from morphoscope.engines.cpu.tracing import StepProgram
from morphoscope.engines.exponential import ExponentialStepper
from morphoscope.engines.grid import Grid
from morphoscope.engines.noise import noise_key
from morphoscope.models.model import Model

#: Largest number of fused steps. Fewer are fused if their rows would not fit into the L1 cache.
MAX_LEVELS = 4
L1_CACHE = 48 << 10  # bytes
#: A step that costs more than this (see :attr:`StepProgram.cost`) gains nothing from fusing, but takes long to compile.
HEAVY = 80
#: With noise, most of the time is arithmetic. Fused steps then pay only where the state is far beyond the L2 cache.
LARGE_STATE = 4 << 20  # bytes
_SIGNATURE = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
)
_ALIGNMENT = 64  # bytes: the size of a cache line and of the widest vector


class Kernel:
    """A compiled kernel of one program on one grid. It holds no state of a run, so any thread may use it."""

    def __init__(
        self,
        model: Model,
        grid: Grid,
        varying: frozenset[str],
        noisy: frozenset[str],
        double: bool,
        levels: int | None,
        rate: bool,
    ) -> None:
        self.grid, self.dtype = grid, np.dtype(np.float64 if double else np.float32)
        self.program = StepProgram(model, varying, noisy, rate=rate)
        bits = 8 * self.dtype.itemsize
        heavy = self.program.cost > HEAVY
        if levels is None:
            levels = 1 if heavy else self._levels()
        writer = KernelWriter(self.program, grid, levels, bits, unroll=1 if heavy else UNROLLED_COLUMNS)
        self.lanes, self.columns = writer.lanes.count, writer.columns
        self.work_bytes = writer.work_bytes
        self.advance = compile_function(writer.write(), "advance", _SIGNATURE)

    def _levels(self) -> int:
        if self.program.noisy and self._state_bytes() < LARGE_STATE:
            return 1
        sweeps = len(self.program.sweeps)
        fields = len(self.program.model.species) + len(self.program.program.auxiliary)
        rows = 3 * fields * sweeps + 2 * len(self.program.noisy)
        in_use = rows * self.grid.width * self.dtype.itemsize
        return min(max(L1_CACHE // in_use, 1), MAX_LEVELS)

    def _state_bytes(self) -> int:
        return len(self.program.model.species) * self.grid.height * self.grid.width * self.dtype.itemsize

    def lift(self, state: NDArray[Any]) -> NDArray[Any]:
        """(species, height, width) → (height, species, columns, lanes), a view."""
        species, height, _ = state.shape
        return state.reshape(species, height, self.lanes, self.columns).transpose(1, 0, 3, 2)

    def lower(self, lifted: NDArray[Any]) -> NDArray[Any]:
        """Inverse of :meth:`lift`, a copy."""
        height, species = lifted.shape[:2]
        return lifted.transpose(1, 0, 3, 2).reshape(species, height, self.grid.width)


_compiled = functools.lru_cache(maxsize=64)(Kernel)
_COMPILING = threading.Lock()  # threads that start together share one kernel instead of compiling one each


def kernel_for(
    model: Model,
    grid: Grid,
    *,
    varying: frozenset[str] = frozenset(),
    noisy: frozenset[str] = frozenset(),
    double: bool = False,
    levels: int | None = None,
    rate: bool = False,
) -> Kernel:
    """The kernel for a model on a grid, compiled on the first call in this process.

    ``levels``: fused steps. ``rate``: a kernel that replaces the state by its rate of change, see :class:`StepProgram`.
    """
    with _COMPILING:
        return _compiled(model, grid, varying, noisy, double, levels, rate)


def _address(array: NDArray[Any]) -> int:
    """Where an array begins; ``array.ctypes`` takes longer than a step of a small grid."""
    return int(array.__array_interface__["data"][0])


def aligned(shape: tuple[int, ...], dtype: Any = np.float32) -> NDArray[Any]:
    """An uninitialised array that starts at a cache line."""
    size = np.dtype(dtype).itemsize
    count = math.prod(shape)
    buffer = np.empty(count + _ALIGNMENT // size, dtype=dtype)
    offset = -_address(buffer) % _ALIGNMENT // size
    return buffer[offset : offset + count].reshape(shape)


class EulerStepper:
    """Explicit Euler steps of one run on a compiled kernel. Not thread-safe; releases the GIL.

    ``levels``: fused steps; ``rate``: an advance by one step yields the rate of change instead, see :class:`Rate`.
    """

    def __init__(self, job: Job, levels: int | None = None, *, rate: bool = False) -> None:
        self.kernel = kernel_for(
            job.model,
            job.grid,
            varying=frozenset(job.varying),
            noisy=frozenset(s for s, amplitude in job.noise.items() if amplitude),
            double=job.double,
            levels=levels,
            rate=rate,
        )
        dtype = self.kernel.dtype
        start = self.kernel.lift(np.ascontiguousarray(job.initial, dtype=dtype))
        self.state = aligned(start.shape, dtype)  # in the kernel's memory layout
        self.state[...] = start
        self._work = aligned((self.kernel.work_bytes // dtype.itemsize,), dtype)
        self._places = _address(self.state), _address(self._work)
        self._step = 0
        first, second = noise_key(job.seed) if job.noise else (0, 0)
        self._key = ctypes.c_int64(first | second << 32).value
        self.steer(job)

    def steer(self, job: Job) -> None:
        """Continue with the parameters of another job of the same kernel."""
        dtype = self.kernel.dtype
        self._numbers = self.kernel.program.numbers(job, dtype)
        fields = [job.varying[name].field(job.grid.shape) for name in self.kernel.program.varying]
        lifted = self.kernel.lift(np.array(fields, dtype=dtype).reshape(-1, *job.grid.shape))
        self._varying = aligned(lifted.shape, dtype)
        self._varying[...] = lifted
        self._constants = _address(self._numbers), _address(self._varying)

    def advance(self, count: int) -> None:
        """Advance by ``count`` steps."""
        (state, work), (numbers, varying) = self._places, self._constants
        self.kernel.advance(state, count, numbers, work, varying, self._step, self._key)
        self._step += count

    def read(self) -> NDArray[Any]:
        """The state as (species, height, width), a copy."""
        return self.kernel.lower(self.state)

    def write(self, state: NDArray[Any]) -> None:
        """Continue from another state, (species, height, width)."""
        self.state[...] = self.kernel.lift(np.ascontiguousarray(state, dtype=self.kernel.dtype))


class Rate:
    """The rate of change of a state, dc/dt as (species, height, width), on a compiled kernel; without noise."""

    def __init__(self, job: Job) -> None:
        self._stepper = EulerStepper(job, 1, rate=True)

    def __call__(self, state: NDArray[Any]) -> NDArray[Any]:
        """dc/dt of a state (species, height, width)."""
        self._stepper.write(state)
        self._stepper.advance(1)
        return self._stepper.read()


class _ExponentialAdapter:
    """Exponential steps of one run, with the interface of :class:`EulerStepper`."""

    def __init__(self, job: Job) -> None:
        self.state = np.array(job.initial, dtype=np.float64 if job.double else np.float32)
        self.steer(job)

    def steer(self, job: Job) -> None:
        self.advance = ExponentialStepper(job, self.state, Rate(job)).advance

    def read(self) -> NDArray[Any]:
        return self.state.copy()

    def write(self, state: NDArray[Any]) -> None:
        self.state[...] = state


class Stepper:
    """One run that can be advanced, read, and changed while it is running. Not thread-safe."""

    def __init__(self, job: Job, levels: int | None = None) -> None:
        self.job = job
        self._inner = _ExponentialAdapter(job) if job.integrator == "etdrk2" else EulerStepper(job, levels)
        self.state = self._inner.state
        self.advance, self.read, self.write = self._inner.advance, self._inner.read, self._inner.write

    def steer(self, parameters: Mapping[str, Any]) -> None:
        """Continue with other parameters. Raises UsageError if the model or the time step does not allow them."""
        self.job = dataclasses.replace(self.job, parameters=self.job.model.complete(parameters))
        self._inner.steer(self.job)
        self.advance = self._inner.advance


class CpuEngine:
    """Explicit Euler steps on vectors as wide as the processor's, in float32 or, on request, float64; or ETDRK2.

    Results are bit-identical for any number of fused ``levels`` and of threads.
    """

    name = "cpu"

    def __init__(self, levels: int | None = None) -> None:
        self.levels = levels

    def run(self, job: Job, watch: Watch | None = None) -> Result:
        """Simulate one run. Releases the GIL, so threads are sufficient to simulate runs in parallel."""
        stepper = Stepper(job, self.levels)
        return march(job, stepper.state, stepper.advance, stepper.read, watch)
