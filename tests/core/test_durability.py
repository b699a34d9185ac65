"""Writes are complete and durable; at every moment a reader finds the old or the new version, even after a crash."""

import contextlib
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from morphoscope.core import storage
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import is_vacant, recover, staged_file, staged_folder, write_json

#: What the operating system is asked for, in this order.
CALLS = ("open", "mkdir", "fsync", "rename", "replace")


def write(folder, text):
    with staged_folder(folder, "a.json", overwrite=True) as part:
        (part / "deep").mkdir()
        (part / "deep" / "b").write_text(text)
        (part / "a.json").write_text(text)


def contents(folder):
    return {(folder / name).read_text() for name in ("a.json", "deep/b")}


class Disk:
    """Counts system calls, lets one of them fail, and remembers what was made durable."""

    def __init__(self, monkeypatch, fail_at=None, code=errno.ENOSPC):
        self.calls, self.fail_at, self.code = [], fail_at, code
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, original):
        def call(*arguments, **options):
            if name == "open" and not arguments[1] & os.O_CREAT:
                return original(*arguments, **options)
            self.calls.append((name, arguments[0]))
            if len(self.calls) == self.fail_at:
                raise OSError(self.code, os.strerror(self.code))
            if name == "fsync":
                self.calls[-1] = (name, Path(f"/proc/self/fd/{arguments[0]}").readlink())
            return original(*arguments, **options)

        return call


def test_a_file_is_stored_before_its_name_and_its_name_before_the_end(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    disk = Disk(monkeypatch)
    with staged_file(path) as part:
        part.write_text("whole")
    monkeypatch.undo()
    assert disk.calls[1:] == [("open", part), ("fsync", part), ("replace", part), ("fsync", tmp_path)]


def test_a_folder_is_stored_before_its_name_and_its_name_before_the_old_one_goes(tmp_path, monkeypatch):
    write(tmp_path / "out", "old")
    disk = Disk(monkeypatch)
    removed = []
    monkeypatch.setattr(storage.shutil, "rmtree", lambda path, **_: removed.append((path, len(disk.calls))))
    write(tmp_path / "out", "new")
    monkeypatch.undo()
    names = [(name, path.name if name == "fsync" else None) for name, path in disk.calls]
    swap = names.index(("rename", None))
    stored = [path.name for name, path in disk.calls[:swap] if name == "fsync"]
    assert stored[:2] == ["b", "deep"]
    assert stored[2] == "a.json"
    assert stored[3].endswith(".partial")
    assert names[swap:] == [("rename", None), ("replace", None), ("fsync", tmp_path.name)]
    aside = tmp_path / ".out.previous"
    assert (aside, len(disk.calls)) in removed
    assert contents(aside) == {"old"}


def failing_moments(run, code):
    """Call ``run`` with every system call failing once; yields after each."""
    for number in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(patch, number, code)
            with contextlib.suppress(UsageError):
                run()
        if len(disk.calls) < number:
            assert number > 4
            return
        yield
    raise AssertionError("no end")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_folder_is_the_old_or_the_new_whatever_fails(code, tmp_path):
    folder = tmp_path / "out"
    write(folder, "old")
    for _ in failing_moments(lambda: write(folder, "new"), code):
        assert contents(folder) in ({"old"}, {"new"})
        assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.previous"}
        write(folder, "old")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert contents(folder) == {"new"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_file_is_the_old_or_the_new_whatever_fails(code, tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"is": "old"})
    for _ in failing_moments(lambda: write_json(path, {"is": "new"}), code):
        assert json.loads(path.read_text())["is"] in ("old", "new")
        assert [found.name for found in tmp_path.iterdir()] == ["a.json"]
        write_json(path, {"is": "old"})
    assert json.loads(path.read_text())["is"] == "new"


DIE = """
import os, signal, sys
from pathlib import Path
from tests.core.test_durability import write
target, call, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
original, seen = getattr(os, call), 0
def dying(*arguments, **options):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)
setattr(os, call, dying)
write(target, "new")
"""


def killed(folder, call, at=1):
    """Overwrite ``folder`` in a process that is killed at its ``at``-th call of a function of ``os``."""
    done = subprocess.run(
        [sys.executable, "-c", DIE, folder, call, str(at)], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_is_removed_and_what_it_set_aside_goes_back(tmp_path):
    folder = tmp_path / "out"
    write(folder, "old")
    killed(folder, "fsync")
    assert contents(folder) == {"old"}
    assert len(list(tmp_path.iterdir())) == 3  # the lock and the temporary folder, too
    killed(folder, "replace")  # between both names
    assert not folder.exists()
    recover(folder)
    assert contents(folder) == {"old"}
    killed(folder, "replace")
    write(folder, "newer")  # without recovery in between
    assert contents(folder) == {"newer"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_was_set_aside_returns_to_an_empty_folder_too(tmp_path):
    folder = tmp_path / "out"
    write(folder, "old")
    folder.rename(tmp_path / ".out.previous")
    folder.mkdir()
    with (
        pytest.raises(UsageError, match="contains an earlier result"),
        staged_folder(folder, "a.json", overwrite=False),
    ):
        pass
    assert contents(folder) == {"old"}


def test_what_can_not_be_put_back_is_named(tmp_path, monkeypatch):
    write(tmp_path / "out", "old")
    (tmp_path / "out").rename(tmp_path / ".out.previous")

    def fail(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DataError, match=rf"interrupted; what was in it is in {tmp_path}/\.out\.previous"):
        recover(tmp_path / "out")


def test_temporary_files_of_ended_processes_are_removed(tmp_path):
    path = tmp_path / "a.txt"
    dead, other = tmp_path / ".a.txt.0123abcd.partial.txt", tmp_path / ".b.txt.0123abcd.partial.txt"
    for left in (dead, other):
        left.write_text("left")
    with staged_file(path) as living:
        living.write_text("first")
        with staged_file(path) as second:
            second.write_text("second")
        assert living.read_text() == "first"
        assert not dead.exists()
    assert path.read_text() == "first"
    assert {found.name for found in tmp_path.iterdir()} == {"a.txt", other.name}


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_modes_follow_umask(mask, tmp_path):
    before = os.umask(mask)
    try:
        write_json(tmp_path / "a.json", {})
        write(tmp_path / "out", "new")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {"a.json": 0o666 & ~mask, "b": 0o666 & ~mask, "out": 0o777 & ~mask, "deep": 0o777 & ~mask}


def test_a_link_to_a_folder_is_followed(tmp_path):
    write(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == {"new"}


def test_a_folder_with_a_first_file_that_was_not_finished_is_vacant(tmp_path):
    (tmp_path / ".plan.json.0123abcd.partial.json").touch()
    assert is_vacant(tmp_path)
    (tmp_path / "notes.partial.txt").touch()
    assert not is_vacant(tmp_path)
