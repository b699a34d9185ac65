"""Ensembles under faults: nothing is lost, mixed or misread, and what is damaged is named in one line."""

import contextlib
import dataclasses
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.interruption import Interrupted, ending_on_request
from morphoscope.core.locking import folder_lock
from morphoscope.ensembles import Ensemble, carry_out, execution
from morphoscope.ensembles.shards import Shards
from morphoscope.ensembles.verification import check_ensemble, damaged_runs
from tests.conftest import Listening, tiny_plan

PLAN = dataclasses.replace(tiny_plan(size=48, runs=3), until=2.0, times=(1.0, 2.0), record=("u", "v"))
RUNS = np.arange(9)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An ensemble of nine runs in shards of four, and its values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("morphoscope.ensembles.arrays._SHARD_RUNS", 4)
        made = carry_out(PLAN, tmp_path_factory.mktemp("whole") / "e")
    return made, made.frames(RUNS), made.frames(RUNS, "v")


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole[0].folder, tmp_path / "e"))


def same(folder, whole):
    made = Ensemble(folder)
    assert set(made.status()) == {"done"}
    assert np.array_equal(made.frames(RUNS), whole[1])
    assert np.array_equal(made.frames(RUNS, "v"), whole[2])
    files = {p.relative_to(folder): p.read_bytes() for p in (folder / "data.zarr").rglob("c.*")}
    assert files == {path: (whole[0].folder / path).read_bytes() for path in files}
    assert len(files) == 6
    assert not list(folder.rglob("*.partial"))


def test_a_shard_holds_the_chunks_of_several_runs(whole):
    shards = whole[0].shards()
    assert (len(shards), shards.size, shards.checked) == (3, 4, True)
    assert list(shards.runs(2)) == [8]
    assert check_ensemble(whole[0].folder) == []


def spoil(path, how, random):
    content = bytearray(path.read_bytes())
    if how == "bit":
        content[random.integers(len(content))] ^= 1 << random.integers(8)
    elif how == "cut":
        del content[random.integers(len(content)) :]
    elif how == "empty":
        content.clear()
    path.write_bytes(content)
    if how == "gone":
        path.unlink()


def refusal(made, run, species, expected):
    """The line with which a run is refused; None if its values are the ones that were written."""
    try:
        found = made.frames(np.array([run]), species)[0]
    except DataError as error:
        return str(error)
    assert np.array_equal(found, expected[run])
    return None


@pytest.mark.parametrize("how", ["bit", "cut", "empty", "gone"])
def test_damage_to_a_shard_is_found_named_and_repaired(how, copy, whole):
    """No changed bit is ever read as data: a run is refused, or its values are the ones that were written."""
    random = np.random.default_rng(5)
    for _ in range(10 if how == "bit" else 3):
        path = copy / "data.zarr" / random.choice(["u", "v"]) / f"c.{random.integers(3)}.0.0.0"
        spoil(path, how, random)
        made, refused = Ensemble(copy), set()
        for species, expected in (("u", whole[1]), ("v", whole[2])):
            for run in RUNS:
                if (line := refusal(made, run, species, expected)) is not None:
                    assert f"run {run} is damaged" in line
                    assert "\n" not in line
                    refused.add(int(run))
        assert refused <= set(damaged_runs(made))
        heard = Listening()
        carry_out(PLAN, copy, progress=heard)
        if refused:
            assert any("damaged; simulated again" in text for text in heard.said)
        same(copy, whole)


def test_a_run_that_the_ledger_calls_done_is_not_trusted_without_its_data(copy, whole):
    shutil.rmtree(copy / "data.zarr" / "u")
    with pytest.raises(DataError, match=r"data\.zarr is damaged"):
        Ensemble(copy).frames(RUNS)
    heard = Listening()
    carry_out(PLAN, copy, progress=heard)
    assert np.array_equal(Ensemble(copy).frames(RUNS), whole[1])


def test_a_check_finds_and_repairs(copy, whole):
    (copy / "data.zarr" / "u" / "c.1.0.0.0").unlink()
    (copy / "data.zarr" / "u" / ".c.2.0.0.0.partial").write_bytes(b"half")
    found = check_ensemble(copy)
    assert [finding.problem for finding in found if "run" in finding.problem] == [
        f"run {run}: c.1.0.0.0: no such file or directory" for run in range(4, 8)
    ]
    assert any(finding.problem == "an interrupted write" for finding in found)
    assert check_ensemble(copy, repair=True) == found
    assert Ensemble(copy).status() == ["done"] * 4 + ["pending"] * 4 + ["done"]
    assert check_ensemble(copy) == []
    carry_out(PLAN, copy)
    same(copy, whole)


@pytest.mark.parametrize("how", ["bit", "cut", "empty", "gone", "other"])
def test_a_damaged_ledger_is_not_an_empty_one(how, copy, whole, tmp_path):
    path = copy / "ledger.sqlite"
    if how == "other":
        other = carry_out(dataclasses.replace(PLAN, until=1.0, times=(1.0,)), tmp_path / "o")
        shutil.copy(other.folder / path.name, path)
    elif how == "bit":
        path.write_bytes(b"x" + path.read_bytes()[1:])
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        spoil(path, how, np.random.default_rng(1))
    with pytest.raises(DataError, match="ledger") as caught:
        Ensemble(copy).status()
    assert "\n" not in str(caught.value)
    if how != "gone":  # which is what a creation leaves that was interrupted
        with pytest.raises(DataError):
            carry_out(PLAN, copy)
    assert [finding.file for finding in check_ensemble(copy, repair=True)] == ["ledger.sqlite"]
    carry_out(PLAN, copy)
    same(copy, whole)


def test_a_ledger_of_the_first_version_goes_on(copy, whole):
    with contextlib.closing(sqlite3.connect(copy / "ledger.sqlite")) as connection:
        connection.executescript("DROP TABLE about; DROP TABLE shards; DELETE FROM runs WHERE run IN (2, 6)")
    assert Ensemble(copy).status().count("pending") == 2
    carry_out(PLAN, copy)
    same(copy, whole)
    assert Ensemble(copy).ledger.sizes().keys() == {0, 1}


def test_a_shard_that_was_not_recorded_is_read_and_not_repeated(copy, monkeypatch):
    """As after a crash between the writing of a shard and its commit."""
    with contextlib.closing(sqlite3.connect(copy / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE shards SET bytes = bytes + 1")
    assert damaged_runs(Ensemble(copy), within=0) == {}
    (copy / "data.zarr" / "v" / "c.2.0.0.0").unlink()
    assert set(damaged_runs(Ensemble(copy), within=0)) == {8}


class Dying(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(1, 40, 2))
def test_a_creation_that_ends_anywhere_is_completed(step, tmp_path, monkeypatch, whole):
    """Every file that gets its name is a place to die."""
    monkeypatch.setattr("morphoscope.ensembles.arrays._SHARD_RUNS", 4)
    left = step
    replace = Path.replace

    def dying(self, target):
        nonlocal left
        left -= 1
        if left == 0:
            raise Dying
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", dying)
    with contextlib.suppress(Dying):
        carry_out(PLAN, tmp_path / "e", workers=1)
        assert step > 30, "all steps are tried"
    monkeypatch.setattr(Path, "replace", replace)
    carry_out(PLAN, tmp_path / "e")
    same(tmp_path / "e", whole)


def test_runs_that_wait_for_their_shard_are_stored_in_between(tmp_path, monkeypatch, whole):
    """Long runs do not wait for the last of their shard."""
    monkeypatch.setattr("morphoscope.ensembles.arrays._SHARD_RUNS", 4)
    monkeypatch.setattr("morphoscope.ensembles.runners.threads.FLUSH_SECONDS", 0.0)
    written = []
    write = Shards.write
    monkeypatch.setattr(
        Shards, "write", lambda self, shard, values: written.append(shard) or write(self, shard, values)
    )
    carry_out(PLAN, tmp_path / "e", workers=1)
    assert len(written) > 3
    same(tmp_path / "e", whole)


def test_two_plans_at_once_do_not_mix(tmp_path):
    with folder_lock(tmp_path / "e", "simulating"):
        failed = []

        def other():
            try:
                carry_out(PLAN, tmp_path / "e")
            except UsageError as error:
                failed.append(str(error))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    (line,) = failed
    assert "is in use: simulating by this process" in line
    assert not (tmp_path / "e").exists()


def test_the_plan_is_compared_under_the_lock(tmp_path, monkeypatch):
    """Another process makes the folder after this one has found none."""
    original = execution.folder_lock

    @contextlib.contextmanager
    def late(folder, purpose):
        monkeypatch.setattr(execution, "folder_lock", original)
        Ensemble.create(dataclasses.replace(PLAN, dt=0.25), folder)
        with original(folder, purpose) as held:
            yield held

    monkeypatch.setattr(execution, "folder_lock", late)
    with pytest.raises(UsageError, match="another plan: dt"):
        carry_out(PLAN, tmp_path / "e")


def test_a_resumed_call_says_what_it_continues_and_one_without_work_changes_nothing(copy, tmp_path):
    Ensemble(copy).ledger.remove([1, 2])
    heard = Listening()
    carry_out(PLAN, copy, progress=heard)
    assert heard.said == [f"{copy}: 7 of 9 runs are done; continuing plan {PLAN.hash[:12]}"]
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
    heard = Listening()
    carry_out(PLAN, copy, progress=heard)
    assert heard.said == []
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()} == before


PROGRAM = """
    import dataclasses, sys
    from morphoscope.ensembles import carry_out
    from tests.conftest import Listening, tiny_plan
    plan = dataclasses.replace(tiny_plan(size=48, runs=4), until=4e4, times=(4e4,))
    class Telling(Listening):
        def advance(self, *_, **__):
            print("done", flush=True)
    carry_out(plan, sys.argv[1], workers=2, progress=Telling())
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_commits_every_finished_run(name, tmp_path):
    """Runs under way are given up between two steps."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path / "e")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": _path()}
    )
    counted = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(getattr(signal, name))
    rest, errors = process.communicate(timeout=60)
    finished = len(counted) + rest.count("done")
    assert "Interrupted" in errors
    assert "runs are done" in errors
    assert Ensemble(tmp_path / "e").status().count("done") >= finished
    assert finished < 12


def _path():
    return os.pathsep.join([str(Path(morphoscope.__file__).parents[1]), str(Path(__file__).parents[2])])


def test_signals_go_back_to_whom_they_belonged():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    said = []

    def end(done):
        with ending_on_request() as request:
            signal.raise_signal(signal.SIGTERM)
            said.append(request.event.is_set())
            if done:
                request.raise_if_set(done)

    with pytest.raises(Interrupted):  # also if the work does not ask
        end("")
    with pytest.raises(Interrupted) as caught:
        end("3 of 5")
    assert said == [True, True]
    assert (caught.value.signal, caught.value.done) == (signal.SIGTERM, "3 of 5")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_is_not_lost_where_nothing_is_left_to_simulate(copy, monkeypatch):
    """An adaptive scan, which simulates again and again, would go on."""
    monkeypatch.setattr(execution, "damaged_runs", lambda *_, **__: signal.raise_signal(signal.SIGTERM) or [])
    with pytest.raises(Interrupted):
        carry_out(PLAN, copy)


@pytest.mark.parametrize("storage", ["uncompressed", "float16"])
def test_ways_to_store(storage, tmp_path, whole):
    made = carry_out(PLAN, tmp_path / "e", storage=storage)
    assert made.storage() == storage
    error = np.abs(made.frames(RUNS) - whole[1]).max()
    assert error == 0 if storage == "uncompressed" else 0 < error < 1e-3
    assert carry_out(PLAN, tmp_path / "e").storage() == storage
    with pytest.raises(UsageError, match=f"is stored as {storage}, but float32 was requested"):
        carry_out(PLAN, tmp_path / "e", storage="float32")
    with pytest.raises(UsageError, match="unknown storage 'float8'; did you mean 'float32'"):
        carry_out(PLAN, tmp_path / "other", storage="float8")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["zarr.json", "u/zarr.json"])
def test_damaged_metadata_of_the_arrays_is_named(copy, name):
    file = copy / "data.zarr" / name
    file.write_text(file.read_text()[:71])
    with pytest.raises(DataError, match=r"data\.zarr is damaged .* restore its zarr\.json"):
        carry_out(PLAN, copy)


def test_a_removed_ledger_is_said_in_one_line_and_all_runs_are_simulated_again(whole, copy):
    (copy / "ledger.sqlite").unlink()
    said = Listening()
    carry_out(PLAN, copy, progress=said)
    assert said.said == [f"{copy / 'ledger.sqlite'} was missing, so no run counts as done; all are simulated again"]
    same(copy, whole)


def test_a_creation_that_ended_before_its_ledger_is_completed_without_a_word(copy):
    (copy / "ledger.sqlite").unlink()
    for species in ("u", "v"):
        for shard in (copy / "data.zarr" / species).glob("c*"):
            shard.unlink()
    said = Listening()
    carry_out(PLAN, copy, progress=said)
    assert said.said == []


def test_the_lock_of_a_creation_that_was_killed_goes_when_the_ensemble_is_continued(copy):
    left = copy / ".data.zarr.lock"
    left.write_text("{}")
    carry_out(PLAN, copy)
    assert not left.exists()
