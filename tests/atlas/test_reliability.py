"""Nothing that people said is lost, and no damaged file of an atlas, classifier or run is read."""

import contextlib
import dataclasses
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Annotations, Atlas
from morphoscope.atlas.scan import inspect_atlas, read_ensemble
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.locking import folder_lock
from morphoscope.core.storage import recover
from morphoscope.ensembles import carry_out
from morphoscope.ensembles.run_folder import inspect_run, load_run
from morphoscope.learning.classifier import Classifier, inspect_classifier
from tests.small import untrained

CLASSES = ("H", "kappa", "lambda")


@pytest.fixture
def atlas(small_atlas, tmp_path):
    """A copy of a small atlas, beside its ensemble."""
    shutil.copytree(small_atlas.folder.parent, tmp_path / "small")
    return Atlas(tmp_path / "small" / "atlas")


def scan_again(atlas, classes=CLASSES, ensemble=None, overwrite=True):
    ensemble = ensemble or atlas.ensemble
    return read_ensemble(untrained(ensemble.plan, classes), ensemble, atlas.folder, overwrite=overwrite)


def flip(path, place=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 4
    path.write_bytes(content)


class TestOverwriting:
    def test_annotations_move_along(self, atlas):
        morphoscope.annotate(atlas, "swirls", [3], who="ada", why="they swirl")
        morphoscope.annotate(atlas, "lambda", [4], who="ben")
        after = scan_again(atlas, classes=("H", "kappa"))
        assert [(said.run, said.new, said.who, said.why) for said in after.annotations.log()] == [
            (3, "swirls", "ada", "they swirl"),
            (4, "lambda", "ben", ""),
        ]
        assert after.all_classes() == ("kappa", "H", "swirls", "lambda")
        assert set(after.class_styles()) == set(after.all_classes())
        assert after.labels()[4] == "lambda"

    def test_annotations_of_other_runs_are_not_lost(self, atlas, tmp_path):
        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        plan = dataclasses.replace(atlas.plan, runs=atlas.plan.runs[:2])
        other = carry_out(plan, tmp_path / "other")
        with pytest.raises(UsageError, match="1 annotations of other runs, which would be lost; choose") as told:
            scan_again(atlas, ensemble=other)
        assert told.value.operation == "export_annotations"
        assert len(Atlas(atlas.folder).annotations.log()) == 1
        (atlas.folder / "annotations.sqlite").unlink()
        assert len(scan_again(atlas, ensemble=other).runs) == 2

    def test_damaged_annotations_are_not_thrown_away(self, atlas):
        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        (atlas.folder / "annotations.sqlite").write_bytes(b"")
        for work in (lambda: scan_again(atlas), lambda: Atlas(atlas.folder).annotations):
            with pytest.raises(DataError, match=r"annotations.sqlite is damaged \(it is empty\)"):
                work()

    def test_a_failure_keeps_everything(self, atlas, monkeypatch):
        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        before = sorted(path.name for path in atlas.folder.iterdir())
        monkeypatch.setattr("morphoscope.atlas.scan.write_sheets", lambda *_: os.write(10_000, b""))
        with pytest.raises(UsageError, match="can't write"):
            scan_again(atlas)
        assert sorted(path.name for path in atlas.folder.iterdir()) == before
        assert [path.name for path in atlas.folder.parent.iterdir() if path.name.startswith(".")] == []

    def test_an_annotation_during_the_exchange_is_in_the_new_atlas(self, atlas, monkeypatch):
        """It waits for the file to be released, and finds that it is another one."""
        from morphoscope.core import storage

        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        swap, writers = storage._swap, []

        def slow(part, folder):
            writers.append(threading.Thread(target=morphoscope.annotate, args=(atlas, "H", [5]), kwargs={"who": "ben"}))
            writers[0].start()
            writers[0].join(0.3)
            assert writers[0].is_alive()
            swap(part, folder)

        monkeypatch.setattr(storage, "_swap", slow)
        after = scan_again(atlas)
        writers[0].join()
        assert [(said.run, said.who) for said in after.annotations.log()] == [(3, "ada"), (5, "ben")]

    def test_an_overwriting_that_was_interrupted_between_both_names(self, atlas):
        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        atlas.folder.rename(atlas.folder.with_name(".atlas.previous"))
        assert len(morphoscope.open_atlas(atlas.folder).annotations.log()) == 1


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "use"),
        [
            ("probabilities.npy", lambda folder: Atlas(folder)),
            ("plan.json", lambda folder: Atlas(folder)),
            ("atlas.json", lambda folder: Atlas(folder)),
            ("descriptors.npz", lambda folder: Atlas(folder).descriptors),
            ("thumbnails-000.webp", lambda folder: Atlas(folder).thumbnails(0)),
        ],
    )
    def test_a_flipped_bit_of_an_atlas_is_one_line(self, atlas, name, use):
        assert inspect_atlas(atlas.folder) == []
        flip(atlas.folder / name)
        with pytest.raises(DataError, match=rf"{name} (is|was) .*damaged") as told:
            use(atlas.folder)
        assert "\n" not in str(told.value)
        assert [finding.file for finding in inspect_atlas(atlas.folder)] in ([name], ["atlas.json"])

    def test_tables_and_annotations_are_inspected(self, atlas):
        morphoscope.annotate(atlas, "swirls", [3], who="ada")
        flip(atlas.folder / "points.csv")
        flip(atlas.folder / "annotations.sqlite", 0)
        assert [finding.file for finding in inspect_atlas(atlas.folder)] == ["points.csv", "annotations.sqlite"]

    def test_an_atlas_that_was_described_again_is_sound(self, atlas):
        with np.load(atlas.folder / "descriptors.npz") as kept:
            former = {name: kept[name] for name in kept.files if name != "method"}
        with atlas._files.rewriting("test", "descriptors.npz"):
            np.savez(atlas.folder / "descriptors.npz", **former)
        again = Atlas(atlas.folder)
        again.describe()
        assert inspect_atlas(atlas.folder) == []
        assert Atlas(atlas.folder).descriptors.keys() == again.descriptors.keys()

    def test_a_classifier(self, small_atlas, tmp_path):
        untrained(small_atlas.plan, CLASSES).save(tmp_path / "c")
        assert inspect_classifier(tmp_path / "c") == []
        flip(tmp_path / "c" / "weights.safetensors")
        with pytest.raises(DataError, match=r"weights.safetensors is damaged \(its SHA-256 .*train again"):
            Classifier.load(tmp_path / "c")
        assert [finding.file for finding in inspect_classifier(tmp_path / "c")] == ["weights.safetensors"]

    def test_a_run(self, tmp_path):
        morphoscope.simulate("gray-scott", size=48, until=1, out=tmp_path / "run")
        assert inspect_run(tmp_path / "run") == []
        flip(tmp_path / "run" / "snapshots.npz")
        with pytest.raises(DataError, match=r"snapshots.npz is damaged \(its SHA-256 .*simulate the run again"):
            load_run(tmp_path / "run")
        assert [finding.file for finding in inspect_run(tmp_path / "run")] == ["snapshots.npz"]

    def test_what_a_killed_overwriting_set_aside_is_found_for_every_kind(self, tmp_path):
        morphoscope.simulate("gray-scott", size=48, until=1, out=tmp_path / "run")
        (tmp_path / "run").rename(tmp_path / ".run.previous")
        assert load_run(tmp_path / "run").plan.model.name == "gray-scott"
        recover(tmp_path / "run")


class TestPeople:
    def test_two_who_create_one_class_both_succeed(self, atlas):
        start, failed = threading.Barrier(2), []

        def work(who, run):
            start.wait()
            try:
                morphoscope.annotate(Atlas(atlas.folder), "swirls", [run], who=who)
            except UsageError as error:
                failed.append(error)

        people = [threading.Thread(target=work, args=person) for person in (("ada", 1), ("ben", 2))]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert failed == []
        assert sorted((said.who, said.new) for said in atlas.annotations.log()) == [
            ("ada", "swirls"),
            ("ben", "swirls"),
        ]

    def test_the_second_joins_the_class_of_the_first(self, tmp_path):
        said = Annotations(tmp_path / "a.sqlite", "1234")
        first = said.make_class("swirls", "S", "#112233", "ada")
        assert said.make_class("swirls", "W", "#445566", "ben") == first
        assert said.classes() == [first]

    @pytest.mark.parametrize("name", ["", "  "])
    def test_no_class_is_no_rejection(self, atlas, name):
        with pytest.raises(UsageError, match="expected a name, or 'ambiguous' to reject the runs"):
            morphoscope.annotate(atlas, name, [1], who="ada")
        assert atlas.annotations.log() == []

    def test_a_full_disk_is_not_called_damage(self, atlas, monkeypatch):
        morphoscope.annotate(atlas, "H", [1], who="ada")
        from morphoscope.atlas import annotation_database

        connect = annotation_database._connect

        def small(path):
            connection = connect(path)
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            return connection

        monkeypatch.setattr(annotation_database, "_connect", small)

        def fill():
            for _ in range(50):
                morphoscope.annotate(atlas, "H", [2], who="ada", why="x" * 2000)

        with pytest.raises(UsageError, match=r"can't write .*: no space left on device") as told:
            fill()
        assert not isinstance(told.value, DataError)
        monkeypatch.undo()
        assert len(atlas.annotations.log()) >= 1
        with contextlib.closing(sqlite3.connect(atlas.annotations.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


HOLD = """
import sys
from pathlib import Path
from morphoscope.core.locking import folder_lock
with folder_lock(Path(sys.argv[1]), "holding"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("kind", ["atlas", "classifier", "run", "evaluation", "page", "study"])
def test_a_second_process_learns_who_writes(kind, atlas, tmp_path):
    """Before it does any work."""
    out = tmp_path / "out"
    work = {
        "atlas": lambda: read_ensemble(untrained(atlas.plan, CLASSES), atlas.ensemble, out),
        "classifier": lambda: morphoscope.train(atlas.ensemble.folder, atlas.ensemble.folder, out, epochs=1000),
        "run": lambda: morphoscope.simulate("gray-scott", until=1e6, out=out),
        "evaluation": lambda: morphoscope.evaluate(untrained(atlas.plan, CLASSES), atlas.ensemble, out),
        "page": lambda: morphoscope.export(atlas, out),
        "study": lambda: morphoscope.reproduce("scholz2022", out, profile="paper"),
    }[kind]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, out], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match=rf"out is in use: holding by process {holder.pid} since") as told:
            work()
        assert "\n" not in str(told.value)
        holder.send_signal(signal.SIGKILL)
    assert not out.exists()
    with folder_lock(Path(out), "testing"):
        pass
