"""Rename, merge, split and confirm the groups of a chart, choose how they look; undo such changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

PathLike = str | Path


def regroup(
    atlas: PathLike | Atlas,
    *,
    rename: Mapping[str, str] | None = None,
    merge: Mapping[str, Sequence[str]] | None = None,
    split: Mapping[str, int] | None = None,
    color: Mapping[str, str] | None = None,
    symbol: Mapping[str, str] | None = None,
    confirm: bool = False,
    undo: bool = False,
    who: str,
) -> Atlas:
    """Change the groups of a chart: split some, merge some, rename some, in this order; choose how they look; confirm.

    A change of the groups themselves withdraws an earlier confirmation. A confirmed chart can be trained on, see
    :func:`morphoscope.train`. The chart is replaced as a whole, with the labels that people gave under the new names;
    the explorer's pages that show it follow.

    Parameters
    ----------
    atlas
        A chart or its folder.
    rename
        Present name → new name.
    merge
        New name → the groups that become one.
    split
        Group → number of parts, which are named ``g1a``, ``g1b`` … or ``spots-a``, ``spots-b`` …, the largest first.
    color
        Group → ``#rrggbb``, its colour in all pictures, instead of the one that it got. Names are those after the rest.
    symbol
        Group → one to three characters that stand for it on maps, instead of its name; no other group may have them.
    confirm
        Whether a person has looked at the groups and confirms them.
    undo
        Undo the last change instead, whoever made it; again, the one before, until the groups are as they were found.
    who
        The person.

    Returns
    -------
    Atlas
        The chart as it is now.

    Raises
    ------
    UsageError
        For an atlas that is no chart, unknown groups, groups that can't be split, and names that are invalid or exist
        already; for colours and symbols that are invalid; if there is nothing to do or to undo.

    Examples
    --------
    >>> import morphoscope
    >>> grid = {"a": (0.05, 0.2, 4), "b": (0.6, 1.2, 4)}
    >>> plan = morphoscope.scan_plan("schnakenberg", grid=grid, size=(32, 32), until=60)
    >>> atlas = morphoscope.chart(plan, "chart", groups=2)
    >>> atlas = morphoscope.regroup(atlas, rename={"g1": "spots"}, confirm=True, who="ada")
    >>> atlas.classes[:2]
    ('spots', 'g2')
    >>> morphoscope.regroup(atlas, undo=True, who="ada").classes[:2]
    ('g1', 'g2')
    """
    looks = {"color": color, "symbol": symbol}
    made = change_groups(atlas, rename=rename, merge=merge, split=split, **looks, confirm=confirm, undo=undo, who=who)
    draw_groups(made)
    return made


def change_groups(
    atlas: PathLike | Atlas,
    *,
    rename: Mapping[str, str] | None = None,
    merge: Mapping[str, Sequence[str]] | None = None,
    split: Mapping[str, int] | None = None,
    color: Mapping[str, str] | None = None,
    symbol: Mapping[str, str] | None = None,
    confirm: bool = False,
    undo: bool = False,
    who: str,
) -> Atlas:
    """Do what :func:`regroup` describes, without the page of the chart, which takes longer than all else."""
    require("learn")
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.regroup import group_change, regrouped

    merged = {new: tuple(parts) for new, parts in (merge or {}).items()}
    looks = (dict(color or {}), dict(symbol or {}))
    change = group_change(dict(rename or {}), merged, dict(split or {}), *looks, who)
    if not (change or confirm or undo):
        raise UsageError("nothing to do; rename, merge, split, colour, mark or confirm groups", parameter="rename")
    if undo and (change or confirm):
        raise UsageError("a change and an undo at once; do one after the other", parameter="undo")
    return regrouped(open_atlas(atlas), change, confirm=confirm, undo=undo)


def draw_groups(chart: Atlas) -> None:
    """Write the page of a chart."""
    from morphoscope.reports.chart_page import write_chart_page

    write_chart_page(chart)
