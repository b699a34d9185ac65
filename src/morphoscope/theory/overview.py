"""The complete linear analysis of one point in parameter space, for a report, a figure or JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from morphoscope.models import Model
from morphoscope.theory.classification import classify_point
from morphoscope.theory.closed_forms import closed_form_states
from morphoscope.theory.dispersion import Mode, most_unstable
from morphoscope.theory.equations import numeric_parameters
from morphoscope.theory.linearization import SymbolFunction
from morphoscope.theory.lines import CriticalValue, critical_values
from morphoscope.theory.states import SteadyState, homogeneous_states


@dataclasses.dataclass(frozen=True)
class Overview:
    """The linear analysis of one point in parameter space.

    Attributes
    ----------
    model : Model
        The model.
    parameters : dict
        All parameter values.
    states : tuple of SteadyState
        The homogeneous steady states.
    modes : tuple of Mode
        For each state, the plane wave with the largest growth rate in the continuum.
    grid_modes : tuple of Mode
        The same on a grid with these ``symbols`` and this ``spacing``.
    symbols : callable
        The symbols of the discrete operators, as ``Grid.symbols``.
    spacing : float
        Cell size, in units of length.
    kind : str
        The type of point, see :func:`.classify_point`.
    closed_forms : tuple of dict
        The steady states in closed form: text by species.
    critical : dict
        For each parameter of the model's default plane, the critical values when it alone changes.
    """

    model: Model
    parameters: dict[str, float]
    states: tuple[SteadyState, ...]
    modes: tuple[Mode, ...]
    grid_modes: tuple[Mode, ...]
    symbols: SymbolFunction
    spacing: float
    kind: str
    closed_forms: tuple[dict[str, str], ...]
    critical: dict[str, tuple[CriticalValue, ...]]

    def to_json(self) -> dict[str, Any]:
        """The analysis as plain values for JSON."""
        states = [
            {**state.to_json(), "fastest_wave": mode.to_json(), "fastest_wave_on_grid": on_grid.to_json()}
            for state, mode, on_grid in zip(self.states, self.modes, self.grid_modes, strict=True)
        ]
        return {
            "model": self.model.name,
            "parameters": self.parameters,
            "classification": self.kind,
            "states": states,
            "spacing": self.spacing,
            "closed_forms": list(self.closed_forms),
            "critical": {name: [dataclasses.asdict(c) for c in found] for name, found in self.critical.items()},
        }


def overview(model: Model, parameters: Mapping[str, Any] | None, symbols: SymbolFunction, spacing: float) -> Overview:
    """Compute the complete linear analysis of one point in parameter space.

    Parameters
    ----------
    model : Model
        The model.
    parameters : mapping or None
        Parameter values by name. Parameters not given take the model's defaults.
    symbols : callable
        The symbols of the discrete operators, as ``Grid.symbols``.
    spacing : float
        Cell size, in units of length.

    Returns
    -------
    Overview
        Steady states, fastest-growing modes, type of point and critical values.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    Examples
    --------
    >>> from morphoscope import Grid, models, theory
    >>> grid = Grid(spacing=0.5)
    >>> analysis = theory.overview(models.get_model("schnakenberg"), {}, grid.symbols, grid.spacing)
    >>> analysis.kind, len(analysis.states), round(analysis.modes[0].wavelength, 2)
    ('Turing', 1, 14.94)
    """
    values = numeric_parameters(model, parameters)
    states = homogeneous_states(model, values)
    return Overview(
        model=model,
        parameters=values,
        states=tuple(states),
        modes=tuple(most_unstable(model, state, values) for state in states),
        grid_modes=tuple(
            most_unstable(model, state, values, symbols=symbols, shortest=2 * spacing) for state in states
        ),
        symbols=symbols,
        spacing=spacing,
        kind=classify_point(model, values, states),
        closed_forms=tuple({s: str(form[s]) for s in model.species} for form in closed_form_states(model)),
        critical={name: tuple(critical_values(model, name, values)) for name in dict.fromkeys(model.plane)},
    )
