"""Simulate one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.models import Model

PathLike = str | Path


def simulate(
    model: PathLike | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    out: PathLike | None = None,
    initial: str | None = None,
    video: PathLike | None = None,
    engine: str = "cpu",
    overwrite: bool = False,
    **settings: Any,
) -> Simulation:
    """Simulate one run; with ``out`` write picture.png, u.png, initial.npz, snapshots.npz, run.json into that folder.

    ``model``: a model, a built-in one's name, or a file (.toml). ``parameters``: numbers, or what varies in space: an
    array (height, width), or a :class:`~morphoscope.models.Ramp`. ``initial``: a named initial condition, with options
    as in ``spots:count=30``, or a file. ``settings``: size, until, dt, stencil, boundary, times, integrator, noise, …
    as in :class:`~morphoscope.ensembles.settings.Settings`; what is not given is the model's custom.
    """
    from morphoscope.ensembles.pictures import save_film
    from morphoscope.ensembles.run_folder import check_run_folder, save_run
    from morphoscope.ensembles.settings import known_settings
    from morphoscope.ensembles.simulation import simulate_one, single_plan
    from morphoscope.models import Model, find_model
    from morphoscope.rendering.video import check_video_path

    plan = single_plan(
        model if isinstance(model, Model) else find_model(model),
        parameters or {},
        seed=seed,
        initial=initial,
        **known_settings(settings),
    )
    if video is not None:
        check_video_path(video)
    if out is not None:
        check_run_folder(Path(out), overwrite=overwrite)
    simulation = simulate_one(plan, engine=engine, video=video is not None)
    if out is not None:
        save_run(simulation, Path(out), overwrite=overwrite)
    if video is not None:
        save_film(simulation, video)
    return simulation
