"""From a model to its runs, one function each; :mod:`morphoscope.api` is their public face."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.progress import SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.description import Description
    from morphoscope.engines.contract import Check
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.models import Model
    from morphoscope.theory import Overview

PathLike = str | Path


def models(name: PathLike | None = None) -> list[Model]:
    """The built-in models, or the one of that name or in that file (.toml)."""
    from morphoscope.models import find_model, model_names

    return [find_model(n) for n in ([name] if name else model_names())]


def check_model(model: PathLike | Model) -> list[Check]:
    """Check a model against the public contract: see :mod:`morphoscope.engines.contract`.

    ``model``: a model, a built-in one's name, or a file (.toml).
    """
    from morphoscope.engines.contract import check_model as check
    from morphoscope.models import Model, find_model

    return check(model if isinstance(model, Model) else find_model(model))


def new_model(name: str, out: PathLike | None = None) -> Path:
    """Write a commented example of a model of that name, to ``NAME.toml`` unless ``out`` is given; returns its path."""
    from morphoscope.models.files import new_model as write

    return write(name, out)


def theory(
    model: PathLike | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    out: PathLike | None = None,
    stencil: int = 9,
    spacing: float | None = None,
) -> Overview:
    """What the equations say at a point of parameters: steady states, stability, wavelengths, thresholds, class.

    ``model``: a model, a built-in one's name, or a file (.toml). ``out``: a picture (.png, .svg, .pdf) of nullclines
    and dispersion relation. ``stencil``, ``spacing``: the grid whose discrete dispersion stands beside the
    continuum's; the cell size is the model's custom by default.
    """
    from morphoscope.engines import Grid
    from morphoscope.models import Model, find_model
    from morphoscope.reports.style import check_figure_path, save
    from morphoscope.reports.theory_figures import theory_figure
    from morphoscope.theory import overview

    if out is not None:
        check_figure_path(out)
    found = model if isinstance(model, Model) else find_model(model)
    grid = Grid(spacing=found.spacing if spacing is None else spacing, stencil=stencil)
    seen = overview(found, parameters, grid.symbols, grid.spacing)
    if out is not None:
        save(theory_figure(seen), out)
    return seen


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
    """Simulate one run; with ``out`` write u.png, initial.npz, snapshots.npz and run.json into that folder.

    ``model``: a model, a built-in one's name, or a file (.toml). ``parameters``: numbers, or what varies in space: an
    array (height, width), or a :class:`~morphoscope.models.Ramp`. ``initial``: a named initial condition, with options
    as in ``spots:count=30``, or a file. ``settings``: size, until, dt, stencil, boundary, times, integrator, noise, …
    as in :class:`~morphoscope.ensembles.settings.Settings`; what is not given is the model's custom.
    """
    from morphoscope.ensembles.simulation import simulate_one, single_plan
    from morphoscope.models import Model, find_model
    from morphoscope.reports.pictures import check_video_path, save_video
    from morphoscope.reports.runs import check_run_folder, save_run

    plan = single_plan(
        model if isinstance(model, Model) else find_model(model),
        parameters or {},
        seed=seed,
        start=initial,
        **_known(settings),
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


def describe(
    data: PathLike | Ensemble | Atlas,
    *,
    csv: PathLike | None = None,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Description:
    """Measure the physical descriptors of an ensemble's or an atlas's runs, keep them there, and return the table.

    What was measured before is kept. ``csv``: a file for the table, one row a run.
    """
    from morphoscope.atlas.description import check_table_path, describe_any

    if csv is not None:
        check_table_path(Path(csv))
    found = describe_any(data, workers=workers, progress=progress)
    if csv is not None:
        found.save(Path(csv))
    return found


def scan_plan(
    model: str | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    grid: Mapping[str, Sequence[float]] | None = None,
    sample: str | None = None,
    ranges: Mapping[str, Sequence[float]] | None = None,
    points: PathLike | Iterable[Mapping[str, Any]] | None = None,
    replicates: int = 1,
    seed: int = 0,
    record: Sequence[str] | None = None,
    initial: str | None = None,
    **settings: Any,
) -> Plan:
    """The plan of a scan of any model, for :func:`ensemble`.

    The points come from one of ``grid``: a lattice, name → (low, high, number of points), both ends included;
    ``sample``: ``lhs:N`` (Latin hypercube) or ``sobol:N`` in the box of ``ranges``, name → (low, high);
    ``points``: a CSV file, or mappings, with parameters and, optionally, ``class``, ``runs`` and ``seed``.
    Without any of them, one point. ``parameters`` are the same in all runs.

    ``replicates``: runs a point, each with its own seed from the root ``seed``. ``record``: the species that are kept,
    the first by default. ``settings``: size, until, dt, stencil, times, … as in
    :class:`~morphoscope.ensembles.settings.Settings`; what is not given is the model's custom.
    Raises UsageError for what could not be run.
    """
    from morphoscope.ensembles.sampling import scan_plan as planned
    from morphoscope.ensembles.settings import Settings

    return planned(
        model,
        parameters,
        grid=grid,
        sample=sample,
        ranges=ranges,
        points=points,
        replicates=replicates,
        seed=seed,
        record=record,
        settings=Settings(start=initial, **_known(settings)),
    )


def _known(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings by keyword; raises UsageError for a name that there is not."""
    import dataclasses

    from morphoscope.ensembles.settings import Settings
    from morphoscope.errors import UsageError, nearest

    names = {field.name for field in dataclasses.fields(Settings)} - {"start"}
    for name in settings:
        if name not in names:
            raise UsageError(f"unknown setting {name!r}; {nearest(name, names)}")
    return settings
