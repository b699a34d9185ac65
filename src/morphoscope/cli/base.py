"""What all commands share: the application, common options, how help ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from morphoscope.cli import show

app = typer.Typer(
    name="morphoscope",
    help="Map, classify and discover patterns in reaction–diffusion systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result in the folder.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Workers = Annotated[int | None, typer.Option(help="Threads over runs; all cores by default.")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write.")]
OutPicture = Annotated[Path, typer.Option("--out", help="Picture to write: .png, .svg or .pdf.")]


def _version(asked: bool) -> None:
    if asked:
        from morphoscope.core.provenance import __version__

        show.line(__version__)
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """Map, classify and discover patterns in reaction–diffusion systems."""


def example(text: str) -> str:
    """The last line of a command's help."""
    return f"Example: [bold]{text}[/bold]"
