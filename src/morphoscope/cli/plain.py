"""Help in plain words: Typer has Python's names of types, as in ``<list[str]>``, and braces around what is required."""

from __future__ import annotations

import re
from typing import Any

import typer
from typer.core import TyperCommand

_WORDS = {"str": "TEXT", "int": "INTEGER", "float": "NUMBER"}
_TYPE = re.compile(r" <(?:list\[)?(\w+)\]?>")
_REQUIRED = re.compile(r"\{(.*)\}((?:\.\.\.)?)")


class PlainCommand(TyperCommand):
    """A command whose help names arguments in capitals, and values TEXT, INTEGER, NUMBER or PATH."""

    def __init__(self, *positional: Any, **settings: Any) -> None:
        super().__init__(*positional, **settings)
        for parameter in self.params:
            if parameter.param_type_name == "argument" and parameter.metavar is None:
                parameter.metavar = str(parameter.name).upper()

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the first line: ``[OPTIONS] CLASSIFIER DATA``."""
        return [_usage(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The lists of arguments and of options."""
        for kind, heading in (("argument", "Arguments"), ("option", "Options")):
            listed = [p.get_help_record(ctx) for p in self.get_params(ctx) if p.param_type_name == kind]
            if records := [_record(*record, kind == "argument") for record in listed if record]:
                with formatter.section(heading):
                    formatter.write_dl(records)


class PlainTyper(typer.Typer):
    """An application of such commands."""

    def command(self, *positional: Any, **settings: Any) -> Any:
        """Register a command."""
        return super().command(*positional, **{"cls": PlainCommand, **settings})


def _usage(piece: str) -> str:
    """A required argument without braces; several words that one argument takes without dots, too."""
    found = _REQUIRED.fullmatch(piece)
    if found is None:
        return piece
    return found[1] + ("" if " " in found[1] else found[2])


def _record(name: str, text: str, argument: bool) -> tuple[str, str]:
    """The name of a parameter with the kind of its value, and its help without brackets in brackets."""
    name = _TYPE.sub("" if argument else lambda found: f" {_WORDS.get(found[1], found[1].upper())}", name)
    return name, re.sub(r"\[default: \((.*?)\)(\]|; )", r"[default: \1\2", text)
