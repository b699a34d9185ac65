"""The homogeneous states near which a run starts: a time step that is derived from the equations has to suit them."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping
from typing import Any

from morphoscope.engines.initial import ARRAY, FILE, INITIAL_CONDITIONS, InitialCondition
from morphoscope.engines.start_parts import TWO_STATES, steady_noise, steady_start, trivial_and_other
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters

#: How many times the amplitude is reached: 1 of 16,000 cells has more than four standard deviations of normal noise.
_AROUND_STEADY = {"steady": 4.0, "hexagons": 1.0}
_SCALES = (0.1, 10.0)  # largest steady concentrations that the states 0 and 1 of a model without its own still fit

State = dict[str, float]


def starting_states(model: Model, parameters: Parameters, initial: InitialCondition) -> list[State]:
    """States between which the cells of the initial condition lie.

    For ``steady``: the steady state, and all combinations of four standard deviations of noise around it; for
    ``hexagons``, of the height of its waves. For ``inverse`` and ``mixed-spots``: their two steady states. For all
    others :func:`reference_states`, except that named initial conditions are always made of background and perturbed
    state, whatever their size.
    """
    if initial.name in (FILE, ARRAY):
        return reference_states(model, parameters.highest)
    if initial.name in TWO_STATES:
        return list(trivial_and_other(model, parameters, initial.name))
    state = steady_start(model, parameters) if initial.name in _AROUND_STEADY else None
    if state is None:
        return [dict(model.background), dict(model.perturbation)]
    usual = inspect.signature(INITIAL_CONDITIONS.get(initial.name)).parameters["amplitude"].default
    amplitude = abs(float(dict(initial.options).get("amplitude", usual)))
    reach = _AROUND_STEADY[initial.name] * steady_noise(state, amplitude)
    corners = itertools.product(*((value - reach, value, value + reach) for value in state.values()))
    return [dict(zip(state, corner, strict=True)) for corner in corners]


def reference_states(model: Model, values: Mapping[str, Any]) -> list[State]:
    """The model's background and perturbed state; its steady states if these two say nothing about its scale.

    Models that define neither have 0 and 1. Where steady concentrations are all far below or far above 1, rates at 1
    are those of a state that no run visits, and a step derived from them could be 10¹² times too small.
    """
    from morphoscope.theory import homogeneous_states

    named = [dict(model.background), dict(model.perturbation)]
    if {*model.background.values()} != {0.0} or {*model.perturbation.values()} != {1.0}:
        return named
    steady = [state.values for state in homogeneous_states(model, dict(values))]
    scale = max((abs(value) for state in steady for value in state.values()), default=0.0)
    return named if scale == 0 or _SCALES[0] <= scale <= _SCALES[1] else steady
