"""The page of a chart: its map, typical patterns of each group, and what the groups are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.inferred import with_inferred
from morphoscope.learning.groups import STABLE
from morphoscope.rendering.composite import tile
from morphoscope.rendering.style import figure_style, new_figure, save
from morphoscope.reports.captions import caption
from morphoscope.reports.classmap import class_map
from morphoscope.reports.html import Picture, Section, Table, write_report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE, MAP, TYPICAL = "chart.html", "map.png", "groups.png"
COLUMNS = 10
_SIDE = 0.95  # inches


def write_chart_page(atlas: Atlas) -> Path:
    """Write chart.html, map.png and groups.png into the folder of a chart; returns the page."""
    folder = atlas.folder
    pictures = (save(class_map(with_inferred(atlas)), folder / MAP), save(typical_patterns(atlas), folder / TYPICAL))
    chart = atlas.metadata["chart"]
    groups = [row for row in chart["groups"] if row["runs"]]
    styles = atlas.class_styles()
    patterned = sum(int(row["runs"]) for row in groups if row["wavelength"] is not None)
    sections = [
        Section("Map", pictures=[Picture(pictures[0], "The group of most runs at each point, with theory's lines.")]),
        Section(
            "Groups",
            text=[
                f"{patterned} of {len(atlas.runs)} runs have a pattern. {stability_text(chart)}",
                "Each row of the picture begins with the most typical run of a group and ends with the least typical.",
            ],
            tables=[Table(["", "runs", "what", "wavelength", "stability"], [_row(row, styles) for row in groups])],
            pictures=[Picture(pictures[1], "Runs of each group, from the most to the least typical.")],
        ),
        Section("What to do next", text=[_next(atlas)]),
    ]
    title = f"{atlas.plan.model.title}: {len(groups)} classes of {len(atlas.runs)} runs, found without labels"
    return write_report(folder / PAGE, title, caption(atlas), sections)


def stability_text(chart: dict[str, Any]) -> str:
    """How well the groups repeat, in one sentence; of groups that people made, that it is not known."""
    known = [row for row in chart["groups"] if row["stability"] is not None]
    shaky = [row["name"] for row in known if row["stability"] < STABLE]
    made = [row["name"] for row in chart["groups"] if row["stability"] is None and row["wavelength"] is not None]
    verb = "were" if len(made) > 1 else "was"
    number = (
        f"{', '.join(made)} {verb} merged or split by people, so that the stability is not known."
        if made
        else f"The number of groups was {chart['number']}."
    )
    if not known:
        return number
    if len(known) == 1 and not made and chart["number"] == "found":
        return "The patterns are one group: no division of them is found again with other random parts of the data."
    if not shaky:
        every = "The others" if made else "All"
        return f"{number} {every} are stable: a repetition with other random parts finds them again."
    verb, them = ("are", "them") if len(shaky) > 1 else ("is", "it")
    return f"{number} {', '.join(shaky)} {verb} not stable: repetitions divide {them} in other ways."


def typical_patterns(atlas: Atlas, columns: int = COLUMNS) -> Figure:
    """One row of patterns for each class, from the most to the least typical, with its name and what it is."""
    rows = [row for row in atlas.metadata["chart"]["groups"] if row["runs"]]
    styles = atlas.class_styles()
    with figure_style():
        figure = new_figure(columns * _SIDE + 0.2, len(rows) * (_SIDE + 0.28) + 0.2)
        for place, row in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows, strict=True):
            members = atlas.members(row["name"])
            chosen = members[np.unique(np.linspace(0, len(members) - 1, columns).round().astype(int))]
            place.imshow(_strip(tile(atlas.frames(chosen), atlas.colour_range), columns), interpolation="nearest")
            place.set_title(
                f"{titled(row['name'], styles[row['name']][0])} ({row['runs']}): {row['words']}",
                loc="left",
                fontsize=8,
                pad=3,
            )
            place.axvline(-0.5, color=styles[row["name"]][1], lw=8)
            place.set_axis_off()
    return figure


def _strip(pictures: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """Pictures (n, y, x, 3) beside each other on white, with room for ``columns``."""
    _, height, width, _ = pictures.shape
    step = width + max(1, width // 20)
    strip = np.ones((height, columns * step, 3), dtype=np.float32)
    for number, picture in enumerate(pictures):
        strip[:, number * step : number * step + width] = picture
    return strip


def _row(row: dict[str, Any], styles: dict[str, tuple[str, str]]) -> list[str]:
    stability = row["stability"]
    known = "" if stability is None else f"{stability:.2f}" + ("" if stability >= STABLE else ", not stable")
    wavelength = "" if row["wavelength"] is None else f"{row['wavelength']:.3g}"
    return [titled(row["name"], styles[row["name"]][0]), str(row["runs"]), row["words"], wavelength, known]


def _next(atlas: Atlas) -> str:
    if (confirmed := atlas.metadata["chart"]["confirmed"]) is not None:
        return f"{confirmed['who']} has confirmed these groups: `morphoscope train` makes a classifier of them."
    return (
        "The groups are proposals. Look at a montage of each, rename, merge or split them with `morphoscope regroup`, "
        "correct single runs in the explorer, and confirm them; then `morphoscope train` makes a classifier of them."
    )
