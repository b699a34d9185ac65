"""One writer per folder; the lock ends with its process and names its holder."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from morphoscope.core import file_locks, locking, storage
from morphoscope.core.errors import UsageError
from morphoscope.core.locking import LockedError, folder_lock

HOLD = """
import sys
from pathlib import Path
from morphoscope.core.locking import folder_lock
with folder_lock(Path(sys.argv[1]), "simulating"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path/out until it reads a line."""
    command = [sys.executable, "-c", HOLD, tmp_path / "out", "some argument"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_named(holder, tmp_path):
    with pytest.raises(LockedError) as caught, folder_lock(tmp_path / "out", "reading"):
        pass
    holds = rf"{tmp_path}/out is in use: simulating by process {holder.pid} since [-0-9]{{10}} [0-9:]{{5}}"
    remedy = "wait until that ends, or choose another folder"
    assert re.fullmatch(rf"{holds} \(.*some argument\); {remedy}", str(caught.value))
    with pytest.raises(LockedError), folder_lock(tmp_path / "other" / ".." / "out", "reading"):
        pass
    with folder_lock(tmp_path / "another", "reading"):
        pass


def test_the_lock_of_a_killed_process_is_free(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".out.lock").exists()
    with folder_lock(tmp_path / "out", "reading"):
        assert json.loads((tmp_path / ".out.lock").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_can_be_waited_for(holder, tmp_path):
    threading.Timer(0.2, lambda: holder.communicate("\n")).start()
    with folder_lock(tmp_path / "out", "reading", wait=60):
        assert holder.wait(60) == 0


def test_threads_exclude_each_other_and_one_may_enter_again(tmp_path):
    found = []

    def other():
        try:
            with folder_lock(tmp_path / "out", "reading"):
                found.append("entered")
        except LockedError as error:
            found.append(str(error))

    def run():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    with folder_lock(tmp_path / "out", "simulating"):
        with folder_lock(tmp_path / "out", "writing"):
            run()
        run()
    run()
    assert ["simulating by this process since" in text for text in found] == [True, True, False]
    assert found[2] == "entered"


def test_many_threads_enter_one_after_another(tmp_path):
    inside, most, times = 0, 0, 0

    def work():
        nonlocal inside, most, times
        for _ in range(20):
            with folder_lock(tmp_path / "out", "writing", wait=60):
                inside += 1
                most, times = max(most, inside), times + 1
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, times) == (1, 80)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_parent_can_not_be_written_has_its_lock_inside(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(locking.os, "access", lambda path, _: Path(path) != tmp_path)
    with folder_lock(tmp_path / "out", "writing"):
        assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_system_without_locks_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(file_locks, "try_lock", lambda _: None)
    with pytest.warns(UserWarning, match="without locks"), folder_lock(tmp_path / "out", "writing") as certain:
        assert not certain


def test_an_empty_lock_file(tmp_path):
    handle, _ = file_locks.open_locked(tmp_path / ".out.lock")
    with pytest.raises(LockedError, match="out is in use; wait"), folder_lock(tmp_path / "out", "writing"):
        pass
    os.close(handle)


def test_a_refused_output_keeps_no_lock_of_a_killed_process(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "marker.json").write_text("{}")
    for writer in (
        lambda: storage.staged_folder(tmp_path / "out", "marker.json", overwrite=False),
        lambda: storage.reserved(tmp_path / "out", "marker.json", "writing", overwrite=False),
    ):
        (tmp_path / ".out.lock").write_text("{}")
        with pytest.raises(UsageError), writer():
            pass
        assert not (tmp_path / ".out.lock").exists()


def test_a_refused_output_leaves_the_lock_of_another_process(holder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "marker.json").write_text("{}")
    with pytest.raises(UsageError), storage.staged_folder(tmp_path / "out", "marker.json", overwrite=False):
        pass
    assert (tmp_path / ".out.lock").exists()
