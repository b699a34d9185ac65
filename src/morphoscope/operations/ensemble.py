"""Simulate many runs: a recipe, a plan file, or a scan of any model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.models import Model

PathLike = str | Path


def ensemble(
    recipe: PathLike | Plan,
    out: PathLike,
    *,
    workers: int | None = None,
    frames: int = 3,
    limit: int | None = None,
    engine: str = "cpu",
    progress: Reporter = AUTO,
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
    from morphoscope.ensembles.settings import Settings, known_settings

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
        settings=Settings(initial=initial, **known_settings(settings)),
    )
