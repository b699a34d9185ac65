"""The command ``check`` on every kind of folder."""

import json
import shutil

import pytest

import morphoscope
from morphoscope.cli import main
from morphoscope.core.errors import DataError


def run(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["check", *map(str, arguments)])
    printed = capsys.readouterr()
    return end.value.code, printed.out, printed.err


@pytest.fixture
def folders(small_atlas, tmp_path):
    """Copies of an ensemble and of an atlas, and a run."""
    made = shutil.copytree(small_atlas.folder.parent, tmp_path / "made")
    morphoscope.simulate("gray-scott", size=(40, 40), until=10, out=made / "run")
    return made


@pytest.mark.parametrize("name", ["ensemble", "atlas", "run"])
def test_folders_are_found_undamaged(folders, name, capsys):
    assert run(capsys, folders / name) == (0, f"{folders / name}: nothing is damaged\n", "")


@pytest.mark.parametrize(("name", "file"), [("atlas", "probabilities.npy"), ("run", "snapshots.npz")])
def test_a_changed_file_is_named(folders, name, file, capsys):
    changed = folders / name / file
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    code, listed, error = run(capsys, folders / name)
    assert code == 2
    assert listed.startswith(f"{changed}: ")
    assert error == f"error: {folders / name} is damaged: 1 finding is listed above\n"
    code, listed, _ = run(capsys, folders / name, "--json")
    assert [part["file"] for part in json.loads(listed)["found"]] == [file]


def test_damaged_runs_are_repaired_and_simulated_again(folders, capsys):
    ensemble = morphoscope.Ensemble(folders / "ensemble")
    before = ensemble.frames(ensemble.usable())
    [shard, *_] = sorted((folders / "ensemble/data.zarr/u").glob("c*"))
    shard.write_bytes(shard.read_bytes()[:-8])
    assert run(capsys, folders / "ensemble")[0] == 2
    code, listed, _ = run(capsys, folders / "ensemble", "--repair")
    assert code == 0
    assert "repaired" in listed
    again = morphoscope.ensemble(ensemble.plan, folders / "ensemble")
    assert (again.frames(again.usable()) == before).all()
    assert morphoscope.check(folders / "ensemble") == []


def test_the_folders_of_a_study_are_checked(folders, capsys):
    (folders / "study.json").write_text('{"options": {}, "stages": {}}')
    (folders / "atlas" / "points.csv").write_text("changed")
    assert [part.file for part in morphoscope.check(folders)] == ["atlas/points.csv"]


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="not a folder that can be checked"):
        morphoscope.check(tmp_path)
