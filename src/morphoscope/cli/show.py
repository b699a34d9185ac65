"""What commands print: Rich tables for people, JSON for programs. Only results go to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.cli.streams import output

if TYPE_CHECKING:
    from morphoscope.atlas import Agreement


def as_json(values: Any) -> None:
    """Print JSON and nothing else."""
    readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    with output():
        print(json.dumps(values, indent=1, ensure_ascii=not readable))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """Print a table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in head:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    with output():
        Output(highlight=False).print(drawn)


def line(text: str) -> None:
    """Print one line."""
    with output():
        print(text)


def agreement(found: Agreement, what: str) -> None:
    """Print the agreement of two readings and their most frequent differences."""
    kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.3f}"
    line(f"{found.share:.2%} of {found.n} {what} agree{kappa}")
    for first, second, count in found.differences[:10]:
        line(f"  {first} → {second}: {count}")
