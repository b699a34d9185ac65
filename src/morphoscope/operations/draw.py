"""Draw an atlas or an ensemble: its map, or its patterns side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble

PathLike = str | Path


def class_map(
    atlas: PathLike | Ensemble | Atlas,
    out: PathLike | None = None,
    *,
    color: str = "class",
    theory: bool = True,
    initial: str | None = None,
    plane: tuple[str, str] | None = None,
    at: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the class map of an atlas, or one of its variables, over two parameters.

    An ensemble that no classifier has read has a map, too: of its descriptors, or of people's annotations.

    If the runs began from several initial conditions, there is a map for each, and one of the points where the class
    depends on them.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped one (``gray-scott``); an ensemble or its folder.
    out
        File to write as well: .png, .svg or .pdf.
    color
        ``class``, as read; ``label``, the class after annotation; or a variable: ``margin``, ``entropy``, ``P(kappa)``,
        a parameter such as ``f``, a descriptor such as ``wavelength``, or ``settled`` of runs that were
        read over time.
    theory
        Whether to draw bifurcation lines: saddle-node, Hopf, Turing.
    initial
        Draw only the runs with this initial condition, as in ``spots`` or, with its options, ``spots:count=4``.
    plane
        The parameters on the axes, abscissa first. Default: the model's plane if both vary, else the first two that
        vary. Runs that differ in other parameters share a square, and there are no bifurcation lines.
    at
        Draw only the runs at these values of other parameters, with the bifurcation lines there.

    Returns
    -------
    matplotlib.figure.Figure
        One square for each point: the class of most of its runs, or the mean of the variable over them. Notebooks
        display it.

    Raises
    ------
    UsageError
        For an unknown ``color``, an initial condition that no run began from, a value that no run has or that leaves
        fewer than two parameters that vary, and an unknown picture format.
    DataError
        If ``atlas`` is not an atlas.

    Examples
    --------
    >>> import morphoscope
    >>> figure = morphoscope.class_map("gray-scott", "map.png", theory=False)
    >>> figure.axes[0].get_xlabel()
    'k, removal rate of v beyond the flow'
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.inferred import with_inferred
    from morphoscope.atlas.starts import with_initial
    from morphoscope.atlas.views import with_labels, with_plane, with_values
    from morphoscope.core.errors import UsageError
    from morphoscope.rendering.style import check_figure_path
    from morphoscope.reports import class_map as draw
    from morphoscope.reports import save
    from morphoscope.reports.startmap import start_maps

    if out is not None:
        check_figure_path(out)
    opened = with_inferred(open_atlas(atlas))
    if initial is not None:
        opened = with_initial(opened, initial)
    if plane is not None:
        opened = with_plane(opened, plane)
    if both := [name for name in plane or () if name in (at or {})]:
        raise UsageError(f"{both[0]} is given as an axis and at one value; give one of both", parameter="at")
    if at:
        opened = with_values(opened, at)
    if color == "label":
        opened, color = with_labels(opened), "class"
    several = len(opened.initials) > 1
    if several and color != "class":
        raise UsageError(
            f"the runs of {opened.folder} began from {len(opened.initials)} initial conditions; choose one: "
            f"{', '.join(opened.initials)}",
            parameter="initial",
        )
    figure = start_maps(opened, theory=theory) if several else draw(opened, color=color, theory=theory)
    if out is not None:
        save(figure, out)
    return figure


def montage(
    atlas: PathLike | Ensemble | Atlas,
    class_name: str | None = None,
    out: PathLike | None = None,
    *,
    sort: str | None = None,
    most: int | None = None,
) -> Figure:
    """Draw the patterns that were read as one class, or those of all runs, side by side.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped one; an ensemble or its folder.
    class_name
        The class. Default: all runs, as a contact sheet.
    out
        File to write as well: .png, .svg or .pdf.
    sort
        A variable as in :func:`morphoscope.class_map`, such as ``activity``, in ascending order. Default: a class is
        sorted by probability, most probable first; all runs are in their own order.
    most
        Maximum number of patterns, by default 600 of a class and 144 of all runs. If there are more, some are chosen
        evenly in this order.

    Returns
    -------
    matplotlib.figure.Figure
        All patterns have the same colour range, that of the atlas. Notebooks display it.

    Raises
    ------
    UsageError
        For an unknown class or variable, a class that no pattern was read as, and an unknown picture format.
    DataError
        If ``atlas`` is not an atlas.

    Notes
    -----
    Each pattern is a composite: the first, the middle and the last frame are its red, green and blue. Constant cells
    are grey, cells that change are coloured. In one dimension, the frames are grey bands, the first one above. Patterns
    of an atlas without its ensemble, such as a shipped one, are simulated again.

    Examples
    --------
    >>> import morphoscope
    >>> figure = morphoscope.montage("gray-scott", "kappa", most=1)
    >>> figure.get_suptitle().partition(",")[0]
    'κ kappa: 71 patterns'
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.rendering.style import check_figure_path
    from morphoscope.reports import montage as draw
    from morphoscope.reports import save

    if out is not None:
        check_figure_path(out)
    figure = draw(open_atlas(atlas), class_name, sort=sort, most=most)
    if out is not None:
        save(figure, out)
    return figure
