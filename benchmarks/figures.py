"""Measures the tables of docs/performance.md in one go, on this machine, and writes them between their markers.

    python benchmarks/figures.py [--parts engine …] [--profile full|tiny] [--sets FOLDER] [--page PAGE]

A table of the page stands between `<!-- figures: NAME -->` and `<!-- end of figures -->`; a line above it says with
which command, version and machine it was measured. What stands outside is not changed: sentences about the figures must
be read again. All output is kept beside the page's copy in results/figures. The tiny profile measures with few rounds
and writes to results/figures only, since its figures mean nothing. The full profile takes hours
on cores that must be quiet; the sets are simulated if they are missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import clock
import psutil

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import staged_file

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
OUT = ROOT / "results" / "figures"
BUSY = 0.5  # other processes, in cores, above which the machine is not quiet
LISTENING = 3.0  # seconds in which they are counted
MARKED = re.compile(r"<!-- figures: (?P<name>[\w-]+) -->\n.*?<!-- end of figures -->", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Part:
    """A benchmark whose tables stand in the page.

    Attributes
    ----------
    command
        The arguments of Python; SETS is the folder of the paper's sets.
    tiny
        Further arguments with which it takes seconds.
    tables
        The names of the tables that it prints, in their order; empty for one that is not in the page.
    """

    command: tuple[str, ...]
    tiny: tuple[str, ...]
    tables: tuple[str, ...]


#: Those whose figures suffer most from other processes come first.
PARTS = {
    "engine": Part(
        ("benchmarks/engine.py", "--rounds", "7"),
        ("--rounds", "1"),
        ("programs", "models", "sizes", "threads", "processor"),
    ),
    "integrators": Part(("benchmarks/integrators.py",), ("--rounds", "1", "--models", "allen-cahn"), ("integrators",)),
    "explorer": Part(
        ("benchmarks/explorer.py",), ("--tabs", "2", "--reloads", "4", "--interactions", "20"), ("explorer",)
    ),
    "large-explorer": Part(("benchmarks/large_explorer.py",), ("--side", "200"), ("large-explorer",)),
    "networks": Part(
        ("benchmarks/accuracy.py", "SETS"),
        ("--seeds", "1", "--epochs", "1", "--networks", "periodic-2d"),
        ("networks",),
    ),
    "second-pass": Part(
        ("benchmarks/accuracy.py", "SETS", "--second-pass", "--networks", "periodic-2d"),
        ("--seeds", "1", "--epochs", "1"),
        ("second-pass",),
    ),
}


@dataclasses.dataclass(frozen=True)
class Rows:
    """How a table of benchmarks/accuracy.py is shown: a column for each network.

    Attributes
    ----------
    beside
        The title of the last column, which says what the figures are compared with.
    figures
        For each figure: words, form of mean and standard deviation, the entry of the last column.
    """

    beside: str
    figures: dict[str, tuple[str, str, str]]


SPLIT = {
    "test_seen": ("test set, pairs (f, k) seen in training", "{:.1f} ± {:.1f} %", ""),
    "test_unseen": ("test set, unseen pairs", "{:.1f} ± {:.1f} %", ""),
    "calibration_error": ("expected calibration error, test set", "{:.3f} ± {:.3f}", ""),
}
SECONDS = {"seconds": ("training time", "{:.0f} ± {:.0f} s", "")}
ROWS = {
    "networks": Rows(
        "paper",
        {
            "train": ("training set", "{:.1f} ± {:.1f} %", "> 99 %"),
            "validation": ("validation set", "{:.2f} ± {:.2f} %", "> 99 %"),
            "test": ("test set", "{:.2f} ± {:.2f} %", "≈ 96 %"),
            **SPLIT,
            **SECONDS,
        },
    ),
    "second-pass": Rows(
        "target",
        {
            "second-train": ("training set", "{:.1f} ± {:.1f} %", ""),
            "second-validation": ("validation set", "{:.2f} ± {:.2f} %", "≥ 99 %"),
            "test": ("test set", "{:.2f} ± {:.2f} %", "≥ 98 %"),
            **SPLIT,
            "pi_in_scan": ("points of the scan read as π", "{:.1f} ± {:.1f}", ""),
            "pi_of_nearest_9": ("of them among the 9 points nearest to (0.068, 0.060625)", "{:.1f} ± {:.1f}", ""),
            "pi_farthest": ("farthest of them, in steps of the scan", "{:.1f} ± {:.1f}", ""),
            **SECONDS,
        },
    ),
}


def tables_of(text: str) -> list[str]:
    """The Markdown tables in the output of a benchmark."""
    return [found.rstrip("\n") for found in re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE)]


def merged(tables: Sequence[str]) -> str:
    """Tables with one heading below each other, as one."""
    head = tables[0].splitlines()[:2]
    if any(table.splitlines()[:2] != head for table in tables):
        raise DataError("a benchmark printed tables with different headings where one was expected")
    return "\n".join([*head, *(line for table in tables for line in table.splitlines()[2:])])


def named(part: Part, output: str) -> dict[str, str]:
    """The tables of a part by their names."""
    tables = tables_of(output)
    if len(part.tables) == 1 and tables:
        tables = [merged(tables)]
    if len(tables) != len(part.tables):
        raise DataError(f"{part.command[0]} printed {len(tables)} tables, expected {len(part.tables)}")
    return {
        name: pivoted(table, ROWS[name]) if name in ROWS else table
        for name, table in zip(part.tables, tables, strict=True)
    }


def pivoted(table: str, rows: Rows) -> str:
    """The table of benchmarks/accuracy.py with a column for each network, beside what it is compared with."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    found = {(network, figure): (float(mean), float(sd)) for network, figure, mean, sd, *_ in cells}
    networks = list(dict.fromkeys(network for network, _ in found))
    lines = [
        f"| | {' | '.join(f'`{name}`' for name in networks)} | {rows.beside} |",
        f"|{'---|' * (len(networks) + 2)}",
    ]
    for figure, (words, form, beside) in rows.figures.items():
        scale = 100 if "%" in form else 1
        values = [form.format(*(scale * value for value in found[name, figure])) for name in networks]
        lines.append(f"| {words} | {' | '.join(values)} | {beside} |")
    return "\n".join(lines)


def machine(load: float) -> str:
    """This machine and what it was doing before, in words."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    state = "quiet" if load < BUSY else f"with other processes ({load:.1f} cores busy)"
    return f"{cores} cores of {cpu} at {clock.clock_rate():.2f} GHz, {platform.system()}, {state}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def written(page: str, tables: dict[str, str], lines: dict[str, str]) -> str:
    """The page with new tables, each below the line that says how it was measured.

    Raises DataError if the page has no place for any of them.
    """
    places = {found["name"] for found in MARKED.finditer(page)}
    if not places & set(tables):
        raise DataError(f"the page has no marker for {', '.join(tables)}; its markers: {', '.join(sorted(places))}")

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in tables:
            return found[0]
        return f"<!-- figures: {name} -->\n{lines[name]}\n\n{tables[name]}\n<!-- end of figures -->"

    return MARKED.sub(block, page)


def measured(name: str, part: Part, sets: Path, tiny: bool) -> tuple[str, str]:
    """Run a benchmark; its output, and the line about command, version and machine."""
    load = psutil.cpu_percent(interval=LISTENING) / 100 * (os.cpu_count() or 1)  # of this moment, without earlier parts
    words = [str(sets) if word == "SETS" else word for word in part.command] + list(part.tiny if tiny else ())
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    }
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise DataError(f"{' '.join(words)} ended with {done.returncode}; its message stands above")
    write(OUT / f"{name}.txt", done.stdout)
    shown = " ".join(["python", *(word for word in part.command), *(part.tiny if tiny else ())])
    today = datetime.date.today().isoformat()
    return done.stdout, f"*`{shown}`, version {morphoscope.__version__}, {today}: {machine(load)}.*"


def write(path: Path, text: str) -> None:
    """Write a text completely or not at all."""
    with staged_file(path) as part:
        part.write_text(text)


def main() -> None:
    """Measure the parts that were asked for, and write the page after each of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--profile", choices=("full", "tiny"), default="full")
    parser.add_argument("--sets", type=Path, default=ROOT / "results" / "sets", help="the paper's sets")
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args()
    tiny = asked.profile == "tiny"
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / asked.page.name if tiny else asked.page
    page = asked.page.read_text()
    failed = []
    for name in asked.parts:
        print(f"{name}: {' '.join(PARTS[name].command)}", file=sys.stderr, flush=True)
        try:
            output, line = measured(name, PARTS[name], asked.sets, tiny)
            tables = named(PARTS[name], output)
            page = written(page, tables, dict.fromkeys(tables, line))
            write(target, page)
        except (DataError, UsageError) as error:
            print(f"error: {error}", file=sys.stderr)
            failed.append(name)
    print(target)
    if failed:
        raise SystemExit(f"error: not measured: {', '.join(failed)}; the page keeps their earlier tables")


if __name__ == "__main__":
    main()
