"""Adaptive scans: what is chosen, that it continues, and that inferred points are never shown as simulated ones."""

import csv

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.adaptive import FIRST, BatchReader, Known, coordinates, next_batch, simulate_adaptively
from morphoscope.atlas.inferred import simulated, with_inferred
from morphoscope.atlas.scan import read_ensemble
from morphoscope.atlas.views import with_labels, with_plane
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble, carry_out
from morphoscope.learning.class_field import ClassField, spread_points
from morphoscope.learning.prediction import Prediction
from tests.cli.in_process import cli_here
from tests.small import untrained

CLASSES = ("left", "right")


def lattice(points=40):
    axis = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def halves(points):
    """Two half-planes with a sharp border."""
    return np.eye(2, dtype=np.float32)[(points @ [1.0, 0.6] > 0.83).astype(int)]


def explored(points, budget, seed=0):
    chosen, truth = [], halves(points)
    while len(chosen) < budget:
        known = np.array(chosen, dtype=int)
        chosen += next_batch(points, Known(known, truth[known]), chosen, budget, seed)
    return chosen, ClassField(points, np.array(chosen), truth[chosen]).probabilities.argmax(axis=1)


def test_runs_are_spent_at_the_border():
    points = lattice(30)
    chosen, found = explored(points, 128)
    assert len(set(chosen)) == 128
    truth = halves(points).argmax(axis=1)
    assert np.mean(found != truth) <= 0.015
    distance = np.abs(points @ [1.0, 0.6] - 0.83) / np.hypot(1, 0.6)
    assert np.median(distance[chosen[FIRST:]]) < 0.5 * np.median(distance)
    spread = spread_points(points, 128, 0)
    filled = ClassField(points, np.array(spread), halves(points)[spread]).probabilities.argmax(axis=1)
    assert np.mean(found != truth) < np.mean(filled != truth)


def test_the_choice_depends_on_the_seed_only():
    points = lattice(20)
    assert explored(points, 120)[0] == explored(points, 120)[0]
    assert explored(points, 120, seed=1)[0] != explored(points, 120)[0]


def test_first_points_fill_the_space():
    points = lattice(16)
    chosen = spread_points(points, 64, 0)
    assert len(set(chosen)) == 64
    gaps = np.sqrt(((points[:, None] - points[chosen]) ** 2).sum(axis=2)).min(axis=1)
    assert gaps.max() < 0.2


@pytest.fixture(scope="module")
def plan():
    return morphoscope.scan_plan(
        "gray-scott", grid={"f": (0.02, 0.06, 11), "k": (0.05, 0.07, 10)}, size=40, until=4, times=(2, 3, 4), dt=1
    )


def oracle(ensemble, runs):
    return Prediction(CLASSES, halves(coordinates(ensemble.plan))[runs])


def test_an_interrupted_scan_continues_with_the_same_runs(plan, tmp_path):
    whole = simulate_adaptively(plan, tmp_path / "whole", BatchReader(oracle), 98, workers=1)
    assert len(whole.usable()) == 98
    reads = []

    def dies(ensemble, runs):
        reads.append(len(runs))
        if len(reads) == 2:
            raise KeyboardInterrupt
        return oracle(ensemble, runs)

    with pytest.raises(KeyboardInterrupt):
        simulate_adaptively(plan, tmp_path / "cut", BatchReader(dies), 98, workers=1)
    before = set(Ensemble(tmp_path / "cut").usable().tolist())
    assert len(before) == FIRST + 32
    seen = []
    counted = BatchReader(lambda e, r: seen.append(len(r)) or oracle(e, r))
    cut = simulate_adaptively(plan, tmp_path / "cut", counted, 98, workers=1)
    assert np.array_equal(cut.usable(), whole.usable())
    assert before <= set(cut.usable().tolist())
    assert sum(seen) == 96  # the last batch is not read, for nothing follows
    full = carry_out(plan, tmp_path / "cut", workers=1)  # the same folder becomes the full scan
    assert len(full.usable()) == 110
    assert np.array_equal(full.frames(whole.usable()), whole.frames(whole.usable()))


def test_inferred_points_are_marked_everywhere(plan, tmp_path):
    made = simulate_adaptively(plan, tmp_path / "runs", BatchReader(oracle), 20, workers=1)
    atlas = read_ensemble(untrained(plan, ("H", "kappa")), made, tmp_path / "atlas", fill=True)
    assert len(atlas.runs) == sum(atlas.counts().values()) == 20
    assert len(atlas.inferred[0]) == 90
    assert not set(atlas.runs.tolist()) & set(atlas.inferred[0].tolist())
    with (tmp_path / "atlas" / "points.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["read_by"] == "inferred" for row in rows] == [False] * 20 + [True] * 90
    assert all(row["mean"] and row["class"] for row in rows[:20])
    assert all(not row["mean"] and row["class"] for row in rows[20:])
    figure = morphoscope.class_map(atlas)
    assert "20 runs, 90 points inferred" in figure.axes[0].get_title()
    assert any(text.startswith("simulated") for text in figure.axes[0].get_legend_handles_labels()[1])
    assert "20 patterns, 4 shown" in morphoscope.montage(atlas, most=4).get_suptitle()
    view = with_inferred(Atlas(tmp_path / "atlas"))
    assert sorted(view.runs.tolist()) == list(range(110))
    assert np.isnan(view.variables()["mean"]).sum() == 90
    for other in (with_plane(view, ("f", "k")), with_labels(view)):
        assert simulated(other).sum() == 20


def test_an_ensemble_of_a_plan_only_is_scanned_adaptively(tmp_path):
    grid = ("--grid", "f=0.02:0.06:4", "--grid", "k=0.05:0.07:3", "--size", "40x40", "--until", 64)
    made = cli_here("ensemble", "gray-scott", *grid, "--times", "4,34,64", "--plan-only", "--out", "runs", cwd=tmp_path)
    assert "0 runs done, 0 failed, 12 pending" in made.stdout
    scanned = ("scan", "gray-scott-second-pass", "runs", "--adaptive", "--budget", 5, "--out", "atlas")
    done = cli_here(*scanned, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(Ensemble(tmp_path / "runs").usable()) == 5


@pytest.mark.parametrize("budget", ["0", "-3", "111"])
def test_a_budget_is_from_one_to_all(plan, tmp_path, budget):
    plan.save(tmp_path / "plan.json")
    options = ["--adaptive", "--budget", budget, "--out", "atlas"]
    done = cli_here("scan", "gray-scott-second-pass", "plan.json", *options, cwd=tmp_path)
    assert done.returncode == 2
    assert f"budget {budget}; the plan has 110 runs, use 1 to 110" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_what_an_adaptive_scan_refuses(plan, tmp_path):
    reader = "gray-scott-second-pass"
    with pytest.raises(UsageError, match="needs a number of runs"):
        morphoscope.scan(reader, plan, tmp_path / "atlas", adaptive=True)
    with pytest.raises(UsageError, match="the classifier reads 3 frames"):  # before anything is simulated
        morphoscope.scan(reader, plan, tmp_path / "atlas", adaptive=True, budget=5)
    assert not list(tmp_path.iterdir())
    with pytest.raises(UsageError, match="brusselator is a model; give a plan that says which") as said:
        morphoscope.scan(reader, "brusselator", tmp_path / "atlas", adaptive=True, budget=5)
    assert said.value.operation == "scan_plan"
    with pytest.raises(UsageError, match="has no runs to read"):
        morphoscope.scan(reader, plan, tmp_path / "atlas")
    with pytest.raises(UsageError, match="are for adaptive scans"):
        morphoscope.scan(reader, tmp_path / "runs", tmp_path / "atlas", budget=3)
    settings = {"size": 40, "until": 4}
    starts = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.06, 3)}, initial=["spots", "noise"], **settings)
    with pytest.raises(UsageError, match="one initial condition"):
        morphoscope.scan(reader, starts, tmp_path / "atlas", adaptive=True, budget=3)
    same = morphoscope.scan_plan("gray-scott", replicates=4, **settings)
    with pytest.raises(UsageError, match="parameters vary"):
        morphoscope.scan(reader, same, tmp_path / "atlas", adaptive=True, budget=3)
    assert not list(tmp_path.iterdir())
