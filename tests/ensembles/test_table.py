"""The rows of a plan as columns: the same runs, seeds and hash as with one object per row, also from files."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble, Plan, Run
from morphoscope.ensembles.identity import numeric_hash
from morphoscope.ensembles.seeds import SEED_BITS, seeds_of_runs
from morphoscope.ensembles.table import RunTable
from morphoscope.models import Ramp
from tests.conftest import tiny_plan

PLAN = dataclasses.replace(tiny_plan(size=48), until=10.0, times=(5.0, 10.0))
MODEL = PLAN.model


def complete(**given):
    return MODEL.complete(given)


ROWS = [
    Run(complete(f=0.03), 1, "a"),
    Run(complete(f=0.03, k=0.055), 2),
    Run(complete(k=Ramp("x", 0.05, 0.06)), 3, "b"),
    Run(complete(f=0.04), 2**70, "a"),
    Run(complete(f=0.04), 5, "a"),
]
rows = st.lists(st.sampled_from(ROWS), min_size=1, max_size=30)


@given(st.integers(0, 2**200), st.integers(1, 20))
def test_seeds_are_those_of_numpys_sequences(root, count):
    sequences = (np.random.SeedSequence(root, spawn_key=(run,)) for run in range(count))
    expected = [int(sequence.generate_state(1, np.uint64)[0]) >> 64 - SEED_BITS for sequence in sequences]
    assert seeds_of_runs(root, count).tolist() == expected


@given(rows)
def test_a_table_is_its_runs(runs):
    table = RunTable.of(runs)
    assert list(table) == runs
    assert [run.parameters.given for run in table] == [run.parameters.given for run in runs]
    assert table == RunTable.of(list(table))
    assert [type(run.seed) for run in table] == [int] * len(runs)
    assert table[-1] == runs[-1]
    assert list(table[1:3]) == runs[1:3]
    assert table.labels() == [run.label for run in runs]
    with pytest.raises(IndexError):
        table[len(runs)]


@given(rows, rows)
def test_tables_are_equal_if_their_runs_are(ours, theirs):
    one, other = RunTable.of(ours), RunTable.of(theirs)
    assert (one == other) == (ours == theirs)
    if len(ours) == len(theirs):
        differing = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
        assert one.first_difference(other) == (differing[0] if differing else None)


@given(rows)
def test_the_first_run_of_each_combination(runs):
    found = RunTable.of(runs).distinct(["f", "k"]).tolist()
    first: dict = {}
    for number, run in enumerate(runs):
        first.setdefault((run.parameters["f"], run.parameters["k"]), number)
    assert found == sorted(first.values())


def test_the_hash_of_small_plans_is_the_one_of_earlier_versions():
    """As the version before plans had columns computed it."""
    assert PLAN.hash == "044e66039bc7dff735d691e0e8225a9ae061cb367afb7efd8138294d65199b02"
    assert dataclasses.replace(PLAN, runs=tuple(PLAN.runs)).hash == PLAN.hash


@pytest.fixture
def large(monkeypatch):
    """Plans of ten rows are large."""
    monkeypatch.setattr("morphoscope.ensembles.identity.ROWS_AS_JSON", 9)
    monkeypatch.setattr("morphoscope.ensembles.plan_files.ROWS_AS_JSON", 9)
    return morphoscope.scan_plan("gray-scott", sample="lhs:10", ranges={"f": (0.02, 0.04)}, size=48, until=10)


def test_a_large_plan_has_a_file_with_its_rows(large, tmp_path):
    large.save(tmp_path / "plan.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "plan.runs.npz"]
    again = Plan.load(tmp_path / "plan.json")
    assert again == large
    assert again.difference(large) is None
    assert again.hash == large.hash == numeric_hash(again)
    labelled = dataclasses.replace(PLAN, runs=PLAN.runs)
    labelled.save(tmp_path / "l" / "plan.json")
    assert Plan.load(tmp_path / "l" / "plan.json").table.labels() == PLAN.table.labels()


def test_the_hash_of_a_large_plan_is_that_of_its_values(large):
    rows = tuple(large.runs)
    assert dataclasses.replace(large, runs=rows).hash == large.hash
    for number, changed in (
        (3, dataclasses.replace(rows[3], seed=1)),
        (9, dataclasses.replace(rows[9], label="x")),
        (0, dataclasses.replace(rows[0], parameters=large.model.complete({**rows[0].parameters, "k": 0.06}))),
    ):
        other = dataclasses.replace(large, runs=[*rows[:number], changed, *rows[number + 1 :]])
        assert other.hash != large.hash
        assert large.difference(other).startswith(f"runs.{number}.")


def test_a_damaged_or_missing_table_is_one_line(large, tmp_path):
    large.save(tmp_path / "plan.json")
    table = tmp_path / "plan.runs.npz"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    with pytest.raises(DataError, match=r"plan\.runs\.npz is damaged"):
        Plan.load(tmp_path / "plan.json")
    table.unlink()
    with pytest.raises(DataError, match=r"plan\.runs\.npz is missing"):
        Plan.load(tmp_path / "plan.json")


def test_a_folder_that_has_no_table_yet_is_completed(large, tmp_path):
    """plan.json is written first; the process may die before the table is."""
    folder = tmp_path / "e"
    Ensemble.create(large, folder)
    (folder / "plan.runs.npz").unlink()
    with pytest.raises(UsageError, match="another plan"):
        Ensemble.create(dataclasses.replace(large, until=9.0, times=(9.0,)), tmp_path / "e2") and Ensemble.create(
            large, tmp_path / "e2"
        )
    assert Ensemble.create(large, folder).plan == large
    assert set(morphoscope.ensemble(large, folder).status()) == {"done"}
