"""The campaigns: what is disturbed, how often; each returns one row of the table a scenario."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.faults.bench import Bench, as_command, each_call
from tests.faults.children import Child, Outcome, Work, command
from tests.faults.progress import Progress
from tests.faults.scenarios import SCENARIOS, Scenario, ensemble_command, inspect_ensemble
from tests.faults.shim import CALLS, Fault, shift_clock
from tests.faults.tally import Tally

#: The name of a row, what the call does, whether all later calls of the kind do so, too.
_ACTIONS = (
    ("disk full from a call on", "ENOSPC", True),
    ("ENOSPC once", "ENOSPC", False),
    ("EIO once", "EIO", False),
    ("killed at a call", "kill", False),
)


def calls(
    folder: Path, most: int, progress: Progress, scenarios: Sequence[Scenario] = SCENARIOS, *, shared: bool = False
) -> Iterator[Tally]:
    """Every call of a kind fails, or kills the process, one trial a call and a fault; ``shared``: one trial a call."""
    benches = [Bench(scenario, folder / scenario.name) for scenario in scenarios]
    disturbed = {b: [(call, at) for call in CALLS for at in each_call(b.calls, call, most)] for b in benches}
    actions = [action for action in _ACTIONS if progress.wants(action[0])]
    progress.start(sum(map(len, disturbed.values())) * (1 if shared else len(actions)))
    for bench, chosen in disturbed.items():
        for number, (name, action, sticky) in enumerate(actions):
            tally = Tally(name, bench.scenario.name)
            for call, at in chosen[number :: len(actions)] if shared else chosen:
                fault = Fault(call, at, action, sticky)
                progress.trial(tally, str(fault), lambda one, f=fault, b=bench: b.settle(one, f, b.disturb(f)))
            progress.row(tally)
            yield tally
        shutil.rmtree(bench.root)


def kills(folder: Path, trials: int, progress: Progress) -> Iterator[Tally]:
    """SIGKILL, SIGTERM, SIGHUP and SIGINT at random times of an ensemble's creation and continuation."""
    slow = Scenario("ensemble, slow runs", _nothing, _slow_ensemble, inspect_ensemble)
    bench = Bench(slow, folder / "kills")
    begin = time.monotonic()
    bench.fresh()
    bench.run(slow.work(bench.trial))
    duration = time.monotonic() - begin
    shares = {signal.SIGKILL: 1.0, signal.SIGTERM: 0.25, signal.SIGHUP: 0.25, signal.SIGINT: 0.25}
    counts = {f"{n.name} at a random time": (n, max(1, int(trials * share))) for n, share in shares.items()}
    counts = {name: count for name, count in counts.items() if progress.wants(name)}
    progress.start(sum(count for _, count in counts.values()))
    for name, (number, count) in counts.items():
        tally = Tally(name, slow.name)
        for trial in range(count):
            case = f"trial {trial}"
            wait = duration * _chance(tally, case).random()
            progress.trial(tally, case, lambda one, c=case, w=wait, n=number: _signal_one(bench, one, c, w, n))
        progress.row(tally)
        yield tally


def _signal_one(bench: Bench, tally: Tally, case: str, wait: float, number: int) -> None:
    bench.fresh()
    child = Child(bench.scenario.work(bench.trial), bench.report)
    time.sleep(wait)
    child.send(number)
    bench.settle(tally, case, child.wait())


def _chance(tally: Tally, case: str) -> random.Random:
    """Random numbers of one case, whatever was carried out before it."""
    return random.Random(f"{tally.kind}, {tally.what}, {case}")


def damage(folder: Path, trials: int, progress: Progress) -> Iterator[Tally]:
    """Bits flipped, files cut and files removed in finished folders: never read as data, and mended where possible."""
    finished = [s for s in SCENARIOS if s.name in ("ensemble", "run", "classifier", "atlas", "annotation")]
    kinds = [("bit flipped", _flip), ("file cut", _cut), ("file removed", _remove)]
    each = -(-trials // (len(kinds) * len(finished)))  # rounded up
    kinds = [kind for kind in kinds if progress.wants(kind[0])]
    progress.start(each * len(kinds) * len(finished))
    for scenario in finished:
        bench = Bench(scenario, folder / scenario.name)
        bench.fresh()
        bench.run(scenario.work(bench.trial))
        shutil.rmtree(bench.prepared)
        bench.trial.rename(bench.prepared)
        target = bench.prepared / scenario.name.replace("annotation", "atlas")
        files = sorted(path for path in target.rglob("*") if path.is_file())
        for kind, change in kinds:
            tally = Tally(kind, scenario.name)
            # Without the file of the annotations, an atlas is one that nobody has annotated.
            changed = [f for f in files if not (kind == "file removed" and f.name == "annotations.sqlite")]
            for trial in range(each):
                chance = _chance(tally, case := f"trial {trial}")
                damaged = (chance.choice(changed).relative_to(bench.prepared), change, chance)
                progress.trial(tally, case, lambda one, b=bench, d=damaged: _damage_one(b, one, *d))
            progress.row(tally)
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


def pairs(folder: Path, trials: int, progress: Progress) -> Iterator[Tally]:
    """Two processes at once on every kind of folder: one result, none mixed; the second joins or is told who works."""
    progress.start(trials * (len(SCENARIOS) + 1))
    for scenario in SCENARIOS:
        bench = Bench(scenario, folder / scenario.name)
        tally = Tally("two processes at once", scenario.name)
        for trial in range(trials):
            progress.trial(tally, f"trial {trial}", lambda one, b=bench, t=trial: _pair(b, one, f"trial {t}"))
        progress.row(tally)
        yield tally
        shutil.rmtree(folder / scenario.name)
    yield _two_plans(folder, trials, progress)


def _both(bench: Bench, *works: Work) -> list[Outcome]:
    """How two processes end that were started at once."""
    children = [Child(work, bench.root / f"report-{i}.json") for i, work in enumerate(works)]
    return [child.wait() for child in children]


def _pair(bench: Bench, tally: Tally, case: str) -> None:
    bench.fresh()
    ends = _both(bench, *[as_command(bench.scenario.work(bench.trial))] * 2)
    bad = [end for end in ends if end.code and not end.in_one_line]
    if bad or all(end.code for end in ends):
        tally.trials += 1
        tally.fail(case, str([end.text for end in ends]))
    else:
        bench.settle(tally, case, max(ends, key=lambda end: end.code))


def _two_plans(folder: Path, trials: int, progress: Progress) -> Tally:
    """Two plans started at once into one folder."""
    bench = Bench(SCENARIOS[0], folder / "plans")
    tally = Tally("two processes at once", "ensemble, two plans")
    other = ensemble_command(bench.trial, low=0.03)
    bench.fresh()
    bench.run(other)
    expected = {bench.expected["plan"]: bench.expected, (found := bench.inspect().value)["plan"]: found}

    def carry_out(one: Tally, case: str) -> None:
        bench.fresh()
        ends = _both(bench, bench.scenario.work(bench.trial), other)
        one.trials += 1
        found = bench.inspect().value
        if sorted(end.code for end in ends) != [0, 2] or found != expected[found["plan"]]:
            one.fail(case, str([(end.code, end.text) for end in ends]))
        else:
            one.refused += 1
            one.redone += 1

    for trial in range(trials):
        progress.trial(tally, f"trial {trial}", lambda one, t=trial: carry_out(one, f"trial {t}"))
    progress.row(tally)
    return tally


def clocks(folder: Path, trials: int, progress: Progress) -> Iterator[Tally]:
    """The time of day jumps by a day, forwards or backwards, in the middle of the work."""
    chosen = (SCENARIOS[0], SCENARIOS[-1])
    progress.start(trials * len(chosen))
    for scenario in chosen:
        bench = Bench(scenario, folder / scenario.name)
        tally = Tally("clock jumps by a day", scenario.name)
        for trial in range(trials):
            progress.trial(tally, f"trial {trial}", lambda one, b=bench, t=trial: _jump(b, one, t))
        progress.row(tally)
        yield tally
        shutil.rmtree(folder / scenario.name)


def _jump(bench: Bench, tally: Tally, trial: int) -> None:
    bench.fresh()
    work = bench.scenario.work(bench.trial)

    def shifted() -> object:
        shift_clock(3 * trial, 86400 * (-1) ** trial)
        return work()

    bench.settle(tally, f"trial {trial}", bench.run(shifted))


def _nothing(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


def _slow_ensemble(folder: Path) -> Callable[[], object]:
    return ensemble_command(folder, until=40_000)
