"""The command ``discover``: which classes does a map lack?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, app, example, user_name
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.atlas.proposals import Proposal


@app.command(epilog=example("morphoscope discover atlas --out proposals"))
def discover(
    atlas: Annotated[str, typer.Argument(help="An atlas, the folder of a study, a shipped atlas, or an ensemble.")],
    out: OutFolder,
    count: Annotated[int, typer.Option(help="Largest number of proposals.")] = 10,
    simulate: Annotated[
        int, typer.Option(help="Further runs at the points of each proposal; how many look like it?")
    ] = 0,
    encoder: Annotated[str, typer.Option(help="An encoder; 'shipped' is the one of the package.")] = "shipped",
    seed: Seed = 0,
    accept: Annotated[
        int | None, typer.Option(help="Give the runs of this proposal, of those in --out, the class --class.")
    ] = None,
    class_name: Annotated[str | None, typer.Option("--class", help="The class of an accepted proposal.")] = None,
    who: Annotated[str | None, typer.Option(help="Name of the annotator.", show_default="your user name")] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Propose classes that nobody labelled, with a page of pictures; accept one as a class of the next pass.

    Groups of similar patterns without a label are ranked. After --accept, `refine` trains with the new class.
    """
    if accept is not None or class_name is not None:
        _accept(atlas, out, accept, class_name, who)
        return
    found = morphoscope.discover(
        atlas,
        out,
        count=count,
        encoder=encoder,
        simulate=simulate,
        seed=seed,
        overwrite=overwrite,
        progress=reporter(),
    )
    if json:
        show.as_json(dataclasses.asdict(found))
        return
    head = ["", "runs", "read as", "distance", "coherence", "stability", "unknown", *(["confirmed"] * bool(simulate))]
    show.table(head, [_row(proposal) for proposal in found.proposals])
    for note in found.notes:
        show.line(note)
    show.line(f"open {out / 'index.html'} in a browser, or: morphoscope explore {atlas} --proposals {out}")
    if len(found):
        show.line(f"to accept the first: morphoscope discover {atlas} --out {out} --accept 1 --class NAME")


def _row(proposal: Proposal) -> list[str]:
    from morphoscope.atlas import symbol

    unknown = "–" if proposal.unknown is None else f"{proposal.unknown:.0%}"
    confirmed = [] if proposal.confirmed is None else ["{} of {}".format(*proposal.confirmed)]
    shares = (f"{proposal.coherence:.0%}", f"{proposal.stability:.0%}", unknown)
    runs = str(len(proposal.runs))
    read = ", ".join(f"{symbol(name)} {count}" for name, count in proposal.read_as.items())
    return [str(proposal.number), runs, read, f"{proposal.distance:.2f}", *shares, *confirmed]


def _accept(source: str, folder: Path, number: int | None, class_name: str | None, who: str | None) -> None:
    if number is None:
        raise UsageError("a class is given, but no proposal; name its number", parameter="accept")
    atlas = morphoscope.open_atlas(source, progress=reporter())
    count = morphoscope.accept(atlas, folder, number, class_name, who=who or user_name())
    show.line(f"{count} runs are {class_name}; the next pass: morphoscope refine {source} --out FOLDER")
