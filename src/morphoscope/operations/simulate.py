"""Simulate one run, open a stored one, repeat it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import AUTO, Reporter, warn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from morphoscope.engines.initial import InitialCondition
    from morphoscope.ensembles.plan import Plan
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.models import Model

PathLike = str | Path
Number = float | str


def simulate(
    model: PathLike | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    size: int | Sequence[int] | None = None,
    until: Number | None = None,
    dt: Number | None = None,
    spacing: Number | None = None,
    stencil: int = 9,
    boundary: str = "periodic",
    times: Number | Iterable[Number] | None = None,
    initial: PathLike | InitialCondition | ArrayLike | Mapping[str, ArrayLike] | Simulation | None = None,
    integrator: str | None = None,
    noise: Number | Mapping[str, Number] | None = None,
    double: bool = False,
    seed: int = 0,
    out: PathLike | None = None,
    video: PathLike | None = None,
    engine: str = "cpu",
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Simulation:
    """Simulate one run.

    Parameters
    ----------
    model
        A model, the name of a built-in one, or a file (.toml).
    parameters
        Values by name: numbers or, for parameters that vary in space, an array (height, width) or a :class:`Ramp`. The
        others have the model's defaults.
    size
        Width and height in cells, or one number for a square; height 1 is one-dimensional. By default 128 × 128, or
        the size of the initial state.
    until
        End time, rounded to a multiple of ``dt``. Default: the model's own.
    dt
        Time step. Default: the model's own, or derived from the equations if it has none for the integrator.
    spacing
        Side of a cell. Default: the model's own.
    stencil
        Number of points of the discrete Laplacian: 9 or 5.
    boundary
        ``periodic``, ``no-flux`` or ``dirichlet``, for both axes or for each axis, as in ``x=no-flux,y=periodic``.
    times
        Times of the snapshots, one or several, rounded to multiples of ``dt``. By default three, to the end.
    initial
        Initial condition: a name, with options as in ``spots:count=30,radius=4``; a file (.npz, .npy, an image); an
        earlier run or its folder, whose last snapshot is used; an array (species, y, x), or (y, x) for one species;
        or arrays by species. Time always starts at 0. Default: the model's own.
    integrator
        ``euler`` or ``etdrk2``. Default: the model's own.
    noise
        Amplitude of additive white noise: by species, or one number for all.
    double
        Compute with float64 instead of float32.
    seed
        Seed of all random numbers.
    out
        Folder for picture.png, u.png, initial.npz, snapshots.npz and run.json.
    video
        MP4 file for a video of the first species.
    engine
        ``cpu``, or ``reference`` (NumPy, float64, slow).
    overwrite
        Replace an earlier run in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Simulation
        The run, with ``dataset()``, ``plot()`` and ``save()``.

    Raises
    ------
    UsageError
        For invalid settings, and for a run that diverges.

    Warns
    -----
    UserWarning
        If concentrations become negative, a pattern is only about one cell wide, float32 is too coarse for the run, or
        a time is visibly rounded.

    See Also
    --------
    open_run : Read a run from its folder.
    repeat_run : Simulate a stored run again.

    Examples
    --------
    >>> import morphoscope
    >>> run = morphoscope.simulate("gray-scott", {"f": 0.03}, size=48, until=100, times=[50, 100])
    >>> run
    <Simulation gray-scott 48x48 t=100 seed=0 engine=cpu>
    >>> run.dataset().sizes["time"]
    2
    """
    from morphoscope.ensembles.settings import Settings
    from morphoscope.ensembles.simulation import run_plan
    from morphoscope.models import Model, find_model

    if str(model).endswith(".json"):
        raise UsageError(f"{model} is not a model; use repeat_run to repeat a stored run, or open_run to open it")
    chosen = model if isinstance(model, Model) else find_model(model)
    condition, start = _initial(chosen, initial)
    if start is not None and size is None:
        size = (start.shape[2], start.shape[1])
    settings = Settings.of(
        size=size,
        until=until,
        dt=dt,
        spacing=spacing,
        stencil=stencil,
        boundary=boundary,
        times=times,
        initial=condition,
        integrator=integrator,
        noise=noise,
        double=double,
    )
    plan = run_plan(chosen, parameters or {}, settings, seed=seed)
    if (rounded := settings.rounded(plan)) is not None:
        warn(progress, rounded)
    return _simulated(plan, start, out=out, video=video, engine=engine, overwrite=overwrite, progress=progress)


def open_run(folder: PathLike) -> Simulation:
    """Open a run from the folder that ``simulate`` or ``Simulation.save`` wrote.

    Parameters
    ----------
    folder
        The folder, or the run.json in it.

    Returns
    -------
    Simulation
        The run as it was simulated. Video frames are stored only for a run in one dimension.

    Raises
    ------
    DataError
        If the folder does not contain a run, or the run is damaged.

    Examples
    --------
    >>> import morphoscope
    >>> _ = morphoscope.simulate("gray-scott", size=48, until=10, out="run")
    >>> morphoscope.open_run("run")
    <Simulation gray-scott 48x48 t=10 seed=0 engine=cpu>
    """
    from morphoscope.ensembles.run_folder import load_run

    return load_run(folder)


def repeat_run(
    run: PathLike | Simulation,
    *,
    out: PathLike | None = None,
    video: PathLike | None = None,
    engine: str | None = None,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Simulation:
    """Simulate a stored run again: the same bits with the same version on the same machine.

    Parameters
    ----------
    run
        A run, its folder, or the run.json in it.
    out, video
        As in :func:`simulate`.
    engine
        Default: the engine that simulated the run.
    overwrite, progress
        As in :func:`simulate`.

    Returns
    -------
    Simulation
        The new run.

    Raises
    ------
    UsageError
        If the folder does not contain a run, and for everything that :func:`simulate` refuses.

    Examples
    --------
    >>> import morphoscope
    >>> run = morphoscope.simulate("gray-scott", size=48, until=10)
    >>> bool((morphoscope.repeat_run(run).states == run.states).all())
    True
    """
    from morphoscope.ensembles.run_folder import load_run, stored_initial

    before = load_run(run) if isinstance(run, str | Path) else run
    return _simulated(
        before.plan,
        stored_initial(before),
        out=out,
        video=video,
        engine=engine or before.engine,
        overwrite=overwrite,
        progress=progress,
    )


def _initial(model: Model, initial: Any) -> tuple[Any, Any]:
    """The initial condition for the plan, and the initial state if it was given as numbers."""
    from morphoscope.engines.initial import InitialCondition
    from morphoscope.engines.state_files import as_state
    from morphoscope.ensembles.run_folder import RUN_FILE, is_run_folder
    from morphoscope.ensembles.simulation import Simulation

    if initial is None or isinstance(initial, InitialCondition):
        return initial, None
    if isinstance(initial, str | Path):
        folder = Path(initial)
        return str(folder / RUN_FILE if is_run_folder(folder) else initial), None
    if isinstance(initial, Simulation):
        last = initial.states[-1]
        initial = dict(zip(initial.plan.model.species, last, strict=True))
    state = as_state(model, initial)
    return InitialCondition.of_array(state), state


def _simulated(
    plan: Plan,
    start: Any,
    *,
    out: PathLike | None,
    video: PathLike | None,
    engine: str,
    overwrite: bool,
    progress: Reporter,
) -> Simulation:
    from morphoscope.core.storage import reserved
    from morphoscope.ensembles.pictures import save_run_video
    from morphoscope.ensembles.run_folder import MARKER
    from morphoscope.ensembles.simulation import simulate_one
    from morphoscope.rendering.video import check_video_path

    if video is not None:
        check_video_path(video)
    with reserved(None if out is None else Path(out), MARKER, "simulating", overwrite=overwrite):
        simulation = simulate_one(plan, engine=engine, video=video is not None, initial=start, progress=progress)
        if out is not None:
            simulation.save(out, overwrite=overwrite)
    if video is not None:
        save_run_video(simulation, video)
    for text in simulation.warnings:
        warnings.warn(text, UserWarning, stacklevel=3)
    return simulation
