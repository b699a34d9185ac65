"""Thresholds of instabilities, measured by simulation and compared with theory.

    python benchmarks/thresholds.py [--engine cpu] [--json]

The only input from theory is the interval in which a threshold is searched. All runs use explicit Euler in float64.
"Closed form" is the formula from the literature; "package" is what morphoscope.theory derives from the model.

Turing, Swift–Hohenberg: a long strip starts at a distance of 1e-6 from a homogeneous state, which was found by letting
a uniform patch relax. The amplitudes of its Fourier modes grow or decay. The rate of the fastest-growing mode is fitted
for parameter values on both sides, and interpolated to zero. The cell size does not shift these thresholds, because a
grid only relabels wavenumbers. The wavelength follows from the grid's own Laplacian, 2π/√(−∇²).

Hopf: uniform patches, one per parameter value, start at a distance of 1e-6 from their steady state; the growth rate
follows from the maxima of the oscillation. The time step of Euler's method shifts this threshold by about dt ω².

Existence (saddle-node): uniform patches, one per k, start in the state that exists at a smaller k. Beyond the line they
leave it after a time T that grows as (k − k_c)^(−1/2), so k is extrapolated to 1/T² = 0. This is done for f > 1/16,
where the state is stable up to the line.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Grid, Job, get_engine
from morphoscope.models import Model, get_model
from morphoscope.models.spatial import ParameterField
from morphoscope.theory import CriticalValue, critical_values, homogeneous_states

Values = Mapping[str, float]
Field = NDArray[np.float64]
CELLS = 768  # per strip
PATCH = 4  # cells along both axes: the smallest grid
SMALL = 1e-6


@dataclasses.dataclass(frozen=True)
class Watch:
    """How a case is simulated: time step, start and end of the fit, cell size, and time for a patch to relax."""

    dt: float
    begin: float
    end: float
    spacing: float = 1.0
    relaxation: float = 400.0


@dataclasses.dataclass(frozen=True)
class Case:
    """One threshold of ``parameter`` at fixed ``others``, searched inside ``window``.

    ``closed_form``: the value from the literature, if there is one; ``wavelength``: likewise for the wave that starts
    to grow. ``scale``: what a deviation is relative to; default: the theoretical value.
    """

    model: str
    kind: str
    parameter: str
    others: dict[str, float]
    window: tuple[float, float]
    watch: Watch
    closed_form: float | None = None
    wavelength: float | None = None
    scale: float | None = None


@dataclasses.dataclass(frozen=True)
class Measured:
    """The result for a case; ``package``: what morphoscope.theory finds in the window."""

    case: Case
    package: CriticalValue
    value: float
    wavelength: float | None

    @property
    def deviation(self) -> float:
        theory = self.package.value if self.case.closed_form is None else self.case.closed_form
        return (self.value - theory) / (self.case.scale or theory)


def cases() -> list[Case]:
    return [*_schnakenberg(), *_brusselator(), _swift_hohenberg(), *_gray_scott(), *_others()]


def _schnakenberg() -> list[Case]:
    found = []
    for a, b, window in ((0.14, 1.34, (17.0, 20.0)), (0.1, 0.9, (8.0, 9.5))):
        total, slope = a + b, (b - a) / (a + b)
        # (Dv fu + gv)² = 4 Dv det with fu = slope, gv = −total², det = total²
        ratio = (total * (1 + np.sqrt(1 + slope)) / slope) ** 2
        wavelength = 2 * np.pi / np.sqrt(total / np.sqrt(ratio))
        others, watch = {"a": a, "b": b, "Du": 1.0}, Watch(0.02, 40.0, 100.0)
        found.append(Case("schnakenberg", "Turing", "Dv", others, window, watch, ratio, wavelength))
    return found


def _brusselator() -> list[Case]:
    found = []
    for feed, du, dv, window in ((4.5, 2.0, 16.0, (6.4, 7.0)), (3.0, 1.0, 10.0, (3.6, 4.0))):
        onset, wavelength = (1 + feed * np.sqrt(du / dv)) ** 2, 2 * np.pi / np.sqrt(feed / np.sqrt(du * dv))
        others, watch = {"A": feed, "Du": du, "Dv": dv}, Watch(0.01, 10.0, 30.0)
        found.append(Case("brusselator", "Turing", "B", others, window, watch, onset, wavelength))
    for feed, window in ((1.0, (1.8, 2.1)), (2.0, (4.7, 5.2)), (3.0, (9.6, 10.3))):
        watch = Watch(0.0005, 3.0, 20.0)
        found.append(Case("brusselator", "Hopf", "B", {"A": feed}, window, watch, 1 + feed**2))
    return found


def _swift_hohenberg() -> Case:
    watch = Watch(0.05, 20.0, 60.0, spacing=0.8)
    return Case("swift-hohenberg", "Turing", "r", {"g": 0.0}, (-0.1, 0.12), watch, 0.0, 2 * np.pi, scale=0.22)


def _gray_scott() -> list[Case]:
    windows = {0.07: (0.05, 0.075), 0.08: (0.05, 0.075), 0.1: (0.045, 0.07), 0.15: (0.035, 0.055), 0.2: (0.018, 0.03)}
    watch = Watch(0.1, 0.0, 5000.0, relaxation=2000.0)
    return [
        Case("gray-scott", "saddle-node", "k", {"f": f}, window, watch, (np.sqrt(f) - 2 * f) / 2)
        for f, window in windows.items()
    ]


def _others() -> list[Case]:
    gierer, cima = {"sigma": 0.0, "Du": 0.5, "Dv": 20.0}, {"a": 12.0, "c": 1.07, "sigma": 50.0, "Du": 1.0}
    slope = {"m": 0.45, "nu": 182.5, "Dw": 500.0, "Dn": 1.0}
    hill = Watch(0.0002, 10.0, 30.0, spacing=0.5, relaxation=60.0)
    neuron, field = {"epsilon": 0.05, "a1": 2.0}, {"q": 0.002, "epsilon": 0.03}
    return [
        Case("gierer-meinhardt", "Turing", "kappa", {"mu": 2.0, **gierer}, (0.38, 0.46), Watch(0.02, 40.0, 100.0)),
        Case("lengyel-epstein", "Turing", "b", cima, (0.41, 0.437), Watch(0.004, 20.0, 60.0, relaxation=100.0)),
        Case("klausmeier", "Turing", "a", slope, (3.2, 3.7), hill),
        Case("schnakenberg", "Hopf", "b", {"a": 0.1}, (0.74, 0.82), Watch(0.001, 10.0, 80.0)),
        Case("gierer-meinhardt", "Hopf", "mu", {"kappa": 0.25, **gierer}, (0.66, 0.73), Watch(0.001, 10.0, 80.0)),
        Case("lengyel-epstein", "Hopf", "b", cima, (0.098, 0.107), Watch(0.0002, 4.0, 30.0)),
        Case("fitzhugh-nagumo", "Hopf", "a0", neuron, (-0.226, -0.212), Watch(0.005, 60.0, 400.0)),
        Case("oregonator", "Hopf", "f", field, (0.51, 0.535), Watch(0.0001, 2.0, 12.0)),
        Case("may-leonard", "Hopf", "beta", {"alpha": 0.5}, (1.42, 1.58), Watch(0.002, 30.0, 300.0), 1.5),
        Case("gray-scott", "Hopf", "k", {"f": 0.03}, (0.0525, 0.0538), Watch(0.02, 200.0, 1500.0)),
    ]


def measure(case: Case, engine: str = "cpu") -> Measured:
    """One threshold by simulation, and what the package's theory finds in the same window."""
    critical = critical_values(get_model(case.model), case.parameter, case.others, case.window, [case.kind])
    if len(critical) != 1:
        raise SystemExit(f"{len(critical)} {case.kind} thresholds of {case.model} in {case.window}; expected one")
    if case.kind == "Turing":
        return Measured(case, critical[0], *turing(case, engine))
    method = hopf if case.kind == "Hopf" else existence
    return Measured(case, critical[0], method(case, engine), None)


def run(
    model: Model, grid: Grid, dt: float, parameters: Mapping[str, Any], state: Field, times: Any, engine: str
) -> Field:
    """Snapshots (times, species, height, width) in float64."""
    steps = tuple(int(s) for s in np.rint(np.asarray(times) / dt))
    found = get_engine(engine).run(Job(model, grid, dt, model.complete(parameters), state, steps, double=True))
    return np.asarray(found.snapshots, dtype=np.float64)


def relaxed(model: Model, parameters: Values, watch: Watch, engine: str) -> Field:
    """The homogeneous state (species,) that a uniform patch relaxes to."""
    begin = model.perturbation if len(model.species) > 1 else model.background
    state = np.array([begin[s] for s in model.species])[:, None, None] * np.ones((1, PATCH, PATCH))
    grid = Grid(PATCH, PATCH, spacing=watch.spacing)
    return run(model, grid, watch.dt, parameters, state, [watch.relaxation], engine)[0, :, 0, 0]


def fastest_wave(model: Model, parameters: Values, watch: Watch, engine: str) -> tuple[float, float]:
    """Growth rate, 1/time, and wavelength of the fastest-growing wave, interpolated between the modes of the strip."""
    rest = relaxed(model, parameters, watch, engine)[:, None, None]
    grid = Grid(1, CELLS, spacing=watch.spacing)
    state = rest + SMALL * np.random.default_rng(0).standard_normal((len(rest), 1, CELLS))
    times = np.linspace(watch.begin, watch.end, 9)
    found = run(model, grid, watch.dt, parameters, state, times, engine)
    sizes = np.abs(np.fft.rfft((found - rest)[:, 0, 0], axis=-1))  # (times, waves)
    rates = np.polyfit(times, np.log(np.maximum(sizes, 1e-300)), 1)[0]
    rates[sizes[-1] < 1e-3 * sizes[-1].max()] = -np.inf  # these may be dominated by rounding errors
    best = int(rates[1:-1].argmax()) + 1
    bend, slope, top = np.polyfit([-1, 0, 1], rates[best - 1 : best + 2], 2)
    q = 2 * np.pi * (best - slope / (2 * bend)) / (CELLS * watch.spacing)
    return float(top - slope**2 / (4 * bend)), float(2 * np.pi / np.sqrt(-grid.symbols(q, 0.0)[0]))


def crossing(values: Field, rates: Field) -> float:
    """The zero of a quadratic fit to the rates, inside the range of values."""
    roots = np.roots(np.polyfit(values, rates, 2))
    real = roots[np.abs(roots.imag) < 1e-9].real
    inside = real[(real > values.min()) & (real < values.max())]
    if len(inside) != 1:
        raise SystemExit(f"the rates {rates} do not change sign once between {values.min():g} and {values.max():g}")
    return float(inside[0])


def turing(case: Case, engine: str) -> tuple[float, float]:
    """The value at which the growth rate of the fastest-growing wave is zero, and its wavelength."""
    model, values = get_model(case.model), np.linspace(*case.window, 5)
    found = [fastest_wave(model, {**case.others, case.parameter: float(v)}, case.watch, engine) for v in values]
    rates, wavelengths = np.array(found).T
    at = crossing(values, rates)
    return at, float(np.polyval(np.polyfit(values, wavelengths, 2), at))


def hopf(case: Case, engine: str) -> float:
    """The value at which a uniform oscillation neither grows nor decays.

    Every value has its own row; without diffusion, rows do not interact.
    """
    model, values, watch = _without_diffusion(case.model), np.linspace(*case.window, 5), case.watch
    rest = np.array([_focus(model, {**case.others, case.parameter: float(v)}) for v in values]).T
    start = np.repeat(rest[:, :, None], PATCH, axis=2)
    start[0] *= 1 + SMALL
    parameters = {**case.others, case.parameter: _rows(values)}
    times = np.linspace(watch.begin, watch.end, 1000)
    times = np.rint(times / watch.dt) * watch.dt
    found = run(model, Grid(len(values), PATCH), watch.dt, parameters, start, times, engine)[:, 0, :, 0]
    return crossing(values, np.array([_rate_of_peaks(times, signal) for signal in (found - rest[0]).T]))


def _focus(model: Model, parameters: Values) -> Field:
    """The steady state, (species,), around which a uniform patch can oscillate."""
    states = [state for state in homogeneous_states(model, parameters) if state.eigenvalues.imag.any()]
    if len(states) != 1:
        raise SystemExit(f"{model.name} has {len(states)} foci at {parameters}; expected one")
    return np.array([states[0].values[s] for s in model.species])


def _rate_of_peaks(times: Field, signal: Field) -> float:
    """The growth rate of the maxima of an oscillation, each from a parabola through three samples."""
    middle = np.flatnonzero((signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:]) & (signal[1:-1] > 0)) + 1
    before, here, after = signal[middle - 1], signal[middle], signal[middle + 1]
    heights = here + (before - after) ** 2 / (16 * (here - (before + after) / 2))
    return float(np.polyfit(times[middle], np.log(heights), 1)[0])


def existence(case: Case, engine: str) -> float:
    """The largest value at which a state exists, from the time that it survives beyond it."""
    (low, high), watch = case.window, case.watch
    state = np.array([0.5, 1.0])
    for _ in range(3):  # each iteration has a narrower interval and a closer initial state
        values = np.linspace(low, high, 33)
        state = _patches(case, values[:1], state, [watch.relaxation], engine)[0, :, 0]
        times = np.arange(watch.begin, watch.end, 2.0)
        died = _patches(case, values, state, times, engine)[:, 1] < 0.1 * state[1]
        lifetimes = np.where(died.any(axis=0), times[died.argmax(axis=0)], np.inf)
        last = int(np.flatnonzero(np.isinf(lifetimes))[-1])
        low, high = values[last] - (high - low) / 32, values[last] + (high - low) / 8
    beyond = slice(last + 1, last + 5)
    return float(np.polyval(np.polyfit(1 / lifetimes[beyond] ** 2, values[beyond], 1), 0.0))


def _patches(case: Case, values: Field, state: Field, times: Any, engine: str) -> Field:
    """Uniform patches without diffusion, one per value, all with the same initial state: (times, species, values)."""
    model, rows = _without_diffusion(case.model), max(len(values), PATCH)
    parameters = {**case.others, case.parameter: _rows(np.resize(values, rows))}
    start = state[:, None, None] * np.ones((1, rows, PATCH))
    return run(model, Grid(rows, PATCH), case.watch.dt, parameters, start, times, engine)[..., : len(values), 0]


def _without_diffusion(name: str) -> Model:
    """The model without diffusion, so that cells do not interact."""
    return dataclasses.replace(get_model(name), diffusion={})


def _rows(values: Field) -> ParameterField:
    return ParameterField.of(np.repeat(values[:, None], PATCH, axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default="cpu")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [measure(case, options.engine) for case in cases()]
    if options.json:
        print(json.dumps([{**dataclasses.asdict(m), "deviation": m.deviation} for m in found], indent=1))
        return
    print("| model | threshold | at | closed form | package | measured | deviation | wavelength: theory, measured |")
    print("|---|---|---|---|---|---|---|---|")
    for m in found:
        print(_line(m))


def _line(m: Measured) -> str:
    case = m.case
    at = ", ".join(f"{name}={value:g}" for name, value in case.others.items())
    closed = "—" if case.closed_form is None else f"{case.closed_form:.5g}"
    of = f" of {case.scale:g}" if case.scale else ""
    waves = "" if m.wavelength is None else f"{case.wavelength or m.package.wavelength:.3f}, {m.wavelength:.3f}"
    return (
        f"| {case.model} | {case.kind}, {case.parameter} | {at} | {closed} | {m.package.value:.5g} "
        f"| {m.value:.5g} | {m.deviation:+.3%}{of} | {waves} |"
    )


if __name__ == "__main__":
    main()
