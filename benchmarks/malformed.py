"""Malformed files through the command line: exit code, lines, memory, time, and what is left behind.

    python benchmarks/malformed.py [--changes 12] [--seed 0] [--every 1] [--others 4] [--fresh] [--verbose]

Each file is given to ``import``; every fourth, if it is refused, also to ``describe``, ``identify`` and ``prepare``.
A file that is no pattern for certain must be refused: exit code 2, one line on standard error. Others, such as a text
that is cut off between two lines, may be read as well. At most 2 GiB of memory and 5 s (of a core: other processes do
not count), no file is left, and the given one is not changed.

Each command runs in a process that was forked from one in which the package is loaded, so that 1000 of them take
minutes; ``--fresh`` starts Python each time. The row of a format counts its commands.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.ensembles.imports.malformed import Case, cases

from morphoscope.cli import main as command_line

MOST_SECONDS, MOST_MIB = 5.0, 2048.0
PATIENCE = 60  # seconds of a core after which a command is ended, however long that takes on a busy machine
HANGING = 3600  # seconds after which one that waits for something is ended
#: What the commands load when they need it.
LOADED = ("scipy.io", "scipy.ndimage", "tifffile", "h5netcdf", "xarray", "zarr", "imageio_ffmpeg",
          "skimage.restoration",
          "morphoscope.operations.prepare", "morphoscope.operations.describe", "morphoscope.operations.identify",
          "morphoscope.ensembles.imports.writing", "morphoscope.ensembles.photographs.sources", "matplotlib.figure",
          "morphoscope.ensembles.imports.planning", "xarray.backends.api", "yaml", "morphoscope.cli.importing",
          "morphoscope.cli.preparing", "morphoscope.cli.describe", "morphoscope.cli.identifying")  # fmt: skip
COMMANDS = ("import", "describe", "identify", "prepare")


@dataclasses.dataclass
class Ended:
    """How a command ended."""

    code: int
    lines: list[str]
    seconds: float
    mebibytes: float
    left: list[str]


def fork(arguments: list[str], folder: Path, errors: Path) -> int:
    """Start a command in a copy of this process; returns its number."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        limited()
        os.chdir(folder)
        for number, path in ((1, os.devnull), (2, str(errors))):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        try:
            command_line(arguments)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def start(arguments: list[str], folder: Path, errors: Path) -> int:
    """Start a command in a new process; returns its number."""
    with errors.open("wb") as file:
        command = [sys.executable, "-m", "morphoscope", *arguments]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=file, preexec_fn=limited).pid


def limited() -> None:
    """Let the system end this process when it has used its time."""
    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))


def run(command: str, case: Case, place: Path, fresh: bool) -> Ended:
    """Give a file to a command, in a folder of its own that is also its temporary folder."""
    folder = place / "folder"
    (folder / "temporary").mkdir(parents=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "temporary")
    case.make(folder / case.name)
    before = listing(folder)
    out = ["--csv", "out"] if command == "describe" else ["--out", "out"]
    arguments = [command, case.name, *out, *(["--draws", "0"] if command == "identify" else [])]
    child = (start if fresh else fork)(arguments, folder, place / "errors")
    usage = waited(child)
    code = os.waitstatus_to_exitcode(usage[1])
    lines = (place / "errors").read_text(errors="replace").splitlines()
    after = listing(folder)
    left = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if code == 0:
        left = [name for name in left if name.split("/")[0] != "out"]
    seconds = usage[2].ru_utime + usage[2].ru_stime
    shutil.rmtree(folder)
    return Ended(code, lines, seconds, usage[2].ru_maxrss / 1024, left)


def waited(child: int) -> Any:
    """Wait for a process, which is ended when it hangs."""
    begin = time.monotonic()
    while True:
        found = os.wait4(child, os.WNOHANG)
        if found[0]:
            return found
        if time.monotonic() - begin > HANGING:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.005)


def listing(folder: Path) -> dict[str, int]:
    """All files and folders below a folder, with the sizes of the files."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size if path.is_file() else -1 for path in folder.rglob("*")
    }


def problems(case: Case, ended: Ended) -> list[str]:
    """What is wrong with how a command ended."""
    found = []
    if ended.code not in (0, 2):
        found.append(f"exit code {ended.code}")
    if ended.code == 0 and case.sure:
        found.append("read")
    if ended.code == 2 and len(ended.lines) != 1:
        found.append(f"{len(ended.lines)} lines")
    if ended.seconds > MOST_SECONDS:
        found.append(f"{ended.seconds:.1f} s")
    if ended.mebibytes > MOST_MIB:
        found.append(f"{ended.mebibytes:.0f} MiB")
    if ended.left:
        found.append(f"left {', '.join(ended.left[:3])}")
    return found


def main(arguments: Any) -> int:
    """Print a line for each problem, and the table. Returns the number of problems."""
    for name in LOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    rows: dict[str, list[tuple[Ended, list[str]]]] = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number, case in enumerate(cases(place / "good", arguments.seed, arguments.changes)):
            if number % 100 == 0:
                print(f"{number} files", file=sys.stderr, flush=True)
            if number % arguments.every or arguments.only not in case.name:
                continue
            code = 2
            for command in COMMANDS if number % arguments.others == 0 else COMMANDS[:1]:
                if code != 2:  # a file that can be read takes these commands long
                    break
                ended = run(command, case, place, arguments.fresh)
                wrong, code = problems(case, ended), ended.code
                rows[case.format].append((ended, wrong))
                if wrong or arguments.verbose:
                    said = " / ".join(ended.lines[:1] + ended.lines[-2:])[:400]
                    print(f"{number} {command} {case.name} ({case.kind}): {'; '.join(wrong)}: {said}", flush=True)
    print("| format | commands | refused | read | problems | slowest | largest |\n|---|---|---|---|---|---|---|")
    rows["all"] = [row for format in list(rows) for row in rows[format]]
    for format, every in rows.items():
        codes = collections.Counter(ended.code for ended, _ in every)
        slowest, largest = max(e.seconds for e, _ in every), max(e.mebibytes for e, _ in every)
        print(f"| {format} | {len(every)} | {codes[2]} | {codes[0]} | {sum(bool(wrong) for _, wrong in every)} | "
              f"{slowest:.1f} s | {largest:.0f} MiB |")  # fmt: skip
    return sum(bool(wrong) for _, wrong in rows["all"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=12, help="changed copies of each good file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="take every n-th file")
    parser.add_argument("--others", type=int, default=4, help="every n-th file also goes to the other commands")
    parser.add_argument("--only", default="", help="only files whose name contains this")
    parser.add_argument("--fresh", action="store_true", help="start Python for each command")
    parser.add_argument("--verbose", action="store_true")
    resource.setrlimit(resource.RLIMIT_AS, (10 * 2**30, 10 * 2**30))
    sys.exit(main(parser.parse_args()) > 0)
