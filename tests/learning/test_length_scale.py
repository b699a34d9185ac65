"""Patterns are read at the size, in cells over √diffusion, that the classifier was trained on."""

import numpy as np
import pytest

import morphoscope
from morphoscope.engines import Grid
from morphoscope.ensembles import Ensemble, Plan, make_runs, recipe
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.training_runs import TrainingRuns, length_scale
from morphoscope.models import Model, get_model

LONGER = 1.5625  # how many times as long as in training the cells are
SHORT = {"size": (96, 96), "dt": 0.5, "until": 5000, "seed": 5}
CLASSES = ("gamma", "delta", "theta", "epsilon")


@pytest.fixture(scope="module")
def classifier():
    return Classifier.load("gray-scott-second-pass")


@pytest.fixture(scope="module")
def runs():
    """Runs of some classes on cells 1.5625 times as long."""
    points = {run.label: dict(run.parameters) for run in recipe("scholz2022-train").runs}
    return {name: morphoscope.simulate("gray-scott", points[name], spacing=LONGER, **SHORT) for name in CLASSES}


def test_without_the_cell_size_they_are_misread(classifier, runs):
    """Without interpolation, spots and stripes look finer, and everything is read as η."""
    for run in runs.values():
        assert morphoscope.classify(classifier, run.species("u"), cell_size=1).names == ["eta"]


def test_a_run_knows_its_cell_size(classifier, runs):
    for name, run in runs.items():
        found = morphoscope.classify(classifier, run)
        assert found.names == [name]
        assert any("1.5625 times as long as in training" in note for note in found.notes)


def test_an_array_with_the_cell_size_is_read_as_the_run(classifier, runs):
    for run in runs.values():
        expected = morphoscope.classify(classifier, run).probabilities
        found = morphoscope.classify(classifier, run.species("u"), cell_size=LONGER).probabilities
        assert np.allclose(found, expected, atol=1e-6)


def test_diffusion_counts_as_cells_do(classifier, runs):
    """The equations on a grid depend only on D / h²."""
    model = get_model("gray-scott")
    plan = runs["theta"].plan
    point = dict(plan.runs[0].parameters)
    less = point | {name: point[name] / LONGER**2 for name in ("Du", "Dv")}
    run = morphoscope.simulate(model, less, **SHORT)
    assert np.allclose(run.species("u"), runs["theta"].species("u"), atol=1e-3)
    assert morphoscope.classify(classifier, run).names == ["theta"]


def test_each_run_of_a_scan_has_its_own_scale(classifier, runs, tmp_path):
    model = get_model("gray-scott")
    point = dict(runs["theta"].plan.runs[0].parameters)
    rows = [(point | {n: point[n] / factor**2 for n in ("Du", "Dv")}, None) for factor in (1.0, LONGER)]
    plan = Plan(
        name="two", model=model, grid=Grid(96, 96), dt=0.5, until=5000.0, times=(4940.0, 4970.0, 5000.0),
        initial=runs["theta"].plan.initial, record=("u",), runs=make_runs(model, rows, 1),
    )  # fmt: skip
    morphoscope.ensemble(plan, tmp_path / "two")
    atlas = morphoscope.scan(classifier, tmp_path / "two", tmp_path / "atlas")
    assert atlas.reading.names == ["theta", "theta"]
    assert "cells 1 to 1.5625 times as long" in atlas.notes[0]
    found = morphoscope.classify(classifier, Ensemble(tmp_path / "two"))
    assert np.array_equal(found.probabilities, atlas.reading.probabilities)


class TestTrainingRuns:
    model = get_model("gray-scott")
    trained = TrainingRuns(model, 1.0, {"u": (0.2, 0.2), "v": (0.1, 0.1)})
    varied = TrainingRuns(model, 1.0, {"u": (0.2, 0.8), "v": (0.1, 0.4)})

    def test_steps(self):
        same = {"u": 0.2, "v": 0.1}
        assert self.trained.step(1.0, same, "u") == 1
        assert self.trained.step(2.0, same, "u") == pytest.approx(0.5)
        assert self.trained.step(2.0, {"u": 0.8, "v": 0.4}, "u") == 1
        assert self.trained.step(1.0, {"u": 0.05, "v": 0.025}, "v") == pytest.approx(0.5)

    def test_what_training_covered_needs_no_change(self):
        assert self.varied.step(0.7, {"u": 0.2, "v": 0.1}, "u") == 1
        assert self.varied.step(0.25, {"u": 0.2, "v": 0.1}, "u") == pytest.approx(2)
        assert self.varied.step(4.0, {"u": 0.2, "v": 0.1}, "u") == pytest.approx(0.25)

    def test_ratios(self):
        assert self.trained.same_ratios({"u": 0.4, "v": 0.2})
        assert not self.trained.same_ratios({"u": 0.4, "v": 0.1})
        assert not self.trained.same_ratios({"u": 0.0, "v": 0.1})
        still = TrainingRuns(self.model, 1.0, {"u": (0.0, 0.0), "v": (0.1, 0.1)})
        assert still.same_ratios({"u": 0.0, "v": 0.3})
        assert not still.same_ratios({"u": 0.1, "v": 0.3})

    def test_species_that_do_not_diffuse_take_the_lengths_of_others(self):
        assert length_scale(2.0, {"u": 0.0, "v": 4.0}, "u") == 1
        assert length_scale(2.0, {"u": 0.0, "v": 0.0}, "u") == 2

    def test_json(self):
        assert TrainingRuns.from_dict(self.varied.to_dict()) == self.varied

    def test_equations_are_compared_not_their_text(self):
        values = self.model.to_dict()
        for reaction in (
            {"u": "f - f*u - v**2*u", "v": "-(f + k)*v + u*v*v"},
            {"u": "f*(1-u)-v**2*u", "v": "u*v**2-(f+k)*v"},
        ):
            assert self.trained.same_equations(Model.from_dict({**values, "reaction": reaction}))
        other = {"u": "f*(1 - u) - u*v**2", "v": "u*v**2 - k*v"}
        assert not self.trained.same_equations(Model.from_dict({**values, "reaction": other}))
        assert not self.trained.same_equations(get_model("schnakenberg"))
