"""What a worker checks before it does anything."""

import dataclasses

import pytest

import morphoscope
from morphoscope.ensembles.runners import workers
from morphoscope.ensembles.runners.workers import Source, check_worker, probe
from morphoscope.ensembles.store import Ensemble


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "VISIBLE_SECONDS", 0.0)
    plan = morphoscope.scan_plan("gray-scott", size=16, until=10)
    made = Ensemble.create(plan, tmp_path / "ensemble")
    source = Source(str(made.folder), plan.hash, "cpu", "call")
    source.mark.write_text("call")
    return source


def test_a_worker_that_sees_the_folder_has_no_problem_and_leaves_nothing(source):
    assert probe(source, check_worker)["problem"] is None
    assert list(source.mark.parent.glob("*.partial")) == [source.mark]


def test_a_worker_without_the_folder_says_so(source, tmp_path):
    problem = probe(dataclasses.replace(source, folder=str(tmp_path / "elsewhere")), check_worker)["problem"]
    assert "does not see" in problem
    assert "all computers of the cluster share" in problem


def test_another_folder_of_the_same_name_is_noticed(source):
    source.mark.unlink()  # as in a copy on the worker's own disk
    assert "does not see" in probe(source, check_worker)["problem"]


def test_a_worker_with_another_version_says_so(source):
    problem = probe(dataclasses.replace(source, version="0.0.1"), check_worker)["problem"]
    assert "install the same version everywhere" in problem
