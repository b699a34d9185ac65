"""The commands of the loop: look, say what is seen, train again, share."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import OutFolder, Overwrite, Seed, Workers, app, example
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import UsageError

AtlasPath = Annotated[str, typer.Argument(help="An atlas, a study's folder, or a shipped atlas's name.")]


@app.command(epilog=example("morphoscope explore atlas"))
def explore(
    atlas: Annotated[str, typer.Argument(help="An atlas, a study's folder, or a shipped atlas's name.")] = "gray-scott",
    beside: Annotated[str | None, typer.Option(help="A second atlas, to be compared with the first.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; another one lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    who: Annotated[str | None, typer.Option(help="Name under which annotations are kept; yours by default.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Open an atlas in the browser: look, correct, train again. Without ATLAS, the shipped Gray–Scott atlas."""
    morphoscope.explore(atlas, beside=beside, host=host, port=port, who=who or _me(), browser=browser, say=show.line)


@app.command(epilog=example("morphoscope annotate atlas --class pi --at f=0.068,k=0.0606 --who ada"))
def annotate(
    atlas: AtlasPath,
    class_name: Annotated[
        str | None, typer.Option("--class", help="The class; 'ambiguous' rejects. A new name makes a class.")
    ] = None,
    run: Annotated[list[int] | None, typer.Option(help="Number of a run; may be repeated.")] = None,
    at: Annotated[str | None, typer.Option(help="Or the runs nearest to a point, as in f=0.068,k=0.0606.")] = None,
    count: Annotated[int, typer.Option(help="How many runs nearest to --at.")] = 1,
    who: Annotated[str | None, typer.Option(help="Name of the annotator; yours by default.")] = None,
    why: Annotated[str, typer.Option(help="A reason, for the log.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back the annotator's last word.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write the log as CSV.")] = None,
    compare: Annotated[str | None, typer.Option(help="Compare two annotators, as in ada,grace.")] = None,
) -> None:
    """Say what runs of an atlas are; undo, export or compare what was said. Without options, count it."""
    opened = morphoscope.open_atlas(atlas)
    said = opened.annotations
    if class_name is not None:
        runs = list(run or [])
        if at is not None:
            point = {name: parsing.number(name, value) for name, value in parsing.named_texts(at.split(",")).items()}
            runs += opened.runs[opened.positions(point, count)].tolist()
        morphoscope.annotate(opened, class_name, runs, who=who or _me(), why=why)
        show.line(
            f"{len(runs)} runs are {class_name}: {', '.join(map(str, runs[:12]))}{' …' if len(runs) > 12 else ''}"
        )
    elif run or at:
        raise UsageError("runs are given, but no class; add --class NAME")
    if undo:
        back = said.undo(who or _me())
        show.line(f"{len(back)} annotations taken back" if back else "there is nothing to undo")
    if compare is not None:
        names = [name.strip() for name in compare.split(",")]
        if len(names) != 2:
            raise UsageError(f"--compare {compare!r}; expected two names with a comma, as in ada,grace")
        show.agreement(said.compare(*names), "runs that both annotated")
    if export is not None:
        show.line(f"{said.export(export)}")
    if class_name is None and not undo and compare is None and export is None:
        current = said.current()
        for person in said.annotators():
            show.line(f"{person}: {len(said.current(person))} runs")
        show.line(f"{len(current)} of {len(opened.runs)} runs are annotated, in {said.path}")


@app.command(epilog=example("morphoscope refine atlas --out second"))
def refine(
    atlas: AtlasPath,
    out: OutFolder,
    runs_per_class: Annotated[
        int | None, typer.Option(help="Runs of each class to train on, and again to validate.", show_default="100")
    ] = None,
    network: Annotated[str | None, typer.Option(help="The network; the atlas's own by default.")] = None,
    epochs: Annotated[int | None, typer.Option(help="The network's custom by default.")] = None,
    seed: Seed = 0,
    workers: Workers = None,
) -> None:
    """Train the next pass on what people said, and let it read the same runs; continues where it was interrupted."""
    before = morphoscope.open_atlas(atlas)
    after = morphoscope.refine(
        before,
        out,
        runs_per_class=runs_per_class,
        network=network,
        epochs=epochs,
        seed=seed,
        workers=workers,
        progress=reporter(),
    )
    show.agreement(before.agreement(after), "runs")
    show.line(
        f"{after.folder}: {len(after.classes)} classes; see both with `morphoscope explore {atlas} --beside {out}`"
    )


@app.command(epilog=example("morphoscope export atlas --out page"))
def export(atlas: AtlasPath, out: OutFolder, overwrite: Overwrite = False) -> None:
    """Write an atlas as a folder of web pages that needs no Python: map, thumbnails, montage."""
    show.line(f"open {morphoscope.export(atlas, out, overwrite=overwrite)} in a browser")


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "anonymous"
