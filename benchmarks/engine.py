"""Speed of the engines on the paper's run, beside a plain NumPy script and py-pde, all measured in one go.

    python benchmarks/engine.py [--rounds 5] [--json]

Gray–Scott, 128 x 128 cells, f = 0.03, k = 0.055, dt = 0.25, from t = 2000, when the pattern fills the square.
Every program advances that state on one core; they take turns, so that a machine whose speed drifts is fair to all.
Gcell/s: cells times steps a second, in billions. Ratios are of the medians.

The bound is what 14 vector operations and half a shuffle for 16 cells cost on two 512-bit ports at the clock that is
measured here: it is a yardstick for processors with two such ports. One with more may pass it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from morphoscope.engines import Grid, Job, get_engine, initial
from morphoscope.engines.native import compile_function
from morphoscope.models import get_model

MODEL = get_model("gray-scott")
PARAMETERS = {"f": 0.03, "k": 0.055}
DYING = {"f": 0.005, "k": 0.065}
DT = 0.25
OPERATIONS = 14.5  # for 16 cells
PORTS = 2
Advance = Callable[[int], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    live = _run(PARAMETERS, _start(), 8000)
    dead = _run(DYING, _start(), 60_000)
    assert live[1].max() > 0.1 > dead[1].max(), "the states are not what they should be"
    programs: dict[str, tuple[Advance, int]] = {
        "cpu": (_engine("cpu", PARAMETERS, live), 20_000),
        "cpu, v has died": (_without_exit(DYING, dead), 20_000),
        "cpu, alive, same path": (_without_exit(PARAMETERS, live), 20_000),
        "reference": (_engine("reference", PARAMETERS, live), 40),
        "NumPy roll": (_numpy_roll(live), 100),
        "py-pde, numba": (_py_pde(live), 1000),
    }
    speeds: dict[str, list[float]] = {name: [] for name in programs}
    clocks = []
    for _ in range(options.rounds):
        clocks.append(clock_rate())
        for name, (advance, steps) in programs.items():
            begin = time.perf_counter()
            advance(steps)
            speeds[name].append(steps * live[0].size / (time.perf_counter() - begin) / 1e9)
    _print(speeds, statistics.median(clocks), as_json=options.json)


def _print(speeds: dict[str, list[float]], clock: float, *, as_json: bool) -> None:
    bound = clock * PORTS * 16 / OPERATIONS
    fast = statistics.median(speeds["cpu"])
    rows = [
        {
            "program": name,
            "gcell_s": statistics.median(values),
            "low": min(values),
            "high": max(values),
            "cpu_is_faster_by": fast / statistics.median(values),
            "share_of_bound": statistics.median(values) / bound,
        }
        for name, values in speeds.items()
    ]
    if as_json:
        print(json.dumps({"clock_ghz": clock, "bound_gcell_s": bound, "programs": rows}, indent=1))
        return
    print(f"clock {clock:.2f} GHz, bound {bound:.2f} Gcell/s (14 operations, ½ shuffle, two 512-bit ports)\n")
    print("| program, one core | Gcell/s, median | low … high | cpu is faster by | share of the bound |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['program']} | {row['gcell_s']:.4g} | {row['low']:.4g} … {row['high']:.4g} "
            f"| {row['cpu_is_faster_by']:.1f} | {row['share_of_bound']:.1%} |"
        )


def _start() -> NDArray[np.float64]:
    return initial.make("pearson-gamma", MODEL, (128, 128), initial.stream(2))


def _run(parameters: dict[str, float], state: NDArray[Any], steps: int) -> NDArray[Any]:
    job = Job(MODEL, Grid(), DT, parameters, state, (steps,))
    return np.asarray(get_engine("cpu").run(job).snapshots[0])


def _engine(name: str, parameters: dict[str, float], state: NDArray[Any]) -> Advance:
    """The engine as users call it."""
    engine = get_engine(name)

    def advance(steps: int) -> object:
        return engine.run(Job(MODEL, Grid(), DT, parameters, state, (steps,)))

    advance(1)
    return advance


def _without_exit(parameters: dict[str, float], state: NDArray[Any]) -> Advance:
    """The kernel alone, which does not notice that nothing changes any more."""
    from morphoscope.engines.cpu import aligned, kernel_for

    kernel = kernel_for(MODEL, Grid())
    lifted = kernel.lift(state.astype(np.float32))
    held, work = aligned(lifted.shape), aligned((kernel.work_bytes // 4,))
    held[...] = lifted
    numbers = kernel.program.numbers(MODEL.complete(parameters), Grid(), DT)

    def advance(steps: int) -> None:
        kernel.advance(held.ctypes.data, steps, numbers.ctypes.data, work.ctypes.data)

    return advance


def _numpy_roll(state: NDArray[Any]) -> Advance:
    """Gray–Scott as it is usually written down in NumPy."""
    u, v = state.astype(np.float64)
    f, k = PARAMETERS["f"], PARAMETERS["k"]

    def laplacian(x: NDArray[Any]) -> NDArray[Any]:
        edges = np.roll(x, 1, 0) + np.roll(x, -1, 0) + np.roll(x, 1, 1) + np.roll(x, -1, 1)
        corners = (
            np.roll(x, (1, 1), (0, 1))
            + np.roll(x, (1, -1), (0, 1))
            + np.roll(x, (-1, 1), (0, 1))
            + np.roll(x, (-1, -1), (0, 1))
        )
        return np.asarray(0.5 * edges + 0.25 * corners - 3 * x)

    def advance(steps: int) -> None:
        nonlocal u, v
        for _ in range(steps):
            uvv = u * v * v
            du = 0.2 * laplacian(u) - uvv + f * (1 - u)
            dv = 0.1 * laplacian(v) + uvv - (f + k) * v
            u, v = u + DT * du, v + DT * dv

    advance(1)
    return advance


def _py_pde(state: NDArray[Any]) -> Advance:
    import pde

    grid = pde.CartesianGrid([[0, 128], [0, 128]], [128, 128], periodic=True)
    f, k = PARAMETERS["f"], PARAMETERS["k"]
    equation = pde.PDE({"u": f"0.2*laplace(u) - u*v**2 + {f}*(1 - u)", "v": f"0.1*laplace(v) + u*v**2 - {f + k}*v"})
    fields = pde.FieldCollection([pde.ScalarField(grid, x.astype(np.float64)) for x in state])
    step = pde.EulerSolver(equation, backend="numba").make_stepper(fields, dt=DT)
    step(fields, 0, DT * 2)  # compiles
    return lambda steps: step(fields, 0, DT * steps)


def clock_rate() -> float:
    """This core's clock in GHz: a chain of additions, each of which waits for the one before for one cycle."""
    chain = _chain_of_additions()
    turns = 2_000_000
    chain(turns // 10)
    begin = time.perf_counter()
    chain(turns)
    return turns * _CHAIN / (time.perf_counter() - begin) / 1e9


_CHAIN = 50


def _chain_of_additions() -> Callable[[int], int]:
    int64 = ir.IntType(64)
    module = ir.Module("clock")
    function = ir.Function(module, ir.FunctionType(int64, [int64]), "chain")
    builder = ir.IRBuilder(function.append_basic_block())
    before = builder.block
    loop, done = builder.append_basic_block(), builder.append_basic_block()
    builder.branch(loop)
    builder.position_at_end(loop)
    count, total = builder.phi(int64), builder.phi(int64)
    count.add_incoming(function.args[0], before)
    total.add_incoming(ir.Constant(int64, 1), before)
    value: Any = total
    for _ in range(_CHAIN):  # rotations: no compiler or processor folds them, one cycle each
        high = builder.shl(value, ir.Constant(int64, 7))
        low = builder.lshr(value, ir.Constant(int64, 57))
        value = builder.or_(high, low)
        value = builder.asm(ir.FunctionType(int64, [int64]), "", "=r,0", [value], side_effect=True)
    left = builder.sub(count, ir.Constant(int64, 1))
    count.add_incoming(left, loop)
    total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed(">", left, ir.Constant(int64, 0)), loop, done)
    builder.position_at_end(done)
    builder.ret(value)
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    return compile_function(str(module), "chain", kind)


if __name__ == "__main__":
    main()
