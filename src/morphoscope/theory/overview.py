"""All that theory says about one point of a model's parameters, gathered for a page, a picture or JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from morphoscope.models import Model
from morphoscope.theory.balances import numbers
from morphoscope.theory.classification import classify_point
from morphoscope.theory.dispersion import Mode, Symbols, most_unstable
from morphoscope.theory.lines import Critical, critical_values
from morphoscope.theory.states import State, homogeneous_states
from morphoscope.theory.steady_states import steady_states


@dataclasses.dataclass(frozen=True)
class Overview:
    """Theory at one point of parameters.

    ``states``: the homogeneous steady states; ``modes``: for each, the wave that grows fastest (or decays slowest) in
    the continuum; ``grid_modes``: the same on the grid with these ``symbols`` and this ``spacing``. ``kind``:
    :func:`.classify_point`. ``closed``: closed forms by species, as text. ``critical``: for each parameter of the
    model's plane, where lines are crossed when it alone changes.
    """

    model: Model
    parameters: dict[str, float]
    states: tuple[State, ...]
    modes: tuple[Mode, ...]
    grid_modes: tuple[Mode, ...]
    symbols: Symbols
    spacing: float
    kind: str
    closed: tuple[dict[str, str], ...]
    critical: dict[str, tuple[Critical, ...]]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
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
            "closed_forms": list(self.closed),
            "critical": {name: [dataclasses.asdict(c) for c in found] for name, found in self.critical.items()},
        }


def overview(model: Model, parameters: Mapping[str, Any] | None, symbols: Symbols, spacing: float) -> Overview:
    """Gather the theory of a point; ``symbols``, ``spacing``: those of a grid, as ``Grid.symbols``.

    Raises UsageError for parameters that the model refuses or that vary in space.
    """
    values = numbers(model, parameters)
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
        closed=tuple({s: str(form[s]) for s in model.species} for form in steady_states(model)),
        critical={name: tuple(critical_values(model, name, values)) for name in dict.fromkeys(model.plane)},
    )
