"""A full disk and a folder that can't be written are one line that names the file, and leave nothing half-written."""

import contextlib
import dataclasses
import errno
import os
import shutil
import subprocess

import numpy as np
import pytest

import morphoscope
from morphoscope.cli import main
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import check_writable, staged_file, staged_folder, write_json, writing
from morphoscope.ensembles import Ensemble, carry_out, local_files
from morphoscope.ensembles.ledger import Entry, Ledger
from morphoscope.learning.classifier import Classifier
from tests.conftest import tiny_plan

PLAN = dataclasses.replace(tiny_plan(size=48), until=10.0, times=(5.0, 10.0), runs=tiny_plan().runs[:3])
CODES = {
    errno.ENOSPC: "no space left on device; free some space",
    errno.EROFS: "read-only file system; choose a writable folder",
    errno.EACCES: "permission denied; choose a folder that you have permission to write to",
}


def failing(code):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", CODES)
class TestEveryError:
    def test_a_file(self, code, tmp_path, monkeypatch):
        path = tmp_path / "a.json"
        path.write_text("before")
        monkeypatch.setattr("pathlib.Path.write_text", failing(code))
        with pytest.raises(UsageError, match=f"can't write {path}: {CODES[code]}"):
            write_json(path, {})
        assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
        assert path.read_text() == "before"

    def test_a_folder(self, code, tmp_path):
        def write():
            with staged_folder(tmp_path / "out", "a.json", overwrite=False) as part:
                (part / "a.json").write_text("half")
                failing(code)()

        with pytest.raises(UsageError, match=f"can't write {tmp_path / 'out'}: {CODES[code]}"):
            write()
        assert list(tmp_path.iterdir()) == []

    def test_the_arrays_of_an_ensemble(self, code, tmp_path, monkeypatch):
        """The runs that were written stay; the same call continues once there is room."""
        monkeypatch.setattr("morphoscope.ensembles.arrays._SHARD_RUNS", 2)
        put = local_files._put

        def full(path, content):
            if path.name.startswith("c.1."):
                failing(code)()
            put(path, content)

        monkeypatch.setattr(local_files, "_put", full)
        place = tmp_path / "e" / "data.zarr" / "u"
        with pytest.raises(UsageError, match=f"can't write {place}: {CODES[code]}"):
            carry_out(PLAN, tmp_path / "e", workers=1)
        assert Ensemble(tmp_path / "e").status() == ["done", "done", "pending"]
        monkeypatch.undo()
        assert carry_out(PLAN, tmp_path / "e").status() == ["done"] * 3


def test_an_error_of_another_file_is_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path / "a" / "out"):
        (tmp_path / "b" / "absent").read_text()
    (tmp_path / "beside").mkdir()
    with pytest.raises(IsADirectoryError), writing(tmp_path / "out"):
        (tmp_path / "beside").read_text()


def test_a_path_under_a_file(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(UsageError, match=f"can't create {tmp_path / 'file'}: .*; choose another location"):
        write_json(tmp_path / "file" / "out.json", {})
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize(
    "command",
    [
        ("simulate", "gray-scott", "--size", "48x48", "--until", "1", "--out"),
        ("ensemble", "--model", "gray-scott", "--size", "48x48", "--until", "1", "--out"),
        ("models", "new", "my", "--out"),
    ],
)
def test_commands_exit_with_2_and_name_the_place(command, tmp_path, capsys):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(SystemExit) as left:
        main([*command, str(tmp_path / "file" / "out")])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert left.value.code == 2
    assert str(tmp_path / "file") in line
    assert "Traceback" not in line


@contextlib.contextmanager
def mounted(folder, *options):
    """A small file system of its own; the test is skipped where none can be mounted."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full(tmp_path):
    with mounted(tmp_path / "disk", "-o", "size=64k") as disk:
        plan = dataclasses.replace(PLAN, runs=tiny_plan(runs=8).runs)
        with pytest.raises(
            UsageError, match=r"can't write .*disk/e/.*(no space left on device|disk is full)"
        ) as caught:
            carry_out(plan, disk / "e")
        assert "\n" not in str(caught.value)
        with pytest.raises(UsageError, match=r"can't write .*no space left"):
            morphoscope.simulate("gray-scott", size=(128, 128), until=1, out=disk / "run")
        assert not (disk / "run").exists()
        with pytest.raises(UsageError, match=r"can't write .*disk/classifier.*space"):
            Classifier.load("gray-scott-first-pass").save(disk / "classifier")
        assert sorted(path.name for path in disk.iterdir()) == ["e"]


def test_a_disk_that_is_read_only(tmp_path):
    with mounted(tmp_path / "disk") as disk:
        carry_out(dataclasses.replace(PLAN, runs=PLAN.runs[:1]), disk / "done")
        Ensemble.create(PLAN, disk / "begun")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        opened = Ensemble(disk / "done")
        assert opened.status() == ["done"]
        assert np.isfinite(opened.frames(np.array([0]))).all()
        for work in (
            lambda: carry_out(PLAN, disk / "begun"),
            lambda: carry_out(PLAN, disk / "new"),
            lambda: morphoscope.describe(disk / "done"),
            lambda: morphoscope.simulate("gray-scott", size=48, until=1, out=disk / "run"),
            lambda: opened.ledger.commit([Entry(0, "done", None, 1, 0.0)]),
        ):
            with pytest.raises(UsageError, match=f"can't (write|create) {disk}.*read-?only") as caught:
                work()
            assert "\n" not in str(caught.value)


def test_a_damaged_ledger_is_told_from_a_full_disk(tmp_path):
    (tmp_path / "ledger.sqlite").write_text("no database at all, but long enough to look at" * 20)
    with pytest.raises(DataError, match="is damaged"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_staged_file_takes_its_place_at_the_end(tmp_path):
    with staged_file(tmp_path / "new" / "a.txt") as part:
        part.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"


def test_a_folder_without_permission_is_known_before_writing(tmp_path, monkeypatch):
    check_writable(tmp_path / "new" / "folder" / "file")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UsageError, match="permission denied"):
        check_writable(tmp_path / "new" / "file")
