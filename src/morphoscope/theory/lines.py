"""Bifurcation lines in a plane of two parameters, as polylines, and critical values of one parameter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError, nearest
from morphoscope.models import Model
from morphoscope.models.model import UNLIMITED
from morphoscope.theory.closed_forms import existence_margin
from morphoscope.theory.counts import KINDS, StateCounts, count_states, is_kind
from morphoscope.theory.dispersion import most_unstable
from morphoscope.theory.equations import conserved_sums, numeric_parameters
from morphoscope.theory.linearization import isotropic
from morphoscope.theory.roots import is_eliminated
from morphoscope.theory.states import homogeneous_states

_SAMPLES = 400  # per side of the plane, for a closed form
_HALVINGS = 16  # bisection steps at every crossing of a lattice edge
_BRIDGED = 3  # consecutive crossings that may be missing within a line
_FINE = 8  # refinement steps of the search for the fastest-growing wave, near a crossing
_ALONG = 241  # samples along one parameter

NAMES = {
    "saddle-node": "two homogeneous states meet (saddle-node)",
    "Hopf": "a homogeneous state starts to oscillate (Hopf)",
    "Turing": "waves of finite length start to grow (Turing)",
    "spinodal": "long waves start to grow (spinodal)",
}


@dataclasses.dataclass(frozen=True)
class BifurcationLine:
    """A line in a plane of two parameters.

    Attributes
    ----------
    name : str
        What happens at the line, for a legend.
    pieces : tuple of ndarray, (points, 2)
        Polylines; the parameter on the horizontal axis comes first.
    kind : str
        ``existence``, ``saddle-node``, ``Hopf``, ``Turing`` or ``spinodal``.
    """

    name: str
    pieces: tuple[NDArray[np.float64], ...]
    kind: str = ""  # existence, saddle-node, Hopf, Turing or spinodal


@dataclasses.dataclass(frozen=True)
class CriticalValue:
    """A value of one parameter at which the stability or the number of steady states changes.

    Attributes
    ----------
    kind : str
        ``saddle-node``, ``Hopf``, ``Turing`` or ``spinodal``.
    value : float
        The value of the parameter.
    wavelength : float or None
        For ``Turing``: the wavelength of the waves that start to grow, in units of length.
    """

    kind: str
    value: float
    wavelength: float | None = None


def bifurcation_lines(
    model: Model,
    across: tuple[float, float],
    up: tuple[float, float],
    fixed: Mapping[str, float],
    names: Sequence[str] | None = None,
    kinds: Sequence[str] = KINDS,
    samples: int | None = None,
) -> list[BifurcationLine]:
    """Find the bifurcation lines in a rectangle of two parameters.

    Parameters
    ----------
    model : Model
        The model.
    across, up : tuple of float
        Limits (low, high) of the horizontal and the vertical axis.
    fixed : mapping
        Other parameters that differ from the model's defaults.
    names : sequence of str, optional
        The two parameters of the axes, horizontal first. Default: the model's plane.
    kinds : sequence of str
        The bifurcations to look for: ``saddle-node``, ``Hopf``, ``Turing``.
    samples : int, optional
        Points per side of the lattice. Default: 160 for models of one or two species, fewer for models that take
        longer.

    Returns
    -------
    list of BifurcationLine
        Empty if no line crosses the rectangle.

    Raises
    ------
    UsageError
        If a parameter is unknown or varies in space, or if the two names are not different.

    Notes
    -----
    Existence or saddle-node: det J = 0, a pair of homogeneous states appears; in closed form where available. Hopf: a
    complex pair of eigenvalues of J crosses the imaginary axis. Turing: max Re λ(q) over q > 0 is zero in a state that
    is stable at q = 0; this is called spinodal if the reactions conserve a sum of species.

    Lines are first located on the lattice. Each crossing of a lattice edge is then bisected to 2e-5 of a cell, so only
    the straight pieces between crossings depend on ``samples``. Lines closer together than one cell may be lost.

    Examples
    --------
    >>> from morphoscope import models, theory
    >>> found = theory.bifurcation_lines(models.get_model("brusselator"), (2, 5), (4, 12), {}, samples=20)
    >>> [line.kind for line in found]
    ['Hopf', 'Turing']
    """
    names = tuple(names or model.plane)
    if len(names) != 2 or names[0] == names[1]:
        raise UsageError(f"a plane of {', '.join(names) or 'no parameters'}; expected two different parameters")
    for name in names:
        if name not in model.defaults:
            raise UsageError(f"unknown parameter {name!r} of {model.name}; {nearest(name, model.defaults)}")
    values = numeric_parameters(model, {name: value for name, value in fixed.items() if name not in names})
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
) -> list[CriticalValue]:
    """Find the values of one parameter at which the stability or the number of steady states changes.

    Parameters
    ----------
    model : Model
        The model.
    name : str
        The parameter to vary.
    parameters : mapping, optional
        Values of the other parameters. Parameters not given take the model's defaults.
    between : tuple of float, optional
        The interval to search. Default: the parameter's range or, if it has none, from 0 to four times its value.
    kinds : sequence of str
        The bifurcations to look for: ``saddle-node``, ``Hopf``, ``Turing``.

    Returns
    -------
    list of CriticalValue
        In ascending order. Changes closer together than 1/240 of the interval may be missed.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    Examples
    --------
    The Turing threshold of the Brusselator is B = (1 + A √(Du/Dv))², which is 2.914 here:

    >>> from morphoscope import models, theory
    >>> brusselator = models.get_model("brusselator")
    >>> found = theory.critical_values(brusselator, "B", {"A": 2, "Du": 1, "Dv": 8}, between=(1, 6))
    >>> [(critical.kind, round(critical.value, 3)) for critical in found]
    [('Turing', 2.914), ('Hopf', 5.0)]
    """
    values: dict[str, Any] = dict(numeric_parameters(model, {name: model.defaults.get(name), **(parameters or {})}))
    low, high = between or _sensible(values[name], model.ranges[name])
    axis = np.linspace(low, high, _ALONG)

    def count(at: NDArray[np.float64], waves: bool, zooms: int) -> StateCounts:
        return count_states(model, {**values, name: at}, waves=waves, zooms=zooms)

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
                found.append(CriticalValue(called, at, length))
    return sorted(found, key=lambda critical: critical.value)


def _named(kind: str, model: Model) -> str:
    """With a conserved sum, infinitely long waves grow first: the threshold is a spinodal."""
    return "spinodal" if kind == "Turing" and conserved_sums(model) else kind


def _critical_wavelength(model: Model, values: Mapping[str, float]) -> float | None:
    """The wavelength of the mode with a growth rate closest to zero, on states stable to homogeneous perturbations."""
    states = (state for state in homogeneous_states(model, values) if state.stable)
    modes = [most_unstable(model, state, values, finite=True) for state in states]
    return min(modes, key=lambda mode: abs(mode.growth)).wavelength if modes else None


def _sensible(value: float, limits: tuple[float, float]) -> tuple[float, float]:
    if limits != UNLIMITED:
        return limits
    low, high = sorted((0.0, 4 * value)) if value else (-1.0, 1.0)
    return low, high


def _inside(ends: tuple[float, float], allowed: tuple[float, float]) -> tuple[float, float]:
    """The limits of an axis, restricted to the parameter's range."""
    low, high = (min(max(float(value), allowed[0]), allowed[1]) for value in ends)
    return low, high


def _existence(
    model: Model, values: Mapping[str, float], names: tuple[str, ...], ends: list[tuple[float, float]]
) -> BifurcationLine | None:
    """The line on which the radicand of a closed form vanishes."""
    from contourpy import contour_generator

    x, y = (np.linspace(*pair, _SAMPLES) for pair in ends)
    with np.errstate(all="ignore"):
        margin = existence_margin(model, {**values, names[0]: x[None, :], names[1]: y[:, None]})
    if not (np.isfinite(margin).all() and margin.min() < 0 < margin.max()):
        return None
    pieces = contour_generator(x, y, margin).lines(0.0)
    name = f"a non-trivial homogeneous state exists {_side(margin)}"
    return BifurcationLine(name, tuple(np.asarray(p) for p in pieces), "existence")


def _side(margin: NDArray[np.float64]) -> str:
    """The side of the line on which the margin is positive."""
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
) -> list[BifurcationLine]:
    """The lines found by counting on a lattice and bisecting its edges."""
    swift = len(model.species) <= 2 and is_eliminated(model)
    side = samples or ((160 if isotropic(model) else 100) if swift else 60 if len(model.species) <= 2 else 48)
    starts = None if swift or is_eliminated(model) else 5 if len(model.species) <= 2 else 3
    (x0, x1), (y0, y1) = ends

    def count(at: NDArray[np.float64], waves: bool, zooms: int) -> StateCounts:
        columns, rows = at[..., 0] / (side - 1), at[..., 1] / (side - 1)
        point = {**values, names[0]: x0 + columns * (x1 - x0), names[1]: y0 + rows * (y1 - y0)}
        return count_states(model, point, waves=waves, zooms=zooms, starts=starts)

    lattice = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).astype(float)
    coarse = count(lattice, "Turing" in kinds, 2)
    found = []
    for kind in kinds:
        pieces = _traced(coarse.of(kind), kind, count)
        scaled = tuple(np.array([x0, y0]) + p / (side - 1) * np.array([x1 - x0, y1 - y0]) for p in pieces)
        if scaled:
            name = _named(kind, model)
            found.append(BifurcationLine(NAMES[name], scaled, name))
    return found


Count = Callable[[NDArray[np.float64], bool, int], StateCounts]


def _traced(field: NDArray[np.int64], kind: str, count: Count) -> list[NDArray[np.float64]]:
    """Polylines, in lattice steps, between different values of ``field`` where the change is of this kind."""
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
        # If a count changes by two, both levels give the same line.
        keys = [(float(x), float(y)) for x, y in np.round(crossings, 3)]
        pieces += _runs(crossings, fit & np.array([key not in seen for key in keys]))
        seen.update(keys)
    return pieces


def _edges(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The ends of the lattice edges on which the points lie."""
    low = np.round(points)
    axis = (np.abs(points - low) > 1e-9).argmax(axis=1)  # the axis of the edge that is crossed
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
    """Bisect the edges around the crossings; return both ends and whether the crossings are of this kind.

    The kind is determined a hundredth of an edge away on both sides: closer to the crossing, two states that meet can't
    be distinguished.
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
    """Split a polyline into stretches where points fit, ignoring gaps of at most three points.

    Gaps occur where a lattice point is so close to the line that the coarse count is wrong. Stretches shorter than two
    lattice steps have the same cause and are dropped.
    """
    good = np.flatnonzero(fits)
    breaks = np.flatnonzero(np.diff(good) > _BRIDGED + 1) + 1
    parts = [points[part] for part in np.split(good, breaks)]
    return [part for part in parts if len(part) > 2 and np.ptp(part, axis=0).max() >= 2]
