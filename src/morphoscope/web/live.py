"""Open the page of live runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.extras import require

if TYPE_CHECKING:
    from morphoscope.models import Model
    from morphoscope.web.server.listening import Address

PathLike = str | Path


def live(
    model: PathLike | Model | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    size: tuple[int, int] = (128, 128),
    boundary: str = "periodic",
    stencil: int = 9,
    initial: str | None = None,
    seed: int = 0,
    host: str = "127.0.0.1",
    port: int = 0,
    browser: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Simulate a model live in the browser: change parameters, paint on the pattern, compare it with theory.

    The run is computed by explicit Euler on the graphics processor of the browser. The function serves the page until
    it is interrupted.

    Parameters
    ----------
    model
        A model, the name of a built-in one, or a model file (.toml). Without one, the page shows a menu.
    parameters
        Values of parameters; the others have their defaults.
    size
        Width and height of the grid in cells, at most 1024 × 1024; height 1 for one dimension.
    boundary
        ``periodic``, ``no-flux`` or ``dirichlet``, or one for each axis, as in ``x=no-flux,y=periodic``.
    stencil
        Number of points of the discrete Laplacian, 9 or 5.
    initial
        Initial condition in the notation of the command line. Default: the model's own.
    seed
        Seed of the initial condition.
    host
        Address to listen on. With an address other than 127.0.0.1, other computers can connect.
    port
        Port to listen on; 0 chooses a free one.
    browser
        Whether to open the page in the browser.
    report
        Called with lines of text, such as the address of the page. It contains a token; anyone who has it can use the
        page.

    Raises
    ------
    UsageError
        If there is no such model or it can't be simulated in the browser, if a setting is invalid, or if the address
        can't be used.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.live("gray-scott", {"f": 0.03})  # doctest: +SKIP
    """
    require("explore")
    from morphoscope.web.redirect import opened_in_browser
    from morphoscope.web.server.listening import serve
    from morphoscope.web.server.live_site import LiveSite

    site = LiveSite(_settings(model, parameters or {}, size, boundary, stencil, initial, seed))

    def started(address: Address) -> None:
        report(f"open {address.url}")
        if address.open_to_others:
            report(f"anyone who can reach {address.host}:{address.port} and has this link can use the page")
        report("press Ctrl+C to stop")
        if browser:
            open_page.enter_context(opened_in_browser(address.url))

    with contextlib.ExitStack() as open_page:
        serve(site, host=host, port=port, started=started)


def _settings(
    model: PathLike | Model | None,
    parameters: Mapping[str, Any],
    size: tuple[int, int],
    boundary: str,
    stencil: int,
    initial: str | None,
    seed: int,
) -> Any:
    """The checked settings of a page, see :class:`.LiveSettings`."""
    from morphoscope.core.errors import UsageError
    from morphoscope.engines.grid import Grid
    from morphoscope.engines.initial import InitialCondition
    from morphoscope.models import Model, find_model
    from morphoscope.web.server.live_data import live_grid
    from morphoscope.web.server.live_site import LiveSettings
    from morphoscope.web.server.program import program

    width, height = size
    live_grid(width, height)
    grid = Grid(height, width, boundary=boundary, stencil=stencil)
    if initial is not None:
        InitialCondition.parse(initial, files=False)
    if model is None:
        if parameters:
            raise UsageError("parameters are given without a model; name one, as in gray-scott")
        return LiveSettings(
            width=width, height=height, boundary=grid.boundary, stencil=stencil, initial=initial, seed=seed
        )
    found = model if isinstance(model, Model) else find_model(model)
    values = found.complete(parameters)
    if values.varying:
        raise UsageError(f"parameter {next(iter(values.varying))} varies in space; a live run takes numbers")
    program(found)
    given = {name: float(value) for name, value in values.given.items()}
    return LiveSettings(found, given, width, height, grid.boundary, stencil, initial, seed)
