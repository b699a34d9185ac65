"""Reporters of the command line: Rich bars on a terminal, plain lines with rate and time left in a log."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

from morphoscope.core.progress import Reporter, Task

LINE_SECONDS = 10.0  # the shortest time between two lines in a log


def reporter() -> Reporter:
    """The reporter that fits standard error."""
    return _RichReporter() if sys.stderr.isatty() else _PlainReporter()


class _RichReporter:
    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True)

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
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
            begin, count = time.monotonic(), 0

            class Bar:
                def advance(self, number: int = 1, note: str = "") -> None:
                    nonlocal count
                    count += number
                    rate = count / max(time.monotonic() - begin, 1e-6)
                    bar.update(identity, advance=number, rate=f"{rate:.3g} {unit}/s", note=note)

            yield Bar()

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False)


class _PlainReporter:
    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        begin = shown = time.monotonic()
        count = 0

        class Lines:
            def advance(self, number: int = 1, note: str = "") -> None:
                nonlocal count, shown
                count += number
                now = time.monotonic()
                finished = done + count >= total
                if now - shown < LINE_SECONDS and not finished:
                    return
                shown = now
                rate = count / max(now - begin, 1e-6)
                left = "" if finished else f", {_duration((total - done - count) / rate)} left"
                tail = f" ({note})" if note else ""
                line = f"{title}: {done + count}/{total} {unit}, {rate:.3g} {unit}/s{left}{tail}"
                print(line, file=sys.stderr, flush=True)

        yield Lines()

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
