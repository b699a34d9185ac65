"""The table of the campaigns, as docs/reliability.md shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.tally import Tally

BEGIN, END = (
    "<!-- begin of the table: python -m tests.faults --out docs/reliability.md -->",
    "<!-- end of the table -->",
)
_HEAD = (
    "fault",
    "folder",
    "trials",
    "ended well or unchanged",
    "one line",
    "killed",
    "continued to equal bits",
    "wrong",
)


def table(rows: Sequence[Tally]) -> str:
    """The rows as Markdown, with their sum."""
    lines = [_row(_HEAD), _row(["---"] * 2 + ["---:"] * 6)]
    lines += [_row((r.kind, r.what, *_numbers(r))) for r in rows]
    sums = [sum(column) for column in zip(*(_numbers(r) for r in rows), strict=True)]
    return "\n".join([*lines, _row(("all", "", *sums))])


def write(path: Path, rows: Sequence[Tally], *, keep: bool = False) -> None:
    """Put the table between the two marks of a page; with ``keep``, rows of the page that were not repeated stay."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    if keep:
        merged = {(row.kind, row.what): row for row in [*_parse(old), *rows]}
        rows = list(merged.values())
    path.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}", encoding="utf-8")


def _parse(text: str) -> Iterator[Tally]:
    """The rows of a table, without its head and its sum."""
    for line in text.strip().splitlines()[2:-1]:
        kind, what, *numbers = (cell.strip() for cell in line.strip("| ").split("|"))
        *counts, wrong = map(int, numbers)
        yield Tally(kind, what, *counts, wrong=[""] * wrong)


def _numbers(row: Tally) -> tuple[int, ...]:
    return row.trials, row.as_before, row.refused, row.killed, row.redone, len(row.wrong)


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
