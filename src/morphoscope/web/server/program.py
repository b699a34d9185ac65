"""What a page needs to simulate a model in the browser: shaders, equations, parameters, starts, known patterns."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.engines.grid import Grid
from morphoscope.engines.initial import InitialCondition, named_conditions
from morphoscope.engines.shader import compute_shader, shader
from morphoscope.engines.stability import automatic_step
from morphoscope.engines.webassembly import PITCH, kernel
from morphoscope.models import Model
from morphoscope.models.mathml import mathml
from morphoscope.models.model import UNLIMITED
from morphoscope.models.visualpde import visualpde

_WIDER = 4.0  # the largest value of a slider without a range, in default values


def program(model: Model) -> dict[str, Any]:
    """The program of a model as plain values for JSON; `simulator/program.ts` declares its fields.

    Raises UsageError for a model that can't be simulated in the browser.
    """
    made = shader(model)
    return {
        "name": model.name,
        "title": model.title,
        "species": list(model.species),
        "parameters": [
            {
                "name": name,
                "meaning": model.meanings[name],
                "default": model.defaults[name],
                "range": list(slider_range(model, name)),
            }
            for name in model.parameters
        ],
        "equations": model.equations(),
        "mathml": mathml(model),
        "source": model.source,
        "literature": model.literature,
        "background": [model.background[s] for s in model.species],
        "perturbation": [model.perturbation[s] for s in model.species],
        "plane": list(model.plane),
        "spacing": model.spacing,
        "dt": time_step(model),
        "until": model.until,
        "apart": model.apart,
        "initial": model.initial,
        "starts": list(dict.fromkeys([model.initial, *named_conditions()])),
        "shown": None if model.shown is None else list(model.shown),
        "passes": [dataclasses.asdict(each) for each in made.passes],
        "packed": made.packed,
        "compute": compute_of(model),
        "kernel": kernel_of(model),
        "presets": [],
        "visualpde": visualpde(model),
        "theory": None,
        "formulas": {"reaction": dict(model.reaction), "diffusion": dict(model.diffusion)},
    }


def compute_of(model: Model) -> dict[str, Any]:
    """What computes the steps where a browser has WebGPU."""
    made = compute_shader(model)
    return {"passes": list(made.passes), "channels": made.channels, "inner": made.inner}


def kernel_of(model: Model) -> dict[str, Any] | None:
    """What computes the steps where a browser has no graphics card; None if shaders have to do it there, too."""
    made = kernel(model)
    if made is None:
        return None
    return {"code": base64.b64encode(made.code).decode(), "inner": [list(part) for part in made.inner], "pitch": PITCH}


def slider_range(model: Model, name: str) -> tuple[float, float]:
    """The ends of a parameter's slider: the model's range or, without one, 0 and a multiple of the default."""
    low, high = model.ranges[name]
    if (low, high) != UNLIMITED:
        return low, high
    value = model.defaults[name]
    reach = _WIDER * abs(value) or 1.0
    return (0.0, reach) if value > 0 else (-reach, reach if value == 0 else 0.0)


def time_step(model: Model) -> float:
    """The model's time step, or one that is derived from its equations."""
    if model.dt is not None:
        return model.dt
    grid = Grid(spacing=model.spacing)
    try:
        return automatic_step(model, grid, model.complete({}), InitialCondition.parse(model.initial, files=False))
    except UsageError:
        return automatic_step(model, grid, model.complete({}))
