"""The commands of the loop: explore, annotate, refine, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import (
    Browser,
    Cluster,
    Host,
    OutFolder,
    Overwrite,
    Port,
    Seed,
    Workers,
    app,
    example,
    user_name,
)
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import UsageError

_ATLAS = "An atlas, the folder of a study, the name of a shipped atlas, or an ensemble."
AtlasPath = Annotated[str, typer.Argument(help=_ATLAS)]


@app.command(epilog=example("morphoscope explore atlas"))
def explore(
    atlas: Annotated[str, typer.Argument(help=_ATLAS)] = "gray-scott",
    compare_with: Annotated[str | None, typer.Option(help="A second atlas, to be compared with the first.")] = None,
    estimator: Annotated[
        Path | None, typer.Option(help="An estimator: show the parameters that it reads from a pattern.")
    ] = None,
    proposals: Annotated[
        Path | None,
        typer.Option(
            help="Proposed classes, as `discover` wrote them.", show_default="the folder proposals beside the atlas"
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 0,
    who: Annotated[
        str | None, typer.Option(help="Name under which annotations are saved.", show_default="your user name")
    ] = None,
    link: Annotated[
        str, typer.Option(help="A link that somebody copied from the tab Share, in quotes: show the same pattern.")
    ] = "",
    browser: Browser = True,
) -> None:
    """Open an atlas in the browser: view its patterns, correct classes, train the next pass.

    Without ATLAS, the shipped Gray–Scott atlas is opened.
    """
    morphoscope.explore(
        morphoscope.open_atlas(atlas, progress=reporter()),
        compare_with=compare_with,
        estimator=estimator,
        proposals=proposals,
        host=host,
        port=port,
        who=who or user_name(),
        link=link,
        browser=browser,
        report=show.line,
    )


@app.command(epilog=example("morphoscope annotate atlas --class pi --at f=0.068,k=0.0606 --who ada"))
def annotate(
    atlas: AtlasPath,
    class_name: Annotated[
        str | None, typer.Option("--class", help="The class; 'ambiguous' rejects the runs. A new name creates a class.")
    ] = None,
    run: Annotated[list[int] | None, typer.Option(help="Number of a run; may be repeated.")] = None,
    at: Annotated[str | None, typer.Option(help="The runs nearest to a point, as in f=0.068,k=0.0606.")] = None,
    count: Annotated[int, typer.Option(help="Number of runs nearest to --at.")] = 1,
    who: Annotated[str | None, typer.Option(help="Name of the annotator.", show_default="your user name")] = None,
    why: Annotated[str, typer.Option(help="A reason, for the log.")] = "",
    file: Annotated[
        Path | None,
        typer.Option(help="Take labels from a CSV file with the columns run and class, as a page from disk saves it."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the annotator's last annotation.")] = False,
    export: Annotated[
        Path | None, typer.Option(help="Write the log as CSV, with parameters, seed and current class.")
    ] = None,
    compare: Annotated[str | None, typer.Option(help="Compare two annotators, as in ada,grace.")] = None,
) -> None:
    """Give runs of an atlas or ensemble a class; undo, export or compare annotations. Without options, count them."""
    opened = morphoscope.open_atlas(atlas, progress=reporter())
    annotations = opened.annotations
    if class_name is not None:
        runs = list(run or [])
        if at is not None:
            runs += opened.runs[opened.positions(parsing.numbers(at), count)].tolist()
        count = morphoscope.annotate(opened, class_name, runs, who=who or user_name(), why=why)
        show.line(f"{count} runs are {class_name}: {', '.join(map(str, runs[:12]))}{' …' if count > 12 else ''}")
    elif run or at:
        raise UsageError("runs are given, but no class; name the class", parameter="class_name")
    if file is not None:
        show.line(
            f"{morphoscope.import_annotations(opened, file, who=who or user_name())} runs are labelled from {file}"
        )
    if undo:
        undone = annotations.undo(who or user_name())
        show.line(f"{len(undone)} annotations undone" if undone else "there is nothing to undo")
    if compare is not None:
        names = [name.strip() for name in compare.split(",")]
        if len(names) != 2:
            raise UsageError(f"--compare {compare!r}; expected two names with a comma, as in ada,grace")
        show.agreement(annotations.compare(*names), "runs that both annotated")
    if export is not None:
        show.line(f"{morphoscope.export_annotations(opened, export)}")
    if class_name is None and file is None and not undo and compare is None and export is None:
        current = annotations.current()
        for person in annotations.annotators():
            show.line(f"{person}: {len(annotations.current(person))} runs")
        show.line(f"{len(current)} of {len(opened.runs)} runs are annotated, in {annotations.path}")


@app.command(epilog=example("morphoscope refine atlas --out second"))
def refine(
    atlas: AtlasPath,
    out: OutFolder,
    runs_per_class: Annotated[
        int | None,
        typer.Option(help="Runs of each class for training, and as many for validation.", show_default="100"),
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="The network.", show_default="the atlas's, or periodic-2d")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of training.", show_default="the network's")] = None,
    seed: Seed = 0,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Train the next pass on the annotations, and let the new classifier read the same runs.

    From an annotated ensemble it is the first pass. The same command continues an interrupted one.
    """
    before = morphoscope.open_atlas(atlas, progress=reporter())
    after = morphoscope.refine(
        before,
        out,
        runs_per_class=runs_per_class,
        network=network,
        epochs=epochs,
        seed=seed,
        workers=workers,
        cluster=cluster,
        progress=reporter(),
    )
    if before.metadata.get("classifier"):
        show.agreement(before.agreement(after), "runs")
        show.line(f"to compare both atlases: morphoscope explore {atlas} --compare-with {out}")
    show.line(f"{after.folder}: {len(after.classes)} classes")


@app.command(epilog=example("morphoscope export atlas --out page"))
def export(
    atlas: AtlasPath,
    out: Annotated[Path, typer.Option("--out", help="Folder or file to write.")],
    format: Annotated[
        str, typer.Option(help="page; or of the runs: netcdf, npz, well (The Well's HDF5), mp4, tiff.")
    ] = "page",
    run: Annotated[list[int] | None, typer.Option(help="Number of a run to write; may be repeated.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write an atlas as web pages that need neither Python nor a network, or the runs of an ensemble as files."""
    made = morphoscope.export(atlas, out, format=format, runs=run or None, overwrite=overwrite, progress=reporter())
    show.line(f"open {made} in a browser" if format == "page" else f"{made}")
