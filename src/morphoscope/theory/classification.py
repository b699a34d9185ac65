"""What kind of point in parameter space this is, by linear stability and, where that says too little, by orbits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.theory.balances import conserved, nonnegative, numbers
from morphoscope.theory.dispersion import Waves, continuous, most_unstable
from morphoscope.theory.orbits import orbits
from morphoscope.theory.states import State, homogeneous_states

CLASSES = (
    "stable", "bistable", "excitable-like", "Turing", "wave", "spinodal", "Hopf", "Turing–Hopf", "unstable",
)  # fmt: skip

_LEAP = 3.0  # how many times as far as it was put an excited orbit gets
_KICKS = 12  # to either side


def classify_point(model: Model, parameters: Mapping[str, Any] | None = None, states: list[State] | None = None) -> str:
    """One of :data:`CLASSES` for a point of parameters, by the first of these rules that holds.

    ``resting``: a state on which neither homogeneous perturbations nor waves grow. ``patterned``: one that is stable
    without space, but on which waves grow. ``swinging``: one with a growing complex pair of eigenvalues and no growing
    real one; where no state is stable without space, one with two growing real ones is swinging too (beyond a Hopf
    line the focus becomes a node).

    1. ``Turing–Hopf``: a swinging state on which also a stationary wave grows (growth has a positive maximum at
       some q > 0 where det(−M(q)) < 0), or a swinging state beside a patterned one.
    2. ``spinodal``, ``wave``, ``Turing``: a patterned state. Spinodal where a conserved sum lets waves of any length
       above a shortest one grow (Cahn–Hilliard), wave where the fastest wave oscillates in a model without preferred
       direction (with one all patterns drift), Turing otherwise.
    3. ``Hopf``: a swinging state; but ``excitable-like`` where the orbit that leaves it ends in a resting state.
    4. ``bistable``: two or more resting states.
    5. ``excitable-like``: one resting state, and an orbit from a state that differs from it in one species, by up to
       the distance between the model's background and perturbation, gets three times as far away in that species
       before it comes back, and three times as far, in proportion, as from a thousandth of that distance.
    6. ``stable``: one resting state. ``unstable``: everything else.
    """
    values = numbers(model, parameters)
    states = homogeneous_states(model, values) if states is None else states
    waves = {id(state): Waves(model, {**values, **state.values}) for state in states}
    growing = {key: bool(wave.finite_growth()[0] > 0) for key, wave in waves.items()}
    resting = [state for state in states if state.stable and not growing[id(state)]]
    patterned = [state for state in states if state.stable and growing[id(state)]]
    swinging = [state for state in states if _swings(state, alone=not any(s.stable for s in states))]
    if swinging and (patterned or any(_has_stationary_band(waves[id(state)]) for state in swinging)):
        return "Turing–Hopf"
    if patterned:
        return _pattern(model, values, patterned, waves)
    if swinging:
        return "excitable-like" if _all_end_resting(model, values, swinging, resting) else "Hopf"
    if len(resting) > 1:
        return "bistable"
    if resting:
        return "excitable-like" if is_excitable(model, values, resting[0]) else "stable"
    return "unstable"


def _swings(state: State, *, alone: bool) -> bool:
    growing = state.eigenvalues[: state.unstable_directions]
    small = 1e-9 * np.abs(state.jacobian).max()
    complex_pair = len(growing) > 0 and bool(np.all(np.abs(growing.imag) > small))
    return complex_pair or (alone and len(growing) > 0 and len(growing) % 2 == 0)


def _has_stationary_band(waves: Waves) -> bool:
    """Whether growth has a positive maximum at a wavenumber of its own, where one real eigenvalue grows alone."""
    q, growth, _ = waves.peak()
    if growth[0] <= 0 or q[0] <= 2 * waves.scales()[0][0] / 30:
        return False
    if not waves.isotropic:
        return bool(growth[0] > 0)
    return bool(np.linalg.det(-waves.matrices(q[:, None], 0.0, continuous))[0, 0] < 0)


def _pattern(model: Model, values: Mapping[str, float], patterned: list[State], waves: Mapping[int, Waves]) -> str:
    """Which instability against waves it is."""
    modes = {id(state): most_unstable(model, state, values, finite=True) for state in patterned}
    state = max(patterned, key=lambda state: modes[id(state)].growth)
    mode, wave = modes[id(state)], waves[id(state)]
    if conserved(model) and wave.growth(wave.scales()[0][0] / 30, 0.0, continuous)[0, 0] > 0:
        return "spinodal"
    return "wave" if mode.oscillates and wave.isotropic else "Turing"


def _all_end_resting(model: Model, values: Mapping[str, float], swinging: list[State], resting: list[State]) -> bool:
    """Whether the orbits that leave the swinging states end in one of the resting ones."""
    if not resting:
        return False
    rests = np.array([list(state.values.values()) for state in resting])
    for state in swinging:
        here = np.array(list(state.values.values()))
        apart = np.abs(rests - here).max(axis=0) + 1e-12
        growth = state.eigenvalues[0].real
        slowest = min(np.abs(rest.eigenvalues.real).min() for rest in resting)
        starts = here + np.array([[0.01], [-0.01]]) * apart
        orbit = orbits(model, values, starts, 30 / growth + 10 / max(slowest, growth / 100))
        if orbit is None:
            return False
        distance = np.abs((orbit[-1][:, None] - rests[None]) / apart).max(axis=-1)
        if not (distance.min(axis=1) < 0.05).all():
            return False
    return True


def is_excitable(model: Model, values: Mapping[str, float], rest: State) -> bool:
    """Whether some kick of one species takes the orbit far away before it comes back: rule 5 of classify_point."""
    decay = -rest.eigenvalues.real
    if decay.min() <= 0:
        return False
    here = np.array([rest.values[s] for s in model.species])
    span = np.array([abs(model.perturbation[s] - model.background[s]) for s in model.species])
    span = np.where(span > 0, span, np.maximum(np.abs(here), 1.0))
    kicks = np.concatenate([sign * np.geomspace(1e-3, 1, _KICKS) for sign in (1, -1)])
    starts = np.concatenate([here + kick for kick in _along_each(kicks, span)])
    if nonnegative(model):
        starts = np.maximum(starts, 0.0)
    orbit = orbits(model, values, starts, 20 / float(decay.min()))
    if orbit is None:
        return False
    for index in range(len(here)):
        part = slice(index * len(kicks), (index + 1) * len(kicks))
        put = np.abs(starts[part, index] - here[index])
        away = np.abs(orbit[:, part, index] - here[index]) / np.where(put > 0, put, np.inf)  # (frames, kicks)
        far, back = away.max(axis=0), away[-1] < 0.1
        for half in (slice(0, _KICKS), slice(_KICKS, None)):
            leaps = far[half] >= _LEAP * max(1.0, far[half][0])
            if bool((leaps & back[half]).any()):
                return True
    return False


def _along_each(kicks: NDArray[np.float64], span: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The kicks of each species in turn, (kicks, species)."""
    return [kicks[:, None] * np.where(np.arange(len(span)) == index, span, 0.0) for index in range(len(span))]
