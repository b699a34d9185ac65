"""Figures of one run: frames, or space and time, with axes and a colour bar; and videos."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.simulation import Simulation, video_times
from morphoscope.models.spatial import Spatial
from morphoscope.rendering.figure import pattern_figure, space_time_figure
from morphoscope.rendering.video import save_video

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHARACTERS = 26  # of a title, per frame


def simulation_figure(simulation: Simulation) -> Figure:
    """The snapshots of the first species, or space and time of a run in one dimension, with axes and a colour bar.

    Colours cover the model's ``shown`` range, and more if the values exceed it. A field that varies little compared
    with its values and with the initial state is drawn in one colour.
    """
    plan = simulation.plan
    if plan.grid.dimensions == 1 and simulation.video is not None:
        title = _title(simulation, 2)
        return space_time_figure(simulation.video, times=video_times(simulation), title=title, **_scale(simulation))
    frames = simulation.species(plan.model.species[0])
    title = _title(simulation, min(len(frames), 4))
    return pattern_figure(frames, times=simulation.t, title=title, **_scale(simulation))


def save_run_video(simulation: Simulation, path: str | Path) -> Path:
    """Write the video of the first species as MP4. Raises UsageError for a run without a video."""
    if simulation.video is None:
        raise UsageError("the run was simulated without a video; simulate it with one", parameter="video")
    return save_video(simulation.video, path, times=video_times(simulation), **_scale(simulation))


def _scale(simulation: Simulation) -> dict[str, Any]:
    plan = simulation.plan
    return {
        "spacing": plan.grid.spacing,
        "shown": plan.model.shown,
        "magnitude": float(np.abs(simulation.initial[0]).max()),
        "species": plan.model.species[0],
    }


def _title(simulation: Simulation, frames: int) -> str:
    """The model and the parameters of the run, in lines that fit a figure with so many frames."""
    run = simulation.plan.runs[0]
    parameters = simulation.plan.model.complete(dict(run.parameters))
    values = [
        f"{name} varies in space" if isinstance(value, Spatial) else f"{name} = {value:.6g}"
        for name, value in parameters.items()
    ]
    text = textwrap.wrap(", ".join([*values, f"seed {run.seed}"]), max(_CHARACTERS * frames, 40))
    return "\n".join([simulation.plan.model.title, *text])
