"""What 10⁸ runs would cost, on paper: arithmetic with measured figures and assumed prices; nothing is simulated."""

from __future__ import annotations

RUNS, CELLS, STEPS, CORES = 1e8, 128 * 128, 60_000, 1000
OVERHEAD = 3e-3  # s of CPU a run on a busy machine, docs/clusters.md
RATES = {"5.79 Gcell/s a core": 5.79e9, "2.65 Gcell/s a core": 2.65e9}  # docs/performance.md; a slower machine
SIZES = {"float32": 104, "uncompressed": 192, "float16": 37}  # KiB a run, docs/scale.md
OPEN_SECONDS, OPEN_MIB, PLAN_BYTES = 1.8, 403, 8 * 11  # of a million runs; of a run: ten parameters and a seed
CORE_HOUR, GB_MONTH = 0.02, 0.02  # assumed prices in dollars; no offer was looked up
RUNS_A_SHARD = (4 << 20) // (192 << 10)


def rows() -> list[tuple[str, str]]:
    """What and how much, as text."""
    found = []
    for name, rate in RATES.items():
        seconds = CELLS * STEPS / rate + OVERHEAD
        hours = RUNS * seconds / 3600
        found.append((f"{name}: core hours, price", f"{hours:.0f} h, ${hours * CORE_HOUR:.0f}"))
        found.append((f"{name}: time on {CORES} cores", f"{hours / CORES:.1f} h"))
        found.append((f"{name}: batches a second there", f"{CORES / seconds / RUNS_A_SHARD:.0f}"))
    for name, size in SIZES.items():
        terabytes = RUNS * size * 1024 / 1e12
        found.append((f"stored as {name}, price a month", f"{terabytes:.1f} TB, ${terabytes * 1e3 * GB_MONTH:.0f}"))
    found.append(("shards of a species", f"{RUNS / RUNS_A_SHARD:.2g}"))
    found.append(("table of one plan in memory", f"{RUNS * PLAN_BYTES / 1e9:.1f} GB"))
    opening = f"{OPEN_SECONDS * RUNS / 1e6:.0f} s, {OPEN_MIB * RUNS / 1e6 / 1024:.0f} GiB"
    found.append(("opening one ensemble, if it grows in proportion", opening))
    return found


def main() -> None:
    """Print the table."""
    print("| what | figure |\n|---|---|")
    for name, figure in rows():
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
