"""The type of a point in parameter space, from linear stability and, where that is not sufficient, from orbits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.theory.dispersion import most_unstable
from morphoscope.theory.equations import conserved_sums, numeric_parameters, preserves_nonnegativity
from morphoscope.theory.linearization import Linearization, continuum_symbols
from morphoscope.theory.orbits import orbits
from morphoscope.theory.states import SteadyState, homogeneous_states

POINT_KINDS = (
    "stable", "bistable", "excitable-like", "Turing", "wave", "spinodal", "Hopf", "Turing–Hopf", "unstable",
)  # fmt: skip

_EXCITATION = 3.0  # largest distance of an excited orbit, relative to the perturbation
_PERTURBATIONS = 12  # in each direction


def classify_point(
    model: Model, parameters: Mapping[str, Any] | None = None, states: list[SteadyState] | None = None
) -> str:
    """Classify a point in parameter space by the instabilities of its homogeneous steady states.

    Parameters
    ----------
    model : Model
        The model.
    parameters : mapping, optional
        Parameter values by name. Parameters not given take the model's defaults.
    states : list of SteadyState, optional
        The steady states at these parameters, if they are already known.

    Returns
    -------
    str
        One of ``stable``, ``bistable``, ``excitable-like``, ``Turing``, ``wave``, ``spinodal``, ``Hopf``,
        ``Turing–Hopf`` and ``unstable``.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    Notes
    -----
    A steady state is *fully stable* if neither homogeneous perturbations nor waves grow on it. It is *patterned* if it
    is stable to homogeneous perturbations but unstable to waves. It is *oscillatory* if a complex pair of eigenvalues
    grows and no real eigenvalue does. If no state is stable to homogeneous perturbations, a state with two growing real
    eigenvalues counts as oscillatory too, because the focus becomes a node beyond a Hopf line.

    The first rule that holds decides:

    1. ``Turing–Hopf``: a stationary wave also grows on an oscillatory state (the growth rate has a positive maximum at
       some q > 0 where det(−M(q)) < 0 for the linearisation M), or there are both an oscillatory and a patterned state.
    2. A patterned state: ``spinodal`` if a conserved sum makes waves of all lengths above a shortest one grow
       (Cahn–Hilliard); ``wave`` if the fastest-growing wave oscillates in an isotropic model (in an anisotropic one all
       patterns drift); ``Turing`` otherwise.
    3. An oscillatory state: ``excitable-like`` if the orbit that leaves it ends in a fully stable state; ``Hopf``
       otherwise.
    4. ``bistable``: two or more fully stable states.
    5. ``excitable-like``: one fully stable state with a threshold. One species is perturbed, by up to the distance
       between the model's background and perturbation. The orbit gets at least three times as far away in that species
       before it returns, and at least three times as far, in proportion, as after a thousandth of that perturbation.
    6. ``stable``: one fully stable state. ``unstable``: everything else.

    Examples
    --------
    >>> from morphoscope import models, theory
    >>> brusselator = models.get_model("brusselator")
    >>> theory.classify_point(brusselator, {"A": 2, "B": 3, "Du": 1, "Dv": 8})
    'Turing'
    >>> theory.classify_point(brusselator, {"A": 2, "B": 6, "Du": 1, "Dv": 1})
    'Hopf'
    """
    values = numeric_parameters(model, parameters)
    states = homogeneous_states(model, values) if states is None else states
    linearizations = {id(state): Linearization(model, {**values, **state.values}) for state in states}
    growing = {key: bool(wave.finite_growth()[0] > 0) for key, wave in linearizations.items()}
    fully_stable = [state for state in states if state.stable and not growing[id(state)]]
    patterned = [state for state in states if state.stable and growing[id(state)]]
    oscillatory = [state for state in states if _is_oscillatory(state, alone=not any(s.stable for s in states))]
    if oscillatory and (patterned or any(_has_stationary_band(linearizations[id(state)]) for state in oscillatory)):
        return "Turing–Hopf"
    if patterned:
        return _pattern(model, values, patterned, linearizations)
    if oscillatory:
        return "excitable-like" if _all_orbits_end_in(model, values, oscillatory, fully_stable) else "Hopf"
    if len(fully_stable) > 1:
        return "bistable"
    if fully_stable:
        return "excitable-like" if is_excitable(model, values, fully_stable[0]) else "stable"
    return "unstable"


def _is_oscillatory(state: SteadyState, *, alone: bool) -> bool:
    growing = state.eigenvalues[: state.unstable_directions]
    small = 1e-9 * np.abs(state.jacobian).max()
    complex_pair = len(growing) > 0 and bool(np.all(np.abs(growing.imag) > small))
    return complex_pair or (alone and len(growing) > 0 and len(growing) % 2 == 0)


def _has_stationary_band(linearization: Linearization) -> bool:
    """Whether the growth rate has a positive maximum at finite q where a single real eigenvalue grows."""
    q, growth, _ = linearization.peak()
    if growth[0] <= 0 or q[0] <= 2 * linearization.scales()[0][0] / 30:
        return False
    if not linearization.isotropic:
        return bool(growth[0] > 0)
    return bool(np.linalg.det(-linearization.matrices(q[:, None], 0.0, continuum_symbols))[0, 0] < 0)


def _pattern(
    model: Model, values: Mapping[str, float], patterned: list[SteadyState], linearizations: Mapping[int, Linearization]
) -> str:
    """The kind of instability to waves."""
    modes = {id(state): most_unstable(model, state, values, finite=True) for state in patterned}
    state = max(patterned, key=lambda state: modes[id(state)].growth)
    mode, wave = modes[id(state)], linearizations[id(state)]
    if conserved_sums(model) and wave.growth(wave.scales()[0][0] / 30, 0.0, continuum_symbols)[0, 0] > 0:
        return "spinodal"
    return "wave" if mode.oscillates and wave.isotropic else "Turing"


def _all_orbits_end_in(
    model: Model, values: Mapping[str, float], oscillatory: list[SteadyState], fully_stable: list[SteadyState]
) -> bool:
    """Whether all orbits that leave the oscillatory states end in one of the fully stable ones."""
    if not fully_stable:
        return False
    ends = np.array([list(state.values.values()) for state in fully_stable])
    for state in oscillatory:
        center = np.array(list(state.values.values()))
        apart = np.abs(ends - center).max(axis=0) + 1e-12
        growth = state.eigenvalues[0].real
        slowest = min(np.abs(stable_state.eigenvalues.real).min() for stable_state in fully_stable)
        starts = center + np.array([[0.01], [-0.01]]) * apart
        orbit = orbits(model, values, starts, 30 / growth + 10 / max(slowest, growth / 100))
        if orbit is None:
            return False
        distance = np.abs((orbit[-1][:, None] - ends[None]) / apart).max(axis=-1)
        if not (distance.min(axis=1) < 0.05).all():
            return False
    return True


def is_excitable(model: Model, values: Mapping[str, float], stable_state: SteadyState) -> bool:
    """Whether a perturbation of one species is amplified before the orbit returns: rule 5 of :func:`classify_point`."""
    decay = -stable_state.eigenvalues.real
    if decay.min() <= 0:
        return False
    center = np.array([stable_state.values[s] for s in model.species])
    span = np.array([abs(model.perturbation[s] - model.background[s]) for s in model.species])
    span = np.where(span > 0, span, np.maximum(np.abs(center), 1.0))
    perturbations = np.concatenate([sign * np.geomspace(1e-3, 1, _PERTURBATIONS) for sign in (1, -1)])
    starts = np.concatenate([center + step for step in _along_each(perturbations, span)])
    if preserves_nonnegativity(model):
        starts = np.maximum(starts, 0.0)
    orbit = orbits(model, values, starts, 20 / float(decay.min()))
    if orbit is None:
        return False
    for index in range(len(center)):
        part = slice(index * len(perturbations), (index + 1) * len(perturbations))
        initial = np.abs(starts[part, index] - center[index])
        scale = np.where(initial > 0, initial, np.inf)
        away = np.abs(orbit[:, part, index] - center[index]) / scale  # (frames, perturbations)
        far, returned = away.max(axis=0), away[-1] < 0.1
        for half in (slice(0, _PERTURBATIONS), slice(_PERTURBATIONS, None)):
            excited = far[half] >= _EXCITATION * max(1.0, far[half][0])
            if bool((excited & returned[half]).any()):
                return True
    return False


def _along_each(perturbations: NDArray[np.float64], span: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The perturbations applied to each species in turn: arrays (perturbations, species)."""
    return [perturbations[:, None] * np.where(np.arange(len(span)) == index, span, 0.0) for index in range(len(span))]
