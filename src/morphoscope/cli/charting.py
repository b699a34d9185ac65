"""The commands that map patterns without labels: chart, regroup."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, Workers, app, example, user_name
from morphoscope.cli.ensemble import model_of, plan_of
from morphoscope.cli.progress import reporter
from morphoscope.cli.run_options import (
    Boundary,
    Diffusion,
    Double,
    Grid,
    InAllRuns,
    Initials,
    Integrator,
    Noise,
    Ranges,
    Reaction,
    Replicates,
    Sample,
    Size,
    Spacing,
    StencilPoints,
    Times,
    TimeStep,
    Until,
    scan_options,
)
from morphoscope.core.errors import UsageError


@app.command(epilog=example("morphoscope chart --model brusselator --grid A=1.5:4:21 --grid B=3:10:29 --out chart"))
def chart(
    context: typer.Context,
    out: OutFolder,
    ensemble: Annotated[
        str | None,
        typer.Argument(
            help="An ensemble over a parameter space; or a plan (.json) or recipe to simulate; or use --model."
        ),
    ] = None,
    groups: Annotated[
        int | None, typer.Option(help="Number of groups of patterns.", show_default="it is found")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Compare an encoder's features, too: its folder, or 'shipped'.")
    ] = None,
    adaptive: Annotated[
        bool,
        typer.Option("--adaptive", help="Simulate only some runs, where groups border, and infer the other points."),
    ] = False,
    budget: Annotated[int | None, typer.Option(help="With --adaptive: number of runs to simulate.")] = None,
    seed: Seed = 0,
    model: Annotated[
        str | None, typer.Option(help="Simulate a scan of this model first, into the folder scan.")
    ] = None,
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    grid: Grid = None,
    sample: Sample = None,
    span: Ranges = None,
    parameter: InAllRuns = None,
    replicates: Replicates = None,
    size: Size = None,
    until: Until = None,
    dt: TimeStep = None,
    spacing: Spacing = None,
    stencil: StencilPoints = None,
    boundary: Boundary = None,
    times: Times = None,
    initial: Initials = None,
    integrator: Integrator = None,
    noise: Noise = None,
    double: Double = False,
    workers: Workers = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Find groups of patterns without labels or a classifier, of an ensemble or straight from the equations.

    The atlas in --out has chart.html, map.png and groups.png; `map`, `montage`, `explore`, `export`, `regroup` and
    `train` take it. With --model, the folder gets the ensemble scan and the atlas atlas.
    """
    scan = scan_options(context)
    data: Any = ensemble
    if model is not None or reaction:
        if ensemble is not None:
            raise UsageError(f"both {ensemble} and a model are given; omit one of them")
        data = plan_of(model_of(model, reaction, diffusion, scan), {**scan, "seed": seed})
    elif ensemble is None:
        raise UsageError("nothing to chart; name an ensemble, or a model", parameter="model")
    elif scan:
        raise UsageError(f"{ensemble} is simulated already; omit {', '.join(scan)}, or give a model", parameter="model")
    made = morphoscope.chart(
        data,
        out,
        adaptive=adaptive,
        budget=budget,
        groups=groups,
        seed=seed,
        encoder=encoder,
        workers=workers,
        overwrite=overwrite,
        progress=reporter(),
    )
    _tell(made, json=json)


@app.command(epilog=example("morphoscope regroup chart --rename g1=spots --merge stripes=g2,g3 --split g4=2 --confirm"))
def regroup(
    atlas: Annotated[str, typer.Argument(help="A chart.")],
    rename: Annotated[list[str] | None, typer.Option(help="OLD=NEW; may be repeated.")] = None,
    merge: Annotated[list[str] | None, typer.Option(help="NEW=GROUP,GROUP…; may be repeated.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="GROUP=PARTS; may be repeated.")] = None,
    color: Annotated[list[str] | None, typer.Option(help="GROUP=#rrggbb; may be repeated.")] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="GROUP=SYMBOL, one to three characters for maps; may be repeated.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="The groups are as you want them; see `train`.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the last change of the groups.")] = False,
    who: Annotated[str | None, typer.Option(help="Your name.", show_default="your user name")] = None,
    json: Json = False,
) -> None:
    """Split, merge and rename the groups of a chart, in this order; choose colours and symbols; confirm for `train`."""
    parts = parsing.named_texts(merge, "merge", "NEW=GROUP,GROUP, as in stripes=g2,g3")
    counts = parsing.named_texts(split, "split", "GROUP=PARTS, as in g4=2")
    if bad := [value for value in counts.values() if not value.isascii() or not value.isdecimal() or len(value) > 3]:
        raise UsageError(f"split into {bad[0]!r}; expected GROUP=PARTS, as in g4=2")
    made = morphoscope.regroup(
        atlas,
        rename=parsing.named_texts(rename, "rename", "OLD=NEW, as in g1=spots"),
        merge={new: [name.strip() for name in text.split(",")] for new, text in parts.items()},
        split={name: int(value) for name, value in counts.items()},
        color=parsing.named_texts(color, "color", "GROUP=#rrggbb, as in g1=#d55e00"),
        symbol=parsing.named_texts(symbol, "symbol", "GROUP=SYMBOL, as in g1=σ"),
        confirm=confirm,
        undo=undo,
        who=who or user_name(),
    )
    _tell(made, json=json)


def _tell(made: Any, *, json: bool) -> None:
    from morphoscope.reports.chart_page import PAGE, stability_text

    about = made.metadata["chart"]
    if json:
        show.as_json(about)
        return
    rows = [
        (row["name"], row["runs"], row["words"], "" if row["stability"] is None else f"{row['stability']:.2f}")
        for row in about["groups"]
    ]
    show.table(("group", "runs", "what", "stability"), rows)
    if made.inferred is not None:
        show.line(
            f"{len(made.inferred[0])} points were not simulated; their groups are inferred from the runs that were"
        )
    show.line(stability_text(about))
    show.line(
        f"the groups are confirmed; to train on them: morphoscope train {made.folder} --out FOLDER"
        if about["confirmed"]
        else f"when the groups are as you want them: morphoscope regroup {made.folder} --confirm"
    )
    show.line(f"{made.folder}: see {made.folder / PAGE}")
