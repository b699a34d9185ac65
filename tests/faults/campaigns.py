"""The campaigns: what is disturbed, how often; each returns one row of the table a scenario."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.bench import Bench, Tally, as_command, each_call
from tests.faults.children import Child, command
from tests.faults.scenarios import SCENARIOS, Scenario, ensemble_command, inspect_ensemble
from tests.faults.shim import CALLS, Fault, shift_clock

_ACTION_NAMES = {("ENOSPC", True): "disk full from a call on", ("kill", False): "killed at a call"}
Say = Callable[[str], None]


def calls(folder: Path, most: int, say: Say) -> Iterator[Tally]:
    """Every call of a kind fails, or kills the process, one trial a call."""
    for scenario in SCENARIOS:
        bench = Bench(scenario, folder / scenario.name)
        for action, sticky in (("ENOSPC", True), ("ENOSPC", False), ("EIO", False), ("kill", False)):
            name = (
                "disk full from a call on" if sticky else "killed at a call" if action == "kill" else f"{action} once"
            )
            tally = Tally(name, scenario.name)
            for call in CALLS:
                for at in each_call(bench.calls, call, most):
                    fault = Fault(call, at, action, sticky)
                    bench.settle(tally, fault, bench.disturb(fault))
            say(_line(tally))
            yield tally
        shutil.rmtree(folder / scenario.name)


def kills(folder: Path, trials: int, say: Say) -> Iterator[Tally]:
    """SIGKILL, SIGTERM, SIGHUP and SIGINT at random times of an ensemble's creation and continuation."""
    slow = Scenario("ensemble, slow runs", _nothing, _slow_ensemble, inspect_ensemble)
    bench = Bench(slow, folder / "kills")
    begin = time.monotonic()
    bench.fresh()
    bench.run(slow.work(bench.trial))
    duration = time.monotonic() - begin
    chance = random.Random(1)
    shares = {signal.SIGKILL: 1.0, signal.SIGTERM: 0.25, signal.SIGHUP: 0.25, signal.SIGINT: 0.25}
    for number, share in shares.items():
        tally = Tally(f"{number.name} at a random time", slow.name)
        for trial in range(max(1, int(trials * share))):
            bench.fresh()
            child = Child(slow.work(bench.trial), bench.report)
            time.sleep(chance.uniform(0, duration))
            child.send(number)
            bench.settle(tally, f"trial {trial}", child.wait())
        say(_line(tally))
        yield tally


def damage(folder: Path, trials: int, say: Say) -> Iterator[Tally]:
    """Bits flipped, files cut and files removed in finished folders: never read as data, and mended where possible."""
    chance = random.Random(2)
    finished = [s for s in SCENARIOS if s.name in ("ensemble", "run", "classifier", "atlas", "annotation")]
    for scenario in finished:
        bench = Bench(scenario, folder / scenario.name)
        bench.fresh()
        bench.run(scenario.work(bench.trial))
        shutil.rmtree(bench.prepared)
        bench.trial.rename(bench.prepared)
        target = bench.prepared / scenario.name.replace("annotation", "atlas")
        files = sorted(path for path in target.rglob("*") if path.is_file())
        for kind, change in (("bit flipped", _flip), ("file cut", _cut), ("file removed", _remove)):
            tally = Tally(kind, scenario.name)
            # Without the file of the annotations, an atlas is one that nobody has annotated.
            changed = [f for f in files if not (kind == "file removed" and f.name == "annotations.sqlite")]
            for _ in range(max(1, trials // (3 * len(finished)))):
                _damage_one(bench, tally, chance.choice(changed).relative_to(bench.prepared), change, chance)
            say(_line(tally))
            yield tally
        shutil.rmtree(folder / scenario.name)


def _damage_one(bench: Bench, tally: Tally, name: Path, change: Callable[..., str], chance: random.Random) -> None:
    bench.fresh()
    case = f"{name}: {change(bench.trial / name, chance)}"
    tally.trials += 1
    found = bench.inspect()
    if found.code == 0 and found.value == bench.expected:
        tally.as_before += 1
        return
    if not found.in_one_line and not (found.code == 0 and _fewer_runs(found.value, bench.expected)):
        tally.fail(case, found.text or "read as data")
        return
    tally.refused += 1
    if bench.scenario.name == "ensemble" and (why := _repair(bench)):
        tally.fail(case, why)
    else:
        tally.redone += bench.scenario.name == "ensemble"


def _fewer_runs(found: object, expected: object) -> bool:
    """An ensemble whose damaged runs count as not done any more; what is left must be equal."""
    if not (isinstance(found, dict) and isinstance(expected, dict) and "runs" in found):
        return False
    return found["plan"] == expected["plan"] and found["runs"].items() <= expected["runs"].items()


def _repair(bench: Bench) -> str | None:
    """Why a damaged ensemble is not whole after `check --repair` and its own command; None if it is."""
    folder = bench.trial / "ensemble"
    repaired = bench.run(command("check", str(folder), "--repair"))
    if repaired.code not in (0, 2):
        return f"check --repair: {repaired.text}"
    again = bench.run(bench.scenario.continued(bench.trial))
    if again.code:
        return None if repaired.code == 2 and again.in_one_line else f"after repair: {again.text}"
    return None if bench.inspect().value == bench.expected else f"other data after repair: {repaired.text}"


def _flip(path: Path, chance: random.Random) -> str:
    data = bytearray(path.read_bytes())
    if not data:
        return "empty"
    bit = chance.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit}"


def _cut(path: Path, chance: random.Random) -> str:
    size = chance.randrange(path.stat().st_size or 1)
    with path.open("r+b") as file:
        file.truncate(size)
    return f"cut to {size}"


def _remove(path: Path, chance: random.Random) -> str:
    path.unlink()
    return "removed"


def pairs(folder: Path, trials: int, say: Say) -> Iterator[Tally]:
    """Two processes at once on every kind of folder: one result, none mixed; the second joins or is told who works."""
    for scenario in SCENARIOS:
        bench = Bench(scenario, folder / scenario.name)
        tally = Tally("two processes at once", scenario.name)
        for trial in range(trials):
            bench.fresh()
            works = [as_command(scenario.work(bench.trial))] * 2
            both = [Child(work, bench.root / f"report-{i}.json") for i, work in enumerate(works)]
            ends = [child.wait() for child in both]
            bad = [end for end in ends if end.code and not end.in_one_line]
            if bad or all(end.code for end in ends):
                tally.trials += 1
                tally.fail(f"trial {trial}", str([end.text for end in ends]))
                continue
            bench.settle(tally, f"trial {trial}", max(ends, key=lambda end: end.code))
        say(_line(tally))
        yield tally
        shutil.rmtree(folder / scenario.name)
    yield _two_plans(folder, trials, say)


def _two_plans(folder: Path, trials: int, say: Say) -> Tally:
    """Two plans started at once into one folder."""
    bench = Bench(SCENARIOS[0], folder / "plans")
    tally = Tally("two processes at once", "ensemble, two plans")
    other = ensemble_command(bench.trial, low=0.03)
    bench.fresh()
    bench.run(other)
    expected = {bench.expected["plan"]: bench.expected, (found := bench.inspect().value)["plan"]: found}
    for trial in range(trials):
        bench.fresh()
        works = (bench.scenario.work(bench.trial), other)
        both = [Child(work, bench.root / f"report-{i}.json") for i, work in enumerate(works)]
        ends = [child.wait() for child in both]
        tally.trials += 1
        found = bench.inspect().value
        if sorted(end.code for end in ends) != [0, 2] or found != expected[found["plan"]]:
            tally.fail(f"trial {trial}", str([(end.code, end.text) for end in ends]))
        else:
            tally.refused += 1
            tally.redone += 1
    say(_line(tally))
    return tally


def clocks(folder: Path, trials: int, say: Say) -> Iterator[Tally]:
    """The time of day jumps by a day, forwards or backwards, in the middle of the work."""
    for scenario in (SCENARIOS[0], SCENARIOS[-1]):
        bench = Bench(scenario, folder / scenario.name)
        tally = Tally("clock jumps by a day", scenario.name)
        for trial in range(trials):
            bench.fresh()
            work, seconds = scenario.work(bench.trial), 86400 * (-1) ** trial

            def shifted(work: Callable[[], object] = work, trial: int = trial, seconds: int = seconds) -> object:
                shift_clock(3 * trial, seconds)
                return work()

            bench.settle(tally, f"trial {trial}", bench.run(shifted))
        say(_line(tally))
        yield tally
        shutil.rmtree(folder / scenario.name)


def _nothing(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


def _slow_ensemble(folder: Path) -> Callable[[], object]:
    return ensemble_command(folder, until=40_000)


def _line(tally: Tally) -> str:
    return f"{tally.kind}, {tally.what}: {tally.trials} trials, {len(tally.wrong)} wrong"
