"""Where ETDRK2 pays: the time that Euler and ETDRK2 need for the same accuracy, for every built-in model.

    python benchmarks/integrators.py [--models NAME …] [--rounds 5]

Each model starts from its own initial condition and runs for as long as 1000 of its own Euler steps, but at most a
tenth of its default end time, so that chaos plays no role: at its cell size and at half of it. The error is the root
mean square difference from a reference, relative to the largest standard deviation of the reference's species. The
reference is Euler in float64, extrapolated from two small steps. For both integrators, the number of steps is raised by
factors of √2 until the error is below 1 %; runs that are unstable don't count. These runs are in float64 on
48 × 48 cells. The time of a step is measured in float32, the default, on 128 × 128 cells, as thread time;
both integrators take turns, and medians count.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import statistics
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import largest_step
from morphoscope.models import Model, get_model, model_names

TOLERANCES = (0.01,)
CELLS = 48  # of a side, for errors
TIMED_CELLS = 128  # of a side, for times
STEPS = 1000  # of the model's own Euler step: the time that is simulated
REFINEMENT = 16  # Euler steps of the reference for one step of the model
TIMED_STEPS = {"euler": 2000, "etdrk2": 12}
Field = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Case:
    """A model at a cell size, and the time that is simulated."""

    model: Model
    spacing: float

    @property
    def until(self) -> float:
        """The time that is simulated."""
        return min(STEPS * (self.model.dt or math.inf), 0.1 * self.model.until)

    @property
    def own_steps(self) -> int:
        """The steps of a run with the model's own Euler step, or with a smaller one that is stable."""
        return max(math.ceil(self.until / (self.model.dt or math.inf)), self.fewest("euler"))

    def job(self, integrator: str, steps: int, cells: int, count: int, *, double: bool) -> Job:
        """``count`` of the ``steps`` steps that the whole time is divided into."""
        grid = Grid(cells, cells, spacing=self.spacing)
        parameters = self.model.complete({})
        start = self._initial(cells).state(self.model, grid.shape, stream(0), parameters)
        dt = self.until / steps
        return Job(self.model, grid, dt, parameters, start, (count,), integrator=integrator, double=double)

    def _initial(self, cells: int) -> InitialCondition:
        """The model's own initial condition, with as many spots per area on every grid."""
        own = InitialCondition.parse(self.model.initial)
        share = (cells / TIMED_CELLS) ** 2
        options = ((name, max(1, round(value * share)) if name == "count" else value) for name, value in own.options)
        return InitialCondition(own.name, tuple(options))

    def end(self, integrator: str, steps: int) -> Field:
        """The state at the end, float64; all NaN after an unstable run."""
        result = get_engine("cpu").run(self.job(integrator, steps, CELLS, steps, double=True))
        return np.asarray(result.snapshots[-1])

    def fewest(self, integrator: str) -> int:
        """The number of steps that is tried first: for Euler, what its stability limit allows."""
        if integrator != "euler":
            return 4
        grid = Grid(CELLS, CELLS, spacing=self.spacing)
        return math.ceil(self.until / largest_step(self.model, grid, self.model.complete({})))

    def reference(self) -> Field:
        """The end for a step of length zero: Euler's error of first order is extrapolated."""
        steps = REFINEMENT // 2 * self.own_steps
        return 2 * self.end("euler", 2 * steps) - self.end("euler", steps)

    def steps_for(self, integrator: str, tolerances: tuple[float, ...], reference: Field) -> list[int | None]:
        """The number of steps at which the error falls below each tolerance; None if it doesn't."""
        found: list[int | None] = []
        exact = float(self.fewest(integrator))
        most = REFINEMENT * self.own_steps if integrator == "euler" else 2 * self.own_steps
        for tolerance in tolerances:
            while exact <= most and not self.error(integrator, math.ceil(exact), reference) <= tolerance:
                exact *= math.sqrt(2)
            found.append(math.ceil(exact) if exact <= most else None)
        return found

    def error(self, integrator: str, steps: int, reference: Field) -> float:
        """The relative error at the end; NaN for a step that is refused or unstable."""
        try:
            end = self.end(integrator, steps)
        except UsageError:
            return math.nan
        return float(np.sqrt(np.mean((end - reference) ** 2)) / reference.std(axis=(1, 2)).max())

    def seconds(self, steps: dict[str, int], rounds: int) -> dict[str, float]:
        """The time of one step of each integrator, median over the rounds."""
        found: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds):
            for name, number in steps.items():
                count = TIMED_STEPS[name]
                short, long = (self.job(name, number, TIMED_CELLS, n, double=False) for n in (1, 1 + count))
                found[name].append((_thread_time(long) - _thread_time(short)) / count)
        return {name: statistics.median(times) for name, times in found.items()}


def _thread_time(job: Job) -> float:
    begin = time.thread_time()
    get_engine("cpu").run(job)
    return time.thread_time() - begin


def measured(case: Case, rounds: int) -> dict[str, Any]:
    """One row of the table."""
    reference = case.reference()
    steps = {name: case.steps_for(name, TOLERANCES, reference) for name in TIMED_STEPS}
    seconds = case.seconds({name: numbers[-1] or case.own_steps for name, numbers in steps.items()}, rounds)
    return {"case": case, "steps": steps, "seconds": seconds}


def _short(value: float) -> str:
    """Two digits, never as a power of ten."""
    return f"{float(f'{value:.2g}'):g}"


def _line(row: dict[str, Any]) -> str:
    case, steps, seconds = row["case"], row["steps"], row["seconds"]
    cells = [case.model.name, f"{case.spacing:g}", f"{seconds['etdrk2'] / seconds['euler']:.0f}"]
    for numbers in zip(*steps.values(), strict=True):
        spent = [n and n * seconds[name] / case.until for name, n in zip(steps, numbers, strict=True)]
        for number, cost in zip(numbers, spent, strict=True):
            cells += [_short(case.until / number), _short(1000 * cost)] if number else ["none", ""]
        cells.append(_short(spent[0] / spent[1]) if all(spent) else "")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=model_names())
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    heads = ["model", "cell size", "steps of Euler"]
    for tolerance in TOLERANCES:
        heads += [f"Euler, {tolerance:.0%}: dt", "ms", f"ETDRK2, {tolerance:.0%}: dt", "ms", "faster by"]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for name in options.models:
        model = get_model(name)
        for spacing in (model.spacing, model.spacing / 2):
            print(_line(measured(Case(model, spacing), options.rounds)), flush=True)


if __name__ == "__main__":
    main()
