"""Pictures of all built-in models and the page that describes them, generated from the models alone.

python tools/gallery.py              # all pictures, the overview, and docs/models.md
python tools/gallery.py brusselator  # this picture, and docs/models.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.simulation import Simulation, run_plan, simulate_one
from morphoscope.models import Model, get_model, model_names
from morphoscope.rendering.figure import pattern_figure
from morphoscope.rendering.scale import colour_range
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure, save

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "models.md"
PICTURES = DOCS / "pictures" / "models"
OVERVIEW = DOCS / "pictures" / "models.png"
SEED = 1

INTRODUCTION = """# Models

All models that come with Morphoscope: equations, a picture of a run with the defaults, a reference for comparison, and
the parameters with their ranges. Pictures show the first species at the end of a run on a periodic grid of 128 × 128
cells. Lengths and times are in the model's own units. The command below each picture repeats the run.

You can also use [your own model](own-models.md). To add a model to the package, add one file to
`src/morphoscope/models/builtin/`; `python tools/gallery.py` generates this page and its pictures.
"""


def command(model: Model) -> str:
    """The command that repeats the run of a model's picture."""
    return f"morphoscope simulate {model.name} --seed {SEED} --out run"


def page(models: Sequence[Model]) -> str:
    """The text of docs/models.md."""
    contents = "\n".join(f"- [{model.title}](#{_anchor(model.title)}): `{model.name}`" for model in models)
    return "\n".join([INTRODUCTION, contents, "", *map(section, models)])


def section(model: Model) -> str:
    """The section of the page about one model."""
    lines = [
        f"## {model.title}",
        "",
        "```text",
        *model.equations(),
        "```",
        "",
        f"![{model.title}: {model.species[0]} at t = {model.until:g}]({_picture(model).relative_to(DOCS).as_posix()})",
        "",
        *([model.literature, ""] if model.literature else []),
        "| parameter | default | range | meaning |",
        "|---|---|---|---|",
        *(_row(model, name) for name in model.parameters),
        "",
        *([f"Source: {model.source}.", ""] if model.source else []),
        _defaults(model),
        "",
        "```bash",
        command(model),
        "```",
        "",
    ]
    return "\n".join(lines)


def caption(model: Model) -> str:
    """Title, parameters and time of a model's picture, on two lines."""
    values = ", ".join(f"{name} = {value:g}" for name, value in model.defaults.items())
    return f"{model.title}: {model.species[0]} at t = {model.until:g}\n{values}"


def picture(simulation: Simulation) -> Figure:
    """The first species at the end of a run, with lengths along the axes and a colour bar."""
    model = simulation.plan.model
    figure = pattern_figure(
        simulation.species(model.species[0])[-1],
        spacing=simulation.plan.grid.spacing,
        shown=model.shown,
        species=model.species[0],
    )
    figure.axes[0].set_title(caption(model), fontsize=6.5)
    return figure


def make_picture(model: Model, engine: str) -> Simulation:
    """Run a model with its defaults, as the command does, and save its picture."""
    simulation = simulate_one(run_plan(model, {}, Settings.of(), seed=SEED), engine=engine)
    save(picture(simulation), _picture(model))
    return simulation


def overview(simulations: Sequence[Simulation]) -> Figure:
    """All models in two rows, each with its title and its own colour scale."""
    columns = -(-len(simulations) // 2)
    with figure_style():
        figure = new_figure(1.3 * columns, 2.95)
        for axes, simulation in zip(figure.subplots(2, columns).flat, simulations, strict=False):
            model = simulation.plan.model
            field = simulation.species(model.species[0])[-1]
            low, high = colour_range(field, shown=model.shown)
            axes.imshow(field, cmap=COLOUR_MAP, vmin=low, vmax=high)
            axes.set_title(model.title.replace(" ", "\n", 1), fontsize=6.5)
        for axes in figure.axes:
            axes.set_axis_off()
    return figure


def _picture(model: Model) -> Path:
    return PICTURES / f"{model.name}.png"


def _anchor(title: str) -> str:
    """The anchor of a heading on GitHub."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _row(model: Model, name: str) -> str:
    low, high = model.ranges[name]
    meaning = model.meanings[name].replace("|", "\\|")
    return f"| `{name}` | {model.defaults[name]:g} | {low:g} … {high:g} | {meaning} |"


def _defaults(model: Model) -> str:
    step = "derived time step" if model.dt is None else f"time step {model.dt:g}"
    return (
        f"Defaults: cell size {model.spacing:g}, {step}, end time {model.until:g}, {model.apart:g} between frames, "
        f"integrator `{model.integrator}`, initial condition `{model.initial}`, "
        f"class map over {' and '.join(model.plane)}."
    )


def main() -> int:
    """Make the pictures of the named models, or of all models, and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="models; default: all")
    parser.add_argument("--engine", default="cpu", help="the engine to use")
    asked = parser.parse_args()
    try:
        PICTURES.mkdir(parents=True, exist_ok=True)
        made = [make_picture(get_model(name), asked.engine) for name in asked.names or model_names()]
        for simulation in made:
            print(f"{simulation.plan.model.name}: {simulation.seconds:.1f} s")
        if not asked.names:
            save(overview(made), OVERVIEW)
        PAGE.write_text(page([get_model(name) for name in model_names()]), encoding="utf-8")
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
