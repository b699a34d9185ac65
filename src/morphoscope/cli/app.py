"""The application: its commands in the order in which help lists them, each imported and built when it is used.

Building all commands takes longer than the rest of ``morphoscope --help``, which needs only their first sentences.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_name

from morphoscope.cli import base, show

#: Command → the module of this package that registers it.
COMMANDS = {
    "models": "models",
    "theory": "theory",
    "simulate": "simulate",
    "ensemble": "ensemble",
    "import": "importing",
    "prepare": "preparing",
    "describe": "describe",
    "train": "reading",
    "train-encoder": "encoding",
    "evaluate": "reading",
    "explain": "reading",
    "classify": "reading",
    "infer": "estimating",
    "identify": "identifying",
    "scan": "reading",
    "chart": "charting",
    "regroup": "charting",
    "map": "draw",
    "montage": "draw",
    "agree": "reading",
    "reproduce": "reading",
    "arrange": "arranging",
    "live": "live",
    "explore": "loop",
    "annotate": "loop",
    "refine": "loop",
    "discover": "discover",
    "export": "loop",
    "check": "check",
    "verify": "verify",
}


class Commands(Mapping[str, Any]):
    """Commands by name. A command is built on the first access."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = get_command(self.declared(name))
            self._built[name].name = name
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def declared(self, name: str) -> typer.Typer:
        """An application with this command only; its module is imported."""
        importlib.import_module(f"morphoscope.cli.{COMMANDS[name]}")  # KeyError for other names
        for group in base.app.registered_groups:
            if group.name == name and group.typer_instance is not None:
                return group.typer_instance
        alone = base.application()
        alone.registered_commands = [
            command
            for command in base.app.registered_commands
            if (command.name or get_command_name(getattr(command.callback, "__name__", ""))) == name
        ]
        return alone

    def summary(self, name: str) -> str:
        """The first sentence of the command's docstring."""
        declared = self.declared(name)
        described = declared.registered_callback or declared.registered_commands[0]
        text = inspect.getdoc(described.callback) or ""
        return text.split("\n\n")[0].replace("\n", " ").partition(". ")[0].partition("; ")[0].rstrip(".") + "."


class _Root(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        self.known = Commands()
        super().__init__(**settings | {"commands": self.known})

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.known.summary(name)) for name in self.known])


root = base.application(
    name="morphoscope",
    cls=_Root,
    invoke_without_command=True,
    epilog="First steps: `morphoscope live` (a model moves in the browser), `morphoscope explore` (a map).\n\n"
    "`morphoscope COMMAND --help` shows the options of a command and an example.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from morphoscope.core.provenance import __version__

        show.line(__version__)
        raise typer.Exit


@root.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version),
    ] = False,
) -> None:
    """Map, classify and discover patterns in reaction–diffusion systems."""
    if context.invoked_subcommand is None:
        show.line(context.get_help())


def command_line() -> Any:
    """The whole application as one callable command."""
    return get_command(root)
