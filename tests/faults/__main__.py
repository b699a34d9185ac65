"""``python -m tests.faults``: inject faults, count what is lost or wrong, write the table of docs/reliability.md.

Runs itself again below a preloaded library that lets calls of the file system fail.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.faults import report, shim

#: Trials: calls of a kind for each scenario, random kills, damaged files, pairs of processes for each scenario, clocks,
#: killed workers of a cluster. The last one starts threads, after which no child may be forked: it comes last.
FULL = {"calls": 100_000, "kills": 200, "damage": 1000, "pairs": 20, "clocks": 10, "workers": 50}
SHORT = {"calls": 2, "kills": 4, "damage": 30, "pairs": 1, "clocks": 1, "workers": 2}


def main() -> int:
    """Run the chosen campaigns; exit code 1 if anything was lost or wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few trials of each kind")
    parser.add_argument("--only", nargs="*", choices=sorted(FULL), default=list(FULL), help="these campaigns")
    parser.add_argument(
        "--most", type=int, metavar="N", help="disturb N calls of a kind, evenly spread, instead of all"
    )
    parser.add_argument("--out", type=Path, help="write the table here (Markdown)")
    options = parser.parse_args()
    if not shim.is_preloaded():
        with tempfile.TemporaryDirectory() as folder:
            return shim.run_below(shim.compile_shim(Path(folder)), *sys.argv[1:])
    trials = dict(SHORT if options.short else FULL)
    if options.most:
        trials["calls"] = options.most
    rows = _run(options.only, trials)
    if options.out:
        report.write(options.out, rows)
    print(report.table(rows))
    for row in rows:
        for case in row.wrong[:5]:
            print(f"WRONG {row.kind}, {row.what}: {case}")
    print(json.dumps({"trials": sum(r.trials for r in rows), "wrong": sum(len(r.wrong) for r in rows)}))
    return int(any(row.wrong for row in rows))


def _run(names: list[str], trials: dict[str, int]) -> list:  # type: ignore[type-arg]
    from tests.faults import campaigns, cluster, warm

    warm.up()
    rows = []
    for name in sorted(names, key=list(FULL).index):
        with tempfile.TemporaryDirectory() as folder:
            campaign = cluster.workers if name == "workers" else getattr(campaigns, name)
            rows += list(campaign(Path(folder).resolve(), trials[name], lambda line: print(line, flush=True)))
    return rows


if __name__ == "__main__":
    sys.exit(main())
