"""What only Python can give a live run in the browser: models, starts, and theory at a point of parameter space."""

from __future__ import annotations

import functools
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines.grid import Grid
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import largest_step
from morphoscope.models import Model, get_model
from morphoscope.models.typed import typed_model
from morphoscope.theory import (
    Mode,
    SteadyState,
    bifurcation_lines,
    classify_point,
    continuum_symbols,
    dispersion,
    homogeneous_states,
    most_unstable,
)
from morphoscope.theory.linearization import Linearization
from morphoscope.web.server.program import program
from morphoscope.web.server.site import Body

MOST_CELLS = 1024**2
_KEPT = 8  # starts that pages may still fetch
_POINTS = 160  # of a dispersion relation
_PEAKS_SHOWN = 3.0  # wavenumbers up to this multiple of the fastest-growing one
_ROUNDING = 1e-9
_LATTICE = 60  # points per side, for lines in a plane

Spec = str | Mapping[str, Any]


class LiveData:
    """Answers to the pages of live runs. A page names a model, or sends the formulas of one.

    ``models``: those that are not built in, by name, such as the model of an atlas or of a file.
    """

    def __init__(self, models: Mapping[str, Model] | None = None) -> None:
        self._models = dict(models or {})
        self._fields: OrderedDict[int, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._last = 0

    @property
    def actions(self) -> dict[str, Callable[..., Any]]:
        """What a page can ask over its websocket."""
        return {"program": self.program, "begin": self.begin, "point": self.point, "plane": self.plane}

    def model(self, spec: Spec) -> Model:
        """The model of a name, or of ``reaction``, ``diffusion`` and ``parameters``; raises UsageError."""
        if isinstance(spec, str):
            return self._models[spec] if spec in self._models else get_model(spec)
        try:
            text = json.dumps({key: dict(spec[key]) for key in ("reaction", "diffusion", "parameters")})
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError("a model needs reaction, diffusion and parameters, each by name") from error
        return _typed(text)

    def program(self, model: Spec) -> dict[str, Any]:
        """The program of a model, with the patterns that are known of it."""
        from morphoscope.web.server.presets import presets

        found = self.model(model)
        return {**program(found), "presets": presets(found)}

    def begin(
        self, model: Spec, parameters: Mapping[str, float], initial: str, seed: int, width: int, height: int
    ) -> int:
        """Make the start of a run; it is fetched by the number that this returns. Text can't name a file."""
        found, grid = self.model(model), live_grid(width, height)
        chosen = InitialCondition.parse(initial, files=False)
        return self.offer(chosen.state(found, grid.shape, stream(int(seed)), found.complete(dict(parameters))))

    def offer(self, state: NDArray[np.float64]) -> int:
        """Keep a start (species, height, width) for a page that fetches it by the number that this returns."""
        with self._lock:
            self._last += 1
            self._fields[self._last] = state.astype("<f4").tobytes()
            if len(self._fields) > _KEPT:
                self._fields.popitem(last=False)
            return self._last

    def field(self, number: int) -> Body | None:
        """A start as float32, (species, height, width)."""
        with self._lock:
            found = self._fields.get(number)
        return None if found is None else Body(found)

    def point(self, model: Spec, parameters: Mapping[str, float], spacing: float, stencil: int) -> dict[str, Any]:
        """Theory at one point: its type, its steady states and, for each, the growth rates of waves.

        ``dt``: the largest stable time step of explicit Euler on this grid, or None.
        """
        found = self.model(model)
        values = found.complete(dict(parameters))
        grid = Grid(spacing=float(spacing), stencil=int(stencil))
        numbers = {name: float(value) for name, value in values.items()}
        states = homogeneous_states(found, numbers)
        limit = largest_step(found, grid, values)
        return {
            "kind": classify_point(found, numbers, states),
            "dt": limit if np.isfinite(limit) else None,
            "states": [_state(found, state, numbers) for state in states],
        }

    def plane(
        self, model: Spec, parameters: Mapping[str, float], across: list[float], up: list[float]
    ) -> list[dict[str, Any]]:
        """The bifurcation lines in the model's plane; the other parameters have these values."""
        found = self.model(model)
        if len(set(found.plane)) < 2:
            return []
        fixed = {name: value for name, value in parameters.items() if name not in found.plane}
        lines = bifurcation_lines(found, _ends(across), _ends(up), fixed, samples=_LATTICE)
        return [
            {"name": line.name, "kind": line.kind, "pieces": [np.round(piece, 9).tolist() for piece in line.pieces]}
            for line in lines
        ]


@functools.lru_cache(maxsize=32)
def _typed(text: str) -> Model:
    values = json.loads(text)
    return typed_model(values["reaction"], values["diffusion"], values["parameters"])


def live_grid(width: Any, height: Any) -> Grid:
    """The grid of a live run; raises UsageError if it is too large."""
    grid = Grid(int(height), int(width))
    if grid.height * grid.width > MOST_CELLS:
        raise UsageError(f"a grid of {width}x{height} cells is too large for a live run; use at most 1024x1024")
    return grid


def _ends(pair: list[float]) -> tuple[float, float]:
    low, high = pair
    return float(low), float(high)


def _state(model: Model, state: SteadyState, parameters: Mapping[str, float]) -> dict[str, Any]:
    """A steady state, its fastest-growing wave of finite length if there is one, and Re λ and Im λ over q."""
    mode = most_unstable(model, state, parameters, finite=True)
    linear = Linearization(model, {**parameters, **state.values})
    around = linear.growth([0.0, mode.q / 2, 2 * mode.q], mode.direction, continuum_symbols)[0]
    peaked = bool((around < mode.growth - _ROUNDING * np.abs(around).max()).all())
    q = np.linspace(0, _PEAKS_SHOWN * mode.q if peaked else float(linear.scales()[1][0]), _POINTS)
    rates = dispersion(model, state, q, direction=mode.direction, parameters=parameters)[:, 0]
    return {
        "values": dict(state.values),
        "kind": state.kind,
        "stable": state.stable,
        "wave": _wave(mode) if peaked else None,
        "q": np.round(q, 9).tolist(),
        "growth": np.round(rates.real, 9).tolist(),
        "frequency": np.round(np.abs(rates.imag), 9).tolist(),
    }


def _wave(mode: Mode) -> dict[str, Any]:
    return {
        "wavelength": mode.wavelength,
        "growth": mode.growth,
        "frequency": abs(mode.rate.imag) if mode.oscillates else 0.0,
    }
