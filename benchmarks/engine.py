"""Speed of the engine compared with other programs, for all kinds of models, for several sizes, and on two threads.

    python benchmarks/engine.py [--rounds 5] [--json]

Gcell/s: cells times steps per second, in billions, on one core. Times are thread times, except for two threads, where
wall time is measured. Programs that are compared take turns, so that changes of the machine's speed affect all of them
alike. The tables show medians over the rounds and ratios of medians.

The bound of a model is the time of its vector operations at the rates that the processor reaches in the same rounds, if
nothing else took time. The rates are those of loops of independent additions, fused multiply–adds, and as many of both,
with results that are kept; divisions and square roots likewise. Products count as fused multiply–adds, integer
operations as one operation, shuffles as half of one. Operations are counted in the emitted code. For Gray–Scott the
yardstick of 14 operations and half a shuffle per vector of cells, at the largest of these rates, is shown, too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import clock
import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.cpu.engine import EulerStepper
from morphoscope.engines.cpu.kernel import operations
from morphoscope.engines.cpu.native import widest_lanes
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import automatic_step, largest_step
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.spatial import Ramp

MODEL = get_model("gray-scott")
PARAMETERS = {"f": 0.03, "k": 0.055}
DYING = {"f": 0.005, "k": 0.065}
DT = 0.25
YARDSTICK = 14.5  # operations per vector of cells
SIZES = (64, 128, 256, 512, 1024)
CELLS = 150_000_000  # cells times steps per measurement
SHARES = ("share", "of the yardstick")  # columns in percent
Advance = Callable[[int], object]
#: Gray–Scott as a typed model, and a model that consists mostly of elementary functions.
TYPED = Model(
    name="typed",
    reaction={"u": "f*(1 - u) - u*v**2", "v": "u*v**2 - (f + k)*v"},
    diffusion={"u": "0.2", "v": "0.1"},
    defaults=PARAMETERS,
    background={"u": 1.0},
    perturbation={"u": 0.5, "v": 0.25},
    dt=DT,
)
FUNCTIONS = Model(
    name="functions",
    reaction={"u": "a - u + tanh(v)*exp(-u)", "v": "sin(u) - 0.5*v + log(1 + v**2)"},
    diffusion={"u": "0.2", "v": "0.1"},
    defaults={"a": 0.3},
    dt=0.05,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    live = _run(PARAMETERS, _start(MODEL, Grid()), 8000)
    dead = _run(DYING, _start(MODEL, Grid()), 60_000)
    assert live[1].max() > 0.1 > dead[1].max(), "unexpected initial states"
    tables = {
        "programs": _programs(live, dead, options.rounds),
        "models": _models(options.rounds),
        "sizes": _sizes(live, options.rounds),
        "threads": _threads(live, options.rounds),
    }
    tables["processor"] = _processor(options.rounds)
    if options.json:
        print(json.dumps(tables, indent=1))
        return
    for name, rows in tables.items():
        print(f"\n{name}\n")
        _print(rows)


def _print(rows: list[dict[str, Any]]) -> None:
    head = list(rows[0])
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(_cell(name, value) for name, value in row.items()) + " |")


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{100 * value:.0f} %" if name.startswith(SHARES) else f"{value:.3g}"


Rates = dict[int, dict[str, float]]  # by bits: 10⁹ operations per second of each kind


def _measure(
    programs: dict[str, tuple[Advance, int, int]], rounds: int, bits: tuple[int, ...] = (32,)
) -> tuple[dict[str, list[float]], Rates]:
    """Gcell/s of programs (advance, steps, cells) that take turns, and the processor's rates in the same rounds."""
    speeds: dict[str, list[float]] = {name: [] for name in programs}
    seen: list[Rates] = []
    for _ in range(rounds):
        seen.append({width: {kind: clock.rate_of(kind, width) for kind in clock.KINDS} for width in bits})
        for name, (advance, steps, cells) in programs.items():
            begin = time.thread_time()
            advance(steps)
            speeds[name].append(steps * cells / (time.thread_time() - begin) / 1e9)
    rates = {w: {kind: statistics.median(r[w][kind] for r in seen) for kind in clock.KINDS} for w in bits}
    return speeds, rates


def _programs(live: NDArray[Any], dead: NDArray[Any], rounds: int) -> list[dict[str, Any]]:
    """The paper's run, 128 × 128, from t = 2000, when the pattern fills the domain."""
    cells = live[0].size
    programs: dict[str, tuple[Advance, int, int]] = {
        "cpu, as users call it": (_engine("cpu", PARAMETERS, live), 20_000, cells),
        "cpu, v is extinct": (_stepper(_job(MODEL, Grid(), DYING, dead)), 20_000, cells),
        "reference": (_engine("reference", PARAMETERS, live), 20, cells),
        "NumPy roll": (_numpy_roll(live), 60, cells),
        "py-pde, numba": (_py_pde(live), 600, cells),
    }
    speeds, rates = _measure(programs, rounds)
    fast = statistics.median(speeds["cpu, as users call it"])
    yardstick = _yardstick(rates)
    return [
        {
            "program, one core": name,
            "Gcell/s": statistics.median(values),
            "low": min(values),
            "high": max(values),
            "cpu is faster by": fast / statistics.median(values),
            f"of the yardstick, {yardstick:.2f}": statistics.median(values) / yardstick,
        }
        for name, values in speeds.items()
    ]


def _yardstick(rates: Rates) -> float:
    """Gcell/s of the yardstick on this processor's vectors, whose number is larger where they are narrower."""
    return clock.bound({"any": YARDSTICK}, widest_lanes(), rates[32])


def _models(rounds: int) -> list[dict[str, Any]]:
    """Models of each kind and with each option, 128 × 128."""
    jobs = {name: _job_of(get_model(name)) for name in model_names() if get_model(name).integrator == "euler"}
    state = jobs["gray-scott"].initial
    ramps = {"f": Ramp("x", 0.02, 0.06), "k": Ramp("y", 0.05, 0.06)}
    jobs |= {
        "gray-scott, typed": _job_of(TYPED),
        "elementary functions": _job_of(FUNCTIONS),
        "gray-scott, 5 points": _job(MODEL, Grid(stencil=5), PARAMETERS, state),
        "gray-scott, no-flux": _job(MODEL, Grid(boundary="no-flux"), PARAMETERS, state),
        "gray-scott, dirichlet": _job(MODEL, Grid(boundary="dirichlet"), PARAMETERS, state),
        "gray-scott, f and k vary": _job(MODEL, Grid(), ramps, state),
        "gray-scott, noise": _job(MODEL, Grid(), PARAMETERS, state, noise={"u": 1e-4, "v": 1e-4}),
        "gray-scott, float64": _job(MODEL, Grid(), PARAMETERS, state, double=True),
    }
    return _shares(jobs, rounds)


def _sizes(live: NDArray[Any], rounds: int) -> list[dict[str, Any]]:
    """Gray–Scott and a fourth-order model on squares of several sizes."""
    swift = get_model("swift-hohenberg")
    jobs = {}
    for size in SIZES:
        grid = Grid(size, size)
        tiles = -(-size // 128)
        jobs[f"gray-scott {size}²"] = _job(MODEL, grid, PARAMETERS, np.tile(live, (1, tiles, tiles))[:, :size, :size])
        jobs[f"swift-hohenberg {size}²"] = _job_of(swift, size)
    return _shares(jobs, rounds)


def _shares(jobs: dict[str, Job], rounds: int) -> list[dict[str, Any]]:
    steppers = {name: EulerStepper(job) for name, job in jobs.items()}
    programs: dict[str, tuple[Advance, int, int]] = {}
    for name, stepper in steppers.items():
        cells = jobs[name].initial[0].size
        programs[name] = (stepper.advance, max(CELLS // cells, 8), cells)
        stepper.advance(8)
    speeds, rates = _measure(programs, rounds, (32, 64))
    rows = []
    for name, job in jobs.items():
        kernel = steppers[name].kernel
        bits = 8 * kernel.dtype.itemsize
        counted = operations(kernel.program, job.grid, bits)
        limit = clock.bound(counted, kernel.lanes, rates[bits])
        speed = statistics.median(speeds[name])
        rows.append(
            {
                "model": name,
                "sweeps": len(kernel.program.sweeps),
                "operations": sum(counted.values()),
                "Gcell/s": speed,
                "low": min(speeds[name]),
                "high": max(speeds[name]),
                "bound": limit,
                "share of the bound": speed / limit,
            }
        )
        if job.model.name == "gray-scott" and not job.double:
            rows[-1]["of the yardstick"] = speed / _yardstick(rates)
        else:
            rows[-1]["of the yardstick"] = ""
    return rows


def _threads(live: NDArray[Any], rounds: int) -> list[dict[str, Any]]:
    """The same run on one thread and on two threads at once, by wall time and by thread times.

    If other processes use the cores, only thread times show whether two threads slow each other down.
    """
    steps, cells = 40_000, live[0].size
    steppers = [EulerStepper(_job(MODEL, Grid(), PARAMETERS, live)) for _ in range(2)]
    wall: dict[int, list[float]] = {1: [], 2: []}
    core: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for count in wall:
            spent: list[float] = []

            def advance(stepper: EulerStepper, spent: list[float] = spent) -> None:
                begin = time.thread_time()
                stepper.advance(steps)
                spent.append(time.thread_time() - begin)

            threads = [threading.Thread(target=advance, args=(s,)) for s in steppers[:count]]
            begin = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wall[count].append(count * steps * cells / (time.perf_counter() - begin) / 1e9)
            core[count].append(sum(steps * cells / seconds for seconds in spent) / 1e9)
    medians = {n: (statistics.median(wall[n]), statistics.median(core[n])) for n in wall}
    return [
        {
            "threads": n,
            "Gcell/s, wall time": medians[n][0],
            "relative to one": medians[n][0] / medians[1][0],
            "Gcell/s, thread time": medians[n][1],
            "relative to one thread": medians[n][1] / medians[1][1],
        }
        for n in wall
    ]


def _processor(rounds: int) -> list[dict[str, Any]]:
    """What the bounds assume: operations per cycle on full vectors, at the clock rate of the same rounds."""
    clocks = [clock.clock_rate() for _ in range(rounds)]
    _, rates = _measure({}, rounds, (32, 64))
    ghz = statistics.median(clocks)
    return [
        {"type": f"float{bits}", "GHz": ghz, "lanes": widest_lanes(bits)}
        | {f"{kind} per cycle": rate / ghz for kind, rate in kinds.items()}
        for bits, kinds in rates.items()
    ]


def _start(model: Model, grid: Grid) -> NDArray[np.float64]:
    return InitialCondition.parse(model.initial).state(model, grid.shape, stream(2), model.complete({}))


def _run(parameters: dict[str, float], state: NDArray[Any], steps: int) -> NDArray[Any]:
    job = Job(MODEL, Grid(), DT, MODEL.complete(parameters), state, (steps,))
    return np.asarray(get_engine("cpu").run(job).snapshots[0])


def _job(model: Model, grid: Grid, parameters: dict[str, Any], state: NDArray[Any], **options: Any) -> Job:
    return Job(model, grid, DT, model.complete(parameters), state, (0,), **options)


def _job_of(model: Model, size: int = 128) -> Job:
    """A model with its defaults and explicit Euler."""
    grid = Grid(size, size, spacing=model.spacing)
    parameters = model.complete({})
    dt = min(model.dt or automatic_step(model, grid, parameters), largest_step(model, grid, parameters))
    return Job(model, grid, dt, parameters, _start(model, grid), (0,))


def _engine(name: str, parameters: dict[str, float], state: NDArray[Any]) -> Advance:
    """The engine as users call it."""
    engine = get_engine(name)

    def advance(steps: int) -> object:
        return engine.run(Job(MODEL, Grid(), DT, MODEL.complete(parameters), state, (steps,)))

    advance(1)
    return advance


def _stepper(job: Job) -> Advance:
    """The kernel alone, without the early exit of runs that no longer change."""
    return EulerStepper(job).advance


def _numpy_roll(state: NDArray[Any]) -> Advance:
    """Gray–Scott as it is commonly implemented in NumPy."""
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


if __name__ == "__main__":
    main()
