"""Folders with proposals of classes: a page, a picture of each proposal, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.files import write_rows
from morphoscope.atlas.proposals import FILE, Discovery, Proposal
from morphoscope.atlas.thumbnails import pictures_of
from morphoscope.core.checksums import FILES, record_files
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import read_json, staged_folder, write_json
from morphoscope.rendering.composite import tile
from morphoscope.rendering.style import figure_style, new_figure, save
from morphoscope.reports.captions import caption
from morphoscope.reports.classmap import mark_for, name_axes
from morphoscope.reports.html import Picture, Section, Table, write_report
from morphoscope.reports.montage import mosaic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from morphoscope.atlas.discovery import Evidence

PAGE = "index.html"
_COLUMNS = 8  # patterns beside each other
_SHOWN = 16  # patterns of a proposal
_TILE = 0.85  # inches
_MAP = 4.6  # inches
_PIXELS = 64  # of a pattern along its longer side, so that the page stays small
_FADED = 0.45  # opacity of classes below the proposals

Row = tuple[str, NDArray[np.intp]]  # title, and positions of readings


def save_discovery(
    atlas: Atlas, found: Discovery, evidence: Evidence, folder: Path, *, overwrite: bool, progress: Reporter = SILENT
) -> None:
    """Write index.html, proposals.csv, members.csv, discovery.json, and the pictures."""
    with staged_folder(folder, FILE, overwrite=overwrite) as part:
        save(overview_figure(atlas, found.proposals), part / "map.png")
        with progress.task("draw", len(found), "proposals") as task:
            for proposal in found.proposals:
                figure = proposal_figure(atlas, proposal, beside_rows(atlas, proposal, evidence))
                save(figure, part / _picture(proposal))
                task.advance()
        write_rows([proposal.row() for proposal in found.proposals], part / "proposals.csv")
        write_rows(member_rows(atlas, found.proposals), part / "members.csv")
        _write_page(atlas, found, part)
        found.save(part)
        write_json(part / FILE, {**read_json(part / FILE, "proposals"), FILES: record_files(part, _others(part))})


def _others(part: Path) -> list[str]:
    return sorted(path.name for path in part.iterdir() if path.name != FILE)


def _picture(proposal: Proposal) -> str:
    return f"proposal-{proposal.number:02d}.png"


def member_rows(atlas: Atlas, proposals: Sequence[Proposal]) -> list[dict[str, Any]]:
    """One row for each run of each proposal."""
    place = {int(run): position for position, run in enumerate(atlas.runs)}
    rows, read = [], atlas.reading.names
    for proposal in proposals:
        for run in proposal.runs:
            position = place[run]
            values = {name: float(atlas.values(name)[position]) for name in atlas.plan.parameter_names}
            probability = round(float(atlas.reading.probability[position]), 6)
            rows.append(
                {
                    "proposal": proposal.number,
                    "run": run,
                    **values,
                    "read_as": read[position],
                    "probability": probability,
                }
            )
    return rows


def beside_rows(atlas: Atlas, proposal: Proposal, evidence: Evidence) -> list[Row]:
    """For the classes that most of a proposal's runs were read as: the runs most like its own, then typical ones.

    Typical are those nearest to the labels of the class; without labels, the most probable ones.
    """
    rows: list[Row] = []
    read, chosen = np.array(atlas.reading.names), evidence.chosen
    for name, alike in proposal.alike.items():
        others = (read[chosen] == name) & ~np.isin(atlas.runs[chosen], (*proposal.runs, *alike))
        members = np.flatnonzero(others)
        labels = sorted({index for label, place in evidence.labels if label == name for index in place})
        if labels:
            order = np.argsort(evidence.groups.distances[members][:, labels].mean(axis=1), kind="stable")
            title = f"{titled(name)}, nearest to its labels"
        else:
            order = np.argsort(-atlas.reading.probability[chosen[members]], kind="stable")
            title = f"{titled(name)}, most probable"
        if alike:
            rows.append((f"{titled(name)}, most like the proposal", _positions(atlas, alike)))
        if len(members):
            rows.append((title, chosen[members[order[:_COLUMNS]]]))
    return rows


def _positions(atlas: Atlas, runs: Iterable[int]) -> NDArray[np.intp]:
    place = {int(run): position for position, run in enumerate(atlas.runs)}
    return np.array([place[run] for run in runs], dtype=np.intp)


def proposal_figure(atlas: Atlas, proposal: Proposal, beside: Sequence[Row]) -> Figure:
    """Where a proposal lies, its patterns, and those of the classes that it was read as."""
    own = _positions(atlas, proposal.runs)
    shown = own[np.linspace(0, len(own) - 1, min(_SHOWN, len(own))).round().astype(int)]
    more = "" if len(shown) == len(own) else f", {len(shown)} shown"
    rows = [(f"proposal {proposal.number}: {len(own)} runs{more}", shown), *beside]
    tall = [-(-len(positions) // _COLUMNS) for _, positions in rows]
    with figure_style():
        height = max(3.8, 1.17 * _TILE * sum(tall) + 0.3 * len(rows) + 0.6)
        figure = new_figure(_MAP + _COLUMNS * _TILE + 0.4, height)
        left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(_MAP, _COLUMNS * _TILE))[0]
        _draw_map(left.subplots(), atlas, [proposal])
        panels = right.subplots(len(rows), 1, squeeze=False, height_ratios=tall)[:, 0]
        for axes, (title, positions) in zip(panels, rows, strict=True):
            _draw_patterns(axes, atlas, positions, title)
        figure.suptitle(f"read as {proposal.read_words()}\n{caption(atlas)}")
    return figure


def overview_figure(atlas: Atlas, proposals: Sequence[Proposal]) -> Figure:
    """All proposals in the plane."""
    with figure_style():
        figure = new_figure(7.2, 6.0)
        axes = figure.add_subplot()
        _draw_map(axes, atlas, proposals)
        axes.set_title(f"{atlas.plan.model.title}: {len(proposals)} proposals\n{caption(atlas)}")
    return figure


def _draw_map(axes: Axes, atlas: Atlas, proposals: Sequence[Proposal]) -> None:
    """The classes, faded, and the runs of proposals as points with their number."""
    from matplotlib import colormaps, patheffects

    across, up = (atlas.values(name) for name in atlas.plane)
    mark, points, looks = mark_for(axes, across, up), atlas.in_plane, atlas.class_styles()
    for index, name in enumerate(points.classes):
        shown = points.first[points.majority == index]
        if len(shown):
            mark.draw(axes, across[shown], up[shown], color=looks[name][1], alpha=_FADED)
    size = float(np.clip(0.05 * mark.area, 14, 60))  # points²; larger in large cells
    colours = ["black"] if len(proposals) == 1 else [colormaps["tab20"](i % 20) for i in range(len(proposals))]
    for proposal, colour in zip(proposals, colours, strict=True):
        inside = np.isin(atlas.runs, proposal.runs)
        axes.scatter(across[inside], up[inside], s=size, color=colour, edgecolors="white", linewidths=0.5, zorder=3)
        beside: dict[str, Any] = {
            "xytext": (7, 7),
            "textcoords": "offset points",
            "weight": "bold",
            "fontsize": 12,
            "zorder": 4,
        }
        rightmost = np.flatnonzero(inside)[np.argmax(across[inside] + 1e-6 * up[inside])]
        text = axes.annotate(str(proposal.number), (across[rightmost], up[rightmost]), **beside)
        text.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])
    name_axes(axes, atlas)


def _draw_patterns(axes: Axes, atlas: Atlas, positions: NDArray[np.intp], title: str) -> None:
    pictures = _pictures(atlas, positions)
    columns = min(_COLUMNS, len(positions))
    picture, corners = mosaic(pictures, columns)
    axes.set_axis_off()
    axes.imshow(picture, interpolation="nearest")
    axes.set_xlim(-0.5, picture.shape[1] * _COLUMNS / columns - 0.5)  # tiles of all panels have one size
    axes.set_anchor("W")
    axes.set_title(title, loc="left")
    names = [name for name in atlas.plan.model.defaults if name in atlas.plane]
    for (row, column), position in zip(corners, positions, strict=True):
        label = " ".join(f"{name}={atlas.values(name)[position]:.4g}" for name in names)
        axes.text(column + pictures.shape[2] / 2, row - 2, label, ha="center", va="bottom", fontsize=5)


def _pictures(atlas: Atlas, positions: NDArray[np.intp]) -> NDArray[np.float32]:
    """Small pictures of runs (n, y, x, 3); without an ensemble the stored ones, so that no run is simulated again."""
    stored = pictures_of(atlas, positions) if atlas.ensemble is None else None
    return _smaller(tile(atlas.frames(positions), atlas.colour_range)) if stored is None else stored


def _smaller(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures (n, y, x, 3) with at most _PIXELS along the longer side, by the means of blocks."""
    block = -(-max(pictures.shape[1:3]) // _PIXELS)
    rows, columns = pictures.shape[1] // block, pictures.shape[2] // block
    if block == 1 or not rows or not columns:
        return pictures
    cut = pictures[:, : rows * block, : columns * block]
    return np.asarray(cut.reshape(len(cut), rows, block, columns, block, 3).mean(axis=(2, 4)))


def _write_page(atlas: Atlas, found: Discovery, part: Path) -> None:
    rows = [proposal.row() for proposal in found.proposals]
    head = list(rows[0]) if rows else []
    cells = [
        ["–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value) for value in row.values()]
        for row in rows
    ]
    overview = Section(
        "Proposals",
        [
            "Groups of similar patterns that contain no labelled run, best first. They lie far from all labels and "
            "together in parameter space, and other clusterings find them, too. Whether one is a class is for a person "
            "to decide; accept one to give its runs a class, then refine the atlas.",
            *found.notes,
        ],
        tables=[Table(head, cells)],
        pictures=[Picture(part / "map.png", "Where the proposals lie. Colours below: the classes as read.")],
    )
    sections = [
        Section(
            f"{proposal.number}: {len(proposal.runs)} runs",
            [f"Read as {proposal.read_words()}.", proposal.reason()],
            pictures=[Picture(part / _picture(proposal), f"Proposal {proposal.number} beside what it was read as.")],
        )
        for proposal in found.proposals
    ]
    lead = f"{len(atlas.runs)} runs of {atlas.plan.model.title}; {caption(atlas)}"
    write_report(part / PAGE, "Classes that may be missing", lead, [overview, *sections])
