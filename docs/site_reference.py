"""Sphinx directives for the reference: every public Python name of a package, every command with its help."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import morphoscope


class PublicNames(SphinxDirective):
    """``.. public-names:: package``: documentation of all classes and functions that the package offers."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The documentation of each, by autodoc."""
        package = importlib.import_module(self.arguments[0])
        known = (
            set() if package is morphoscope else {id(getattr(morphoscope, name)) for name in public_names(morphoscope)}
        )
        lines: list[str] = []
        for name in sorted(public_names(package), key=str.casefold):
            if id(getattr(package, name)) in known:
                lines += [f"- ``{name}``: as ``morphoscope.{name}``", ""]
                continue
            kind = "autoclass" if inspect.isclass(getattr(package, name)) else "autofunction"
            lines += [f".. {kind}:: {package.__name__}.{name}", *(["   :members:"] * (kind == "autoclass")), ""]
        parsed = nodes.container()
        self.state.nested_parse(StringList(lines, source=package.__name__), self.content_offset, parsed)
        return parsed.children


def public_names(package: Any) -> list[str]:
    """The classes and functions among the names that a package offers, those with a cache as well."""
    return [name for name in getattr(package, "__all__", dir(package)) if callable(getattr(package, name))]


class CommandHelp(SphinxDirective):
    """``.. command-help::``: a section for every command, with the text that ``--help`` prints."""

    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """One section for each command."""
        from morphoscope.cli.app import command_line

        sections: list[nodes.Node] = []
        for name, command in command_line().commands.items():
            sections.append(self._section(f"morphoscope {name}", command))
            for part, inner in getattr(command, "commands", {}).items():
                sections.append(self._section(f"morphoscope {name} {part}", inner))
        return sections

    def _section(self, words: str, command: Any) -> nodes.section:
        text = command.get_help(command.make_context(words, ["--help"], resilient_parsing=True))
        section = nodes.section(ids=[nodes.make_id(words)], names=[words])
        section += nodes.title(words, words)
        section += nodes.literal_block(text, text, language="text")
        return section


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("public-names", PublicNames)
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}
