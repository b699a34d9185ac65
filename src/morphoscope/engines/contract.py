"""The contract that every model must satisfy, built-in or a user's own, and the checks that test it."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.exponential_step import check_exponential_step, default_step
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import check_step
from morphoscope.models.files import model_from_toml, model_to_toml
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters

SIDE = 48  # cells of the square on which a model is tried
FINITE_STEPS = 500
COMPARED_STEPS = 20
TOLERANCE = 5e-5  # cpu against reference, of the largest number: some hundred roundings of float32
UNIFORM_TOLERANCE = 1e-6  # largest spread of a homogeneous state, relative to its largest number


@dataclasses.dataclass(frozen=True)
class Check:
    """The result of one check of a model: its name, whether it passed, and details."""

    name: str
    passed: bool
    detail: str


def check_model(model: Model) -> list[Check]:
    """Check a model against the contract, on a small square; a model is valid if all checks pass.

    Its formulas can be read; defaults are in range; it comes back the same from JSON and TOML; its time step is within
    the stability limit; a kernel can be made of it; from its own initial condition it stays finite; the cpu engine
    agrees with the reference; a homogeneous state stays homogeneous. Nothing is raised: what goes wrong is a check that
    failed.
    """
    trial = _Trial(model)
    checks: list[Check] = []
    for name, check in _CHECKS.items():
        try:
            checks.append(Check(name, True, check(trial)))
        except Exception as error:  # any exception that a model causes is the result of the check
            text = " ".join(str(error).split())
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            checks.append(Check(name, False, f"{kind}{text}"))
        if name == "formulas" and not checks[-1].passed:
            break  # no later check is possible
    return checks


class _Trial:
    """A model on a small grid, with what several checks need of it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.grid = Grid(SIDE, SIDE, spacing=model.spacing)

    @functools.cached_property
    def parameters(self) -> Parameters:
        return self.model.complete({})

    @functools.cached_property
    def dt(self) -> float:
        if self.model.dt is not None:
            return self.model.dt
        initial = InitialCondition.parse(self.model.initial)
        return default_step(self.model, self.grid, self.parameters, self.model.integrator, initial)

    @functools.cached_property
    def start(self) -> NDArray[np.float64]:
        condition = InitialCondition.parse(self.model.initial)
        return condition.state(self.model, self.grid.shape, stream(0), self.parameters)

    def run(self, engine: str, start: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """The state after some steps, (species, height, width), float64; raises ValueError if it isn't finite."""
        job = Job(self.model, self.grid, self.dt, self.parameters, start, (steps,), integrator=self.model.integrator)
        result = get_engine(engine).run(job)
        if result.failed_at is not None:
            raise ValueError(f"numbers are no longer finite, detected at step {result.failed_at} by {engine}")
        return np.asarray(result.snapshots[-1], dtype=np.float64)


def _formulas(trial: _Trial) -> str:
    terms = {**trial.model.reaction_terms, **trial.model.diffusion_terms}
    return f"{len(trial.model.reaction)} species, {len(trial.model.parameters)} parameters, {len(terms)} equations"


def _defaults(trial: _Trial) -> str:
    trial.model.complete({})
    return "all in range"


def _round_trip(trial: _Trial) -> str:
    model = trial.model
    if Model.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False))) != model:
        raise ValueError("the model changes when written to JSON and read back")
    if model_from_toml(model_to_toml(model)) != model:
        raise ValueError("the model changes when written to TOML and read back")
    return "the model is the same after JSON and TOML"


def _time_step(trial: _Trial) -> str:
    chosen = "derived" if trial.model.dt is None else "the model's"
    check = check_step if trial.model.integrator == "euler" else check_exponential_step
    check(trial.model, trial.grid, (trial.parameters,), trial.dt)
    return f"dt = {trial.dt:g}, {chosen}, {trial.model.integrator}"


def _kernel(trial: _Trial) -> str:
    trial.run("cpu", trial.start, 1)
    return f"made, one step done from {trial.model.initial}"


def _finite(trial: _Trial) -> str:
    end = trial.run("cpu", trial.start, FINITE_STEPS)
    return f"{FINITE_STEPS} steps, {end.min():.3g} … {end.max():.3g}"


def _agreement(trial: _Trial) -> str:
    fast, slow = (trial.run(engine, trial.start, COMPARED_STEPS) for engine in ("cpu", "reference"))
    error = _relative(abs(fast - slow).max(axis=(1, 2)), slow)
    if error > TOLERANCE:
        raise ValueError(f"cpu and reference differ by {error:.1e} after {COMPARED_STEPS} steps, more than {TOLERANCE}")
    return f"{error:.1e} of the largest number after {COMPARED_STEPS} steps"


def _homogeneity(trial: _Trial) -> str:
    state = np.array([trial.model.background[s] for s in trial.model.species])
    if InitialCondition.parse(trial.model.initial).name == "steady":  # the background may be the default, and no state
        state = trial.start.mean(axis=(1, 2))
    uniform = np.broadcast_to(state[:, None, None], (len(state), *trial.grid.shape))
    end = trial.run("cpu", np.array(uniform), COMPARED_STEPS)
    spread = _relative(np.ptp(end, axis=(1, 2)), end)
    if spread > UNIFORM_TOLERANCE:
        raise ValueError(f"a homogeneous state spreads by {spread:.1e} in {COMPARED_STEPS} steps")
    return f"a homogeneous state spreads by {spread:.1g} in {COMPARED_STEPS} steps"


def _relative(difference: NDArray[Any], state: NDArray[np.float64]) -> float:
    largest = abs(state).max(axis=(1, 2))
    return float((difference / np.where(largest > 0, largest, 1)).max())


_CHECKS: dict[str, Callable[[_Trial], str]] = {
    "formulas": _formulas,
    "defaults": _defaults,
    "round trip": _round_trip,
    "time step": _time_step,
    "kernel": _kernel,
    "stays finite": _finite,
    "agrees with reference": _agreement,
    "stays homogeneous": _homogeneity,
}
