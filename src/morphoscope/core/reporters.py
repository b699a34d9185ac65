"""Reporters with output: Rich bars on a terminal, plain lines in a log, an HTML bar in a notebook."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections.abc import Iterator
from typing import Any

from morphoscope.core.progress import Task

LINE_SECONDS = 10.0  # the shortest time between two lines in a log
REDRAW_SECONDS = 0.2  # the shortest time between two updates of a notebook's bar


class RichReporter:
    """A bar on a terminal, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True)

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A bar with count, rate, elapsed and remaining time."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self.console) as bar:
            identity = bar.add_task(title, total=total, completed=done, rate="", note="")
            pace = _Pace(total, unit, done)

            class Bar:
                def advance(self, number: int = 1, note: str = "") -> None:
                    pace.advance(number)
                    bar.update(identity, advance=number, rate=f"{_digits(pace.rate())} {unit}/s", note=note)

            yield Bar()

    def message(self, text: str) -> None:
        """Show a line above the bars."""
        self.console.print(text, highlight=False)


class PlainReporter:
    """A line every few seconds on standard error, for logs."""

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """Lines with count, rate and remaining time."""
        pace = _Pace(total, unit, done)
        shown = time.monotonic()

        class Lines:
            def advance(self, number: int = 1, note: str = "") -> None:
                nonlocal shown
                pace.advance(number)
                now = time.monotonic()
                if now - shown >= LINE_SECONDS or pace.finished():
                    shown = now
                    print(f"{title}: {pace.text(note)}", file=sys.stderr, flush=True)

        yield Lines()

    def message(self, text: str) -> None:
        """Print a line."""
        print(text, file=sys.stderr, flush=True)


class NotebookReporter:
    """An HTML bar below a notebook cell. It needs no widgets, so it works in every frontend."""

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A bar that is updated in place. It shows the final count also if the computation is interrupted."""
        display = sys.modules["IPython"].display
        pace = _Pace(total, unit, done)

        def bar_html(note: str) -> Any:
            return display.HTML(
                f'<div><progress value="{pace.done}" max="{max(total, 1)}"></progress> '
                f"{html.escape(f'{title}: {pace.text(note)}')}</div>"
            )

        cell = display.display(bar_html(""), display_id=True)
        shown, last = time.monotonic(), ""

        class Bar:
            def advance(self, number: int = 1, note: str = "") -> None:
                nonlocal shown, last
                pace.advance(number)
                last = note
                now = time.monotonic()
                if now - shown >= REDRAW_SECONDS:
                    shown = now
                    cell.update(bar_html(note))

        try:
            yield Bar()
        finally:
            cell.update(bar_html(last))

    def message(self, text: str) -> None:
        """Print a line to the cell's output."""
        print(text, flush=True)


class _Pace:
    """The number of finished units, and the rate of this task."""

    def __init__(self, total: int, unit: str, done: int) -> None:
        self.total, self.unit, self.done = total, unit, done
        self._before, self._begin = done, time.monotonic()

    def advance(self, number: int) -> None:
        self.done += number

    def finished(self) -> bool:
        return self.done >= self.total

    def rate(self) -> float:
        """Units per second; units that were done before do not count."""
        return (self.done - self._before) / max(time.monotonic() - self._begin, 1e-6)

    def text(self, note: str) -> str:
        """``12/100 runs, 3.2 runs/s, 27 s left (note)``."""
        rate = self.rate()
        parts = [f"{self.done}/{self.total} {self.unit}"]
        if rate > 0:
            parts.append(f"{_digits(rate)} {self.unit}/s")
            if not self.finished():
                parts.append(f"{_duration((self.total - self.done) / rate)} left")
        return ", ".join(parts) + (f" ({note})" if note else "")


def _duration(seconds: float) -> str:
    minutes, remainder = divmod(round(seconds), 60)
    return f"{minutes} min {remainder} s" if minutes else f"{remainder} s"


def _digits(rate: float) -> str:
    """Three digits, without an exponent: 0.52, 27.7, 2830."""
    return f"{rate:.3g}" if rate < 999.5 else f"{rate:.0f}"
