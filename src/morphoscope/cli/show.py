"""What commands print: Rich tables for people, JSON for programs. Results on standard output, all else on error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any


def as_json(values: Any) -> None:
    """Print JSON and nothing else."""
    print(json.dumps(values, indent=1, ensure_ascii=False))


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
    Console(highlight=False).print(drawn)


def line(text: str) -> None:
    """Print one line."""
    print(text)
