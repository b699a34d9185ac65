"""Shared by all commands: their registration, common options, and the example in their help."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from morphoscope.cli.plain import PlainTyper


def application(**settings: Any) -> typer.Typer:
    """A Typer application with plain help: Rich's help takes longer to import than everything else together."""
    return PlainTyper(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"max_content_width": 110},
        **settings,
    )


#: Every command is registered here. :mod:`morphoscope.cli.app` builds those that are used.
app = application()

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result in the folder.")]
Seed = Annotated[int, typer.Option(help="Seed for all random numbers.")]
Host = Annotated[str, typer.Option(help="Address to listen on; other than 127.0.0.1, other computers can connect.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 chooses a free one.")]
Browser = Annotated[bool, typer.Option(help="Open the page in the browser.")]
Workers = Annotated[int | None, typer.Option(help="Number of threads. Default: one per core.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Do this with the workers of a Dask cluster instead of in threads: tcp://HOST:PORT, local:PROCESSES, or "
        "slurm:PROFILE.yaml."
    ),
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write.")]
OutPicture = Annotated[Path, typer.Option("--out", help="Picture to write: .png, .svg or .pdf.")]


def example(text: str) -> str:
    """The last line of a command's help."""
    return f"Example: {text}"


def user_name() -> str:
    """The name of the user, for annotations."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "anonymous"
