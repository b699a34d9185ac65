"""``python -m tests.faults``: inject faults, count what is lost or wrong, write the table of docs/reliability.md.

Runs itself again below a preloaded library that lets calls of the file system fail.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults import report, shim
from tests.faults.journal import Journal, hash_of_sources
from tests.faults.progress import Progress
from tests.faults.scenarios import SCENARIOS
from tests.faults.tally import Tally

#: Trials: calls of a kind for each scenario, random kills, damaged files, pairs of processes for each scenario, clocks,
#: killed workers of a cluster. The last one starts threads, after which no child may be forked: it comes last.
FULL = {"calls": 100_000, "kills": 200, "damage": 1000, "pairs": 20, "clocks": 10, "workers": 50}
SHORT = {"calls": 2, "kills": 4, "damage": 30, "pairs": 1, "clocks": 1, "workers": 2}
#: Folders of trials are there, unless TMPDIR says where: a trial is much quicker where nothing waits for a disk.
MEMORY = Path("/dev/shm")


def main() -> int:
    """Run the chosen campaigns; exit code 1 if anything was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few trials of each kind")
    parser.add_argument("--only", nargs="*", choices=sorted(FULL), default=list(FULL), help="these campaigns")
    parser.add_argument(
        "--most", type=int, metavar="N", help="disturb N calls of a kind, evenly spread, instead of all"
    )
    parser.add_argument(
        "--scenarios",
        nargs="*",
        metavar="NAME",
        choices=[s.name for s in SCENARIOS],
        help="for the campaign `calls`: these kinds of folders, e.g. atlas",
    )
    parser.add_argument("--faults", nargs="*", metavar="NAME", help="only these rows, e.g. 'killed at a call'")
    parser.add_argument(
        "--folder", type=Path, help="record trials here as they end; an interrupted run continues with this folder"
    )
    parser.add_argument(
        "--out", type=Path, help="write the table here; after --only, --scenarios or --faults, its other rows stay"
    )
    options = parser.parse_args()
    if not shim.is_preloaded():
        _use_memory()
        with tempfile.TemporaryDirectory() as folder:
            return shim.run_below(shim.compile_shim(Path(folder)), *sys.argv[1:])
    trials = dict(SHORT if options.short else FULL)
    if options.most:
        trials["calls"] = options.most
    journal = Journal(options.folder, hash_of_sources())
    if len(journal) or journal.others:
        print(f"{len(journal)} trials are recorded in {journal.path}; {journal.others} of other sources do not count")
    rows: list[Tally] = []
    try:
        for row in _rows(options, trials, journal):
            rows.append(row)  # at once: an interruption keeps those that are complete
    except KeyboardInterrupt:
        print(f"interrupted; {len(rows)} rows are complete and the page is not written")
        if rows:
            print(report.table(rows))
        return 130
    partly = bool(options.scenarios or options.faults) or set(options.only) != set(FULL)
    if options.out:
        report.write(options.out, rows, keep=partly)
    if not partly:
        journal.finish()
    print(report.table(rows))
    print(json.dumps({"trials": sum(r.trials for r in rows), "wrong": sum(len(r.wrong) for r in rows)}))
    return int(any(row.wrong for row in rows))


def _use_memory() -> None:
    """Let temporary folders be in memory, where there is enough."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def _rows(options: argparse.Namespace, trials: dict[str, int], journal: Journal) -> Iterator[Tally]:
    """The rows of the chosen campaigns as they are complete."""
    from tests.faults import campaigns, cluster, warm

    warm.up()
    chosen = [s for s in SCENARIOS if not options.scenarios or s.name in options.scenarios]
    for name in sorted(options.only, key=list(FULL).index):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            campaign = cluster.workers if name == "workers" else getattr(campaigns, name)
            progress = Progress(name, lambda line: print(line, flush=True), journal, options.faults)
            settings = {"scenarios": chosen, "shared": options.short} if name == "calls" else {}
            yield from campaign(Path(folder).resolve(), trials[name], progress, **settings)


if __name__ == "__main__":
    sys.exit(main())
