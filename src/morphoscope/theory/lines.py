"""Lines of theory over a plane of two parameters, as polylines for any map, and along one parameter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError, nearest
from morphoscope.models import Model
from morphoscope.models.model import UNLIMITED
from morphoscope.theory.balances import conserved, numbers
from morphoscope.theory.crossings import KINDS, Census, census, is_kind
from morphoscope.theory.dispersion import isotropic, most_unstable
from morphoscope.theory.roots import is_eliminated
from morphoscope.theory.states import homogeneous_states
from morphoscope.theory.steady_states import existence_margin

_SAMPLES = 400  # a side of the plane, for a closed form
_HALVINGS = 16  # of a cell, at every crossing
_BRIDGED = 3  # crossings that may be missing within a line
_FINE = 8  # how often the fastest wave is zoomed in on, near a crossing
_ALONG = 241  # samples along one parameter

NAMES = {
    "saddle-node": "two homogeneous states meet (saddle-node)",
    "Hopf": "a homogeneous state begins to oscillate (Hopf)",
    "Turing": "waves of finite length begin to grow (Turing)",
    "spinodal": "long waves begin to grow (spinodal)",
}


@dataclasses.dataclass(frozen=True)
class Line:
    """A line over a plane of parameters. ``pieces``: each (points, 2), abscissa first."""

    name: str
    pieces: tuple[NDArray[np.float64], ...]
    kind: str = ""  # existence, saddle-node, Hopf, Turing or spinodal


@dataclasses.dataclass(frozen=True)
class Critical:
    """A value of one parameter at which a line of this kind (saddle-node, Hopf, Turing, spinodal) is crossed.

    ``wavelength``: of the waves that begin to grow there, for Turing.
    """

    kind: str
    value: float
    wavelength: float | None = None


def lines_over(
    model: Model,
    across: tuple[float, float],
    up: tuple[float, float],
    fixed: Mapping[str, float],
    names: Sequence[str] | None = None,
    kinds: Sequence[str] = KINDS,
    samples: int | None = None,
) -> list[Line]:
    """The lines that theory draws over part of a plane of two parameters; none where there is nothing to draw.

    ``across``, ``up``: the ends of the two axes; ``names``: their parameters, by default the model's plane; ``fixed``:
    all other parameters that are not at their defaults. ``samples``: a side of the lattice that the lines are looked
    for on, by default 160 for one or two species, fewer where that takes long. Along its edges every crossing is then
    halved to 2e-5 of a cell, so that only the straight pieces between them depend on it; lines nearer to each other
    than a cell may be lost.

    Existence or saddle-node: det J = 0, a pair of homogeneous states appears; in closed form where there is one.
    Hopf: a complex pair of eigenvalues of J crosses the imaginary axis. Turing: max Re λ(q) over q > 0 is zero in a
    state that is stable at q = 0 (spinodal where a sum of species is conserved).
    Raises UsageError for parameters that the model does not have.
    """
    names = tuple(names or model.plane)
    if len(names) != 2 or names[0] == names[1]:
        raise UsageError(f"a plane of {', '.join(names) or 'nothing'}; expected two different parameters")
    for name in names:
        if name not in model.defaults:
            raise UsageError(f"unknown parameter {name!r} of {model.name}; {nearest(name, model.defaults)}")
    values = numbers(model, {name: value for name, value in fixed.items() if name not in names})
    ends = [_inside(pair, model.ranges[name]) for pair, name in zip((across, up), names, strict=True)]
    if any(low == high for low, high in ends):
        return []
    found = _numerical(model, values, names, ends, kinds, samples)
    if any(line.kind == "saddle-node" for line in found):
        exact = _existence(model, values, names, ends)
        found = [line for line in found if exact is None or line.kind != "saddle-node"]
        found = ([exact] if exact else []) + found
    return found


def critical_values(
    model: Model,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    between: tuple[float, float] | None = None,
    kinds: Sequence[str] = KINDS,
) -> list[Critical]:
    """The values of the parameter ``name`` at which theory's lines are crossed, ascending; the others stay.

    ``between``: where to look, by default the parameter's range (or 0 to four times its value where it has none).
    Lines less than 1/240 of that apart may be missed. Raises UsageError for a name that the model does not have.
    """
    values: dict[str, Any] = dict(numbers(model, {name: model.defaults.get(name), **(parameters or {})}))
    low, high = between or _sensible(values[name], model.ranges[name])
    axis = np.linspace(low, high, _ALONG)

    def count(at: NDArray[np.float64], waves: bool, zooms: int) -> Census:
        return census(model, {**values, name: at}, waves=waves, zooms=zooms)

    coarse = count(axis, "Turing" in kinds, 2)
    found = []
    for kind in kinds:
        field = coarse.of(kind)
        for index in np.flatnonzero(np.diff(field)):
            levels = np.array([(field[index] + field[index + 1]) / 2])
            one, other, fits = _halved(axis[index : index + 1], axis[index + 1 : index + 2], levels, kind, count, 25)
            if fits[0]:
                at = float((one + other)[0] / 2)
                called = _named(kind, model)
                length = _critical_wavelength(model, {**values, name: at}) if called == "Turing" else None
                found.append(Critical(called, at, length))
    return sorted(found, key=lambda critical: critical.value)


def _named(kind: str, model: Model) -> str:
    """Waves that begin to grow where a sum is conserved are infinitely long ones: a spinodal."""
    return "spinodal" if kind == "Turing" and conserved(model) else kind


def _critical_wavelength(model: Model, values: Mapping[str, float]) -> float | None:
    """Of the wave whose growth is nearest to zero, on the states that are stable without space."""
    states = (state for state in homogeneous_states(model, values) if state.stable)
    modes = [most_unstable(model, state, values, finite=True) for state in states]
    return min(modes, key=lambda mode: abs(mode.growth)).wavelength if modes else None


def _sensible(value: float, limits: tuple[float, float]) -> tuple[float, float]:
    if limits != UNLIMITED:
        return limits
    low, high = sorted((0.0, 4 * value)) if value else (-1.0, 1.0)
    return low, high


def _inside(ends: tuple[float, float], allowed: tuple[float, float]) -> tuple[float, float]:
    """An axis as far as the parameter may go."""
    low, high = (min(max(float(value), allowed[0]), allowed[1]) for value in ends)
    return low, high


def _existence(
    model: Model, values: Mapping[str, float], names: tuple[str, ...], ends: list[tuple[float, float]]
) -> Line | None:
    """Where the radicand of a closed form vanishes."""
    from contourpy import contour_generator

    x, y = (np.linspace(*pair, _SAMPLES) for pair in ends)
    with np.errstate(all="ignore"):
        margin = existence_margin(model, {**values, names[0]: x[None, :], names[1]: y[:, None]})
    if not (np.isfinite(margin).all() and margin.min() < 0 < margin.max()):
        return None
    pieces = contour_generator(x, y, margin).lines(0.0)
    name = f"a non-trivial homogeneous state exists {_side(margin)}"
    return Line(name, tuple(np.asarray(p) for p in pieces), "existence")


def _side(margin: NDArray[np.float64]) -> str:
    """On which side of its line a margin is positive."""
    across, up = np.diff((margin > 0).astype(int), axis=1), np.diff((margin > 0).astype(int), axis=0)
    for steps, less, more in ((across, "on its left", "on its right"), (up, "below it", "above it")):
        if steps.any() and (steps <= 0).all():
            return less
        if steps.any() and (steps >= 0).all():
            return more
    return "on one side of it"


def _numerical(
    model: Model,
    values: Mapping[str, float],
    names: tuple[str, ...],
    ends: list[tuple[float, float]],
    kinds: Sequence[str],
    samples: int | None,
) -> list[Line]:
    """The lines by counting on a lattice and halving its edges."""
    swift = len(model.species) <= 2 and is_eliminated(model)
    side = samples or ((160 if isotropic(model) else 100) if swift else 60 if len(model.species) <= 2 else 48)
    starts = None if swift or is_eliminated(model) else 5 if len(model.species) <= 2 else 3
    (x0, x1), (y0, y1) = ends

    def count(at: NDArray[np.float64], waves: bool, zooms: int) -> Census:
        columns, rows = at[..., 0] / (side - 1), at[..., 1] / (side - 1)
        point = {**values, names[0]: x0 + columns * (x1 - x0), names[1]: y0 + rows * (y1 - y0)}
        return census(model, point, waves=waves, zooms=zooms, starts=starts)

    lattice = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).astype(float)
    coarse = count(lattice, "Turing" in kinds, 2)
    found = []
    for kind in kinds:
        pieces = _traced(coarse.of(kind), kind, count)
        scaled = tuple(np.array([x0, y0]) + p / (side - 1) * np.array([x1 - x0, y1 - y0]) for p in pieces)
        if scaled:
            name = _named(kind, model)
            found.append(Line(NAMES[name], scaled, name))
    return found


Count = Callable[[NDArray[np.float64], bool, int], Census]


def _traced(field: NDArray[np.int64], kind: str, count: Count) -> list[NDArray[np.float64]]:
    """Polylines, in steps of the lattice, between different numbers of ``field`` where the change is of this kind."""
    from contourpy import contour_generator

    generator = contour_generator(z=field.astype(float))
    drawn = [
        (level, np.asarray(line))
        for level in np.arange(field.min(), field.max()) + 0.5
        for line in generator.lines(level)
    ]
    if not drawn:
        return []
    low, high = _edges(np.concatenate([line for _, line in drawn]))
    levels = np.concatenate([np.full(len(line), level) for level, line in drawn])
    one, other, fits = _halved(low, high, levels, kind, count, _HALVINGS)
    ends = np.cumsum([len(line) for _, line in drawn])[:-1]
    pieces: list[NDArray[np.float64]] = []
    seen: set[tuple[float, float]] = set()
    for crossings, fit in zip(np.split((one + other) / 2, ends), np.split(fits, ends), strict=True):
        # Where a number changes by two, both levels give the same line.
        keys = [(float(x), float(y)) for x, y in np.round(crossings, 3)]
        pieces += _runs(crossings, fit & np.array([key not in seen for key in keys]))
        seen.update(keys)
    return pieces


def _edges(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the lattice's edges that the points are on."""
    low = np.round(points)
    axis = (np.abs(points - low) > 1e-9).argmax(axis=1)  # the direction of the edge that is crossed
    everyone = np.arange(len(points))
    low[everyone, axis] = np.floor(points[everyone, axis])
    high = low.copy()
    high[everyone, axis] += 1
    return low, high


def _halved(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    levels: NDArray[np.float64],
    kind: str,
    count: Count,
    times: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Both ends of the edges, drawn together around the crossings, and whether those are of this kind.

    What kind it is shows a hundredth of an edge to both sides: nearer by, states that meet can't be told apart.
    """
    waves = kind == "Turing"
    first, last = low, high
    begins = count(low, waves, _FINE).of(kind) > levels
    for _ in range(times):
        middle = (low + high) / 2
        same = (count(middle, waves, _FINE).of(kind) > levels) == begins
        same = same.reshape(-1, *[1] * (low.ndim - 1))
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    before = np.maximum(low - (last - first) / 100, first)
    after = np.minimum(high + (last - first) / 100, last)
    return low, high, is_kind(kind, count(before, waves, _FINE), count(after, waves, _FINE))


def _runs(points: NDArray[np.float64], fits: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """The stretches of a polyline where points fit, over gaps of at most three that don't, which are left out.

    Gaps are where a lattice point is so near the line that the quick look at it was wrong. What is shorter than two
    steps of the lattice is an accident of the same sort, and no line.
    """
    good = np.flatnonzero(fits)
    breaks = np.flatnonzero(np.diff(good) > _BRIDGED + 1) + 1
    parts = [points[part] for part in np.split(good, breaks)]
    return [part for part in parts if len(part) > 2 and np.ptp(part, axis=0).max() >= 2]
