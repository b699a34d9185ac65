"""The report page: one HTML file with all figures and tables embedded."""

from __future__ import annotations

import base64
import dataclasses
import importlib.resources
from pathlib import Path
from typing import Any

from morphoscope.core.storage import staged_file


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure of the report: the PNG to embed, and its caption."""

    path: Path
    caption: str

    @property
    def data(self) -> str:
        """The PNG as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode()


@dataclasses.dataclass(frozen=True)
class Table:
    """A table in the report."""

    head: list[str]
    rows: list[list[str]]
    caption: str = ""


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the report: heading, paragraphs, tables and pictures. ``folded`` pictures are collapsed."""

    title: str
    text: list[str] = dataclasses.field(default_factory=list)
    tables: list[Table] = dataclasses.field(default_factory=list)
    pictures: list[Picture] = dataclasses.field(default_factory=list)
    folded: list[Picture] = dataclasses.field(default_factory=list)
    code: str = ""


def write_report(path: Path, title: str, lead: str, sections: list[Section]) -> Path:
    """Write the report atomically. The file needs no other files."""
    import jinja2

    source = importlib.resources.files(__package__).joinpath("report.html.jinja")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(source.read_text(encoding="utf-8"))
    values: dict[str, Any] = {"title": title, "lead": lead, "sections": sections}
    with staged_file(path) as part:
        part.write_text(template.render(values), encoding="utf-8")
    return path
