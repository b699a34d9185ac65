"""Pictures of one run that people look at: frames or space and time with axes and a colour bar, and films."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.simulation import Simulation, film_times
from morphoscope.models.spatial import Spatial
from morphoscope.rendering.figure import pattern_figure, space_time_figure
from morphoscope.rendering.video import save_video

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LETTERS = 26  # of a title, for each frame


def simulation_figure(simulation: Simulation) -> Figure:
    """The snapshots of the first species, or space and time of a run in one dimension, with axes and a colour bar.

    Colours cover the range that the model states, and more where the values go beyond it. What hardly varies beside
    the values and the initial state is drawn uniform.
    """
    plan = simulation.plan
    if plan.grid.dimensions == 1 and simulation.video is not None:
        title = _title(simulation, 2)
        return space_time_figure(simulation.video, times=film_times(simulation), title=title, **_scale(simulation))
    frames = simulation.species(plan.model.species[0])
    title = _title(simulation, min(len(frames), 4))
    return pattern_figure(frames, times=simulation.t, title=title, **_scale(simulation))


def save_film(simulation: Simulation, path: str | Path) -> Path:
    """Write the film of the first species as MP4. Raises UsageError for a run without a film."""
    if simulation.video is None:
        raise UsageError("the run was simulated without a film; simulate it with one", parameter="video")
    return save_video(simulation.video, path, times=film_times(simulation), **_scale(simulation))


def _scale(simulation: Simulation) -> dict[str, Any]:
    plan = simulation.plan
    return {
        "spacing": plan.grid.spacing,
        "shown": plan.model.shown,
        "magnitude": float(np.abs(simulation.initial[0]).max()),
        "species": plan.model.species[0],
    }


def _title(simulation: Simulation, frames: int) -> str:
    """The model and the parameters of the run, in lines for a figure of so many frames."""
    run = simulation.plan.runs[0]
    parameters = simulation.plan.model.complete(dict(run.parameters))
    values = [
        f"{name} varies in space" if isinstance(value, Spatial) else f"{name} = {value:.6g}"
        for name, value in parameters.items()
    ]
    text = textwrap.wrap(", ".join([*values, f"seed {run.seed}"]), max(_LETTERS * frames, 40))
    return "\n".join([simulation.plan.model.title, *text])
