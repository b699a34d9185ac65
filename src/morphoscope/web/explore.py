"""Open the explorer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.extras import require
from morphoscope.core.progress import in_notebook

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

PathLike = str | Path


def explore(
    atlas: PathLike | Atlas = "gray-scott",
    *,
    beside: PathLike | Atlas | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    who: str = "anonymous",
    browser: bool = False,
    say: Callable[[str], None] = print,
) -> Any:
    """Open the explorer of an atlas: a widget in a notebook, elsewhere a server that runs until it is interrupted.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped atlas.
    beside
        A second atlas to compare with.
    host
        Address to listen on. Another one than 127.0.0.1 lets other machines in. Not used in a notebook.
    port
        Port to listen on; 0 takes a free one. Not used in a notebook.
    who
        Name under which annotations are kept.
    browser
        Whether to open the page in the browser. Not used in a notebook.
    say
        Called with the address of the page, which contains a token: whoever has it can use the page. Not used in a
        notebook.

    Returns
    -------
    panel.viewable.Viewable or None
        The page in a notebook; None after the server has ended.

    Raises
    ------
    UsageError
        If there is no such atlas, or the address can't be used.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.explore("gray-scott", who="ada")  # doctest: +SKIP
    """
    require("explore")
    from morphoscope.atlas import open_atlas
    from morphoscope.web.explorer import notebook_view, serve_explorer

    opened, second = open_atlas(atlas), None if beside is None else open_atlas(beside)
    if in_notebook():
        return notebook_view(opened, second, who)
    serve_explorer(opened, second, host=host, port=port, who=who, browser=browser, say=say)
    return None
