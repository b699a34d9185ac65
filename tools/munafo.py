"""Make docs/pictures/munafo.png: one run of each of the 19 classes of recipe munafo-19.

python tools/munafo.py
"""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from morphoscope.atlas import ordered, symbol
from morphoscope.ensembles import Plan, recipe
from morphoscope.ensembles.simulation import simulate_one, single_run
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "munafo.png"
SHOWN = {"sigma": 0.1, "xi": 0.013}  # the walls and the spirals of the first points are less clear
_COLUMNS = 5


def shown_runs(plan: Plan) -> dict[str, int]:
    """The first run of each class, at the f in SHOWN if there is one, in alphabetical order of the classes."""
    found: dict[str, int] = {}
    for number, run in enumerate(plan.runs):
        name = str(run.label)
        if run.parameters["f"] == SHOWN.get(name, run.parameters["f"]):
            found.setdefault(name, number)
    return {name: found[name] for name in ordered(sorted(found))}


def picture(plan: Plan) -> Figure:
    """u at the end of one run of each class, all with the same colours, from 0 to 1."""
    runs = shown_runs(plan)
    rows = -(-len(runs) // _COLUMNS)
    with figure_style():
        figure = new_figure(2.0 * _COLUMNS, 2.35 * rows)
        panels = list(figure.subplots(rows, _COLUMNS).flat)
        for axes, (name, run) in zip(panels, runs.items(), strict=False):
            row = plan.runs[run]
            axes.imshow(simulate_one(single_run(plan, run)).states[-1, 0], vmin=0, vmax=1, cmap=COLOUR_MAP)
            axes.set_title(f"{symbol(name)}  f = {row.parameters['f']:g}, k = {row.parameters['k']:g}", fontsize=9)
            axes.set_xlabel(plan.initial_of(run).name, fontsize=8)
            axes.set_xticks([])
            axes.set_yticks([])
        for axes in panels[len(runs) :]:
            axes.set_axis_off()
    return figure


def write(figure: Figure) -> None:
    """Write the picture with 96 colours, which makes it smaller."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    Image.open(buffer).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    write(picture(recipe("munafo-19")))
