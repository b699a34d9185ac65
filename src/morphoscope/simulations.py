"""From a model to its runs, one function each; :mod:`morphoscope.api` is their public face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.progress import SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.models import Model

PathLike = str | Path


def models(name: str | None = None) -> list[Model]:
    """The built-in models, or the one of that name."""
    from morphoscope.models import get_model, model_names

    return [get_model(n) for n in ([name] if name else model_names())]


def simulate(
    model: str | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    out: PathLike | None = None,
    size: tuple[int, int] | None = None,
    until: float | None = None,
    dt: float | None = None,
    stencil: int = 9,
    times: Sequence[float] | None = None,
    initial: str = "pearson-gamma",
    video: PathLike | None = None,
    engine: str = "cpu",
    overwrite: bool = False,
) -> Simulation:
    """Simulate one run; with ``out`` write u.png, initial.npz, snapshots.npz and run.json into that folder.

    ``size``: (width, height) in cells. ``times``: snapshot times, by default three, 30 apart, the last at the end.
    ``initial``: a named initial condition, with options as in ``spots:count=30``, or a file.
    """
    from morphoscope.ensembles.simulation import simulate_one, single_plan
    from morphoscope.models import get_model
    from morphoscope.reports.pictures import check_video_path, save_video
    from morphoscope.reports.runs import check_run_folder, save_run

    plan = single_plan(
        get_model(model) if isinstance(model, str) else model,
        parameters or {},
        seed=seed,
        size=size,
        until=until,
        dt=dt,
        stencil=stencil,
        times=times,
        start=initial,
    )
    if video is not None:
        check_video_path(video)
    if out is not None:
        check_run_folder(Path(out), overwrite=overwrite)
    simulation = simulate_one(plan, engine=engine, video=video is not None)
    if out is not None:
        save_run(simulation, Path(out), overwrite=overwrite)
    if video is not None and simulation.video is not None:
        save_video(simulation.video, video)
    return simulation


def ensemble(
    recipe: PathLike | Plan,
    out: PathLike,
    *,
    workers: int | None = None,
    frames: int = 3,
    limit: int | None = None,
    engine: str = "cpu",
    progress: Reporter = SILENT,
) -> Ensemble:
    """Simulate a recipe, a plan file or a plan into the folder ``out``; continues where it was interrupted.

    ``limit`` takes that many runs spread evenly over the plan; ``frames`` is for recipes only.
    """
    from morphoscope.ensembles import Plan, carry_out
    from morphoscope.ensembles import recipe as named_recipe

    if isinstance(recipe, Plan):
        plan = recipe
    elif str(recipe).endswith(".json"):
        plan = Plan.load(Path(recipe))
    else:
        plan = named_recipe(str(recipe), frames)
    if limit is not None:
        plan = plan.limited(limit)
    return carry_out(plan, out, workers=workers, engine=engine, progress=progress)
