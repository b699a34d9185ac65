"""Open the explorer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.extras import require
from morphoscope.core.progress import in_notebook

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.estimating.estimator import Estimator

PathLike = str | Path


def explore(
    atlas: PathLike | Ensemble | Atlas = "gray-scott",
    *,
    compare_with: PathLike | Ensemble | Atlas | None = None,
    estimator: PathLike | Estimator | None = None,
    proposals: PathLike | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    who: str = "anonymous",
    link: str = "",
    browser: bool = False,
    report: Callable[[str], None] = print,
) -> Any:
    """Open the explorer of an atlas: view its patterns, correct classes, train the next pass.

    In a notebook, the page is returned as a widget, which the cell shows; it contains all its scripts, so it needs no
    internet. Its ``annotations`` are the labels of people, and can be observed. Elsewhere the function starts a web
    server and serves the page until it is interrupted.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    compare_with
        A second atlas, to be compared with the first.
    estimator
        An estimator or its folder: the page shows the parameters that it reads from a pattern.
    proposals
        A folder that :func:`morphoscope.discover` wrote for the atlas: the page shows the proposed classes. Default:
        the folder ``proposals`` beside the atlas, if it is one.
    host
        Address to listen on. With an address other than 127.0.0.1, other computers can connect. Not used in a notebook.
    port
        Port to listen on; 0 chooses a free one. Not used in a notebook.
    who
        Name under which annotations are saved.
    link
        A link that somebody has copied from their page of the same atlas: the page shows what it leads to. Not used in
        a notebook.
    browser
        Whether to open the page in the browser. Not used in a notebook.
    report
        Called with lines of text: the address of the page, and warnings. The address contains
        a token; anyone who has it can use the page. Not used in a notebook.

    Returns
    -------
    AtlasWidget or None
        The page in a notebook; None after the server has ended.

    Raises
    ------
    UsageError
        If there is no such atlas, the address can't be used, the link is none of the page, the estimator can't read
        the patterns, or the folder has no proposals for the atlas.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.explore("gray-scott", who="ada")  # doctest: +SKIP
    """
    require("explore")
    from morphoscope.atlas import open_atlas
    from morphoscope.learning.estimating.estimator import open_estimator
    from morphoscope.web.explorer import serve_explorer
    from morphoscope.web.workspace import Workspace

    workspace = Workspace(
        open_atlas(atlas),
        None if compare_with is None else open_atlas(compare_with),
        None if estimator is None else open_estimator(estimator),
        None if proposals is None else Path(proposals),
    )
    if in_notebook():
        from morphoscope.web.widget import AtlasWidget

        return AtlasWidget(workspace, who)
    serve_explorer(workspace, host=host, port=port, who=who, link=link, browser=browser, report=report)
    return None
