"""Shared small things: the model, a tiny labelled ensemble, a tiny trained classifier, an atlas."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

import morphoscope
from morphoscope.engines import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles import Plan, make_runs
from morphoscope.models import Model, get_model

settings.register_profile("morphoscope", deadline=None, derandomize=True)  # the same examples every time
settings.load_profile("morphoscope")


@pytest.fixture(scope="session")
def gray_scott() -> Model:
    return get_model("gray-scott")


def tiny_plan(name: str = "tiny", runs: int = 4, seed: int = 1, size: int = 64) -> Plan:
    """Spots, stripes and the homogeneous state on a small square, for a short time."""
    model = get_model("gray-scott")
    rows = [
        ({"f": f, "k": k}, label)
        for label, f, k in (("kappa", 0.046, 0.063), ("lambda", 0.03, 0.062), ("H", 0.005, 0.05))
        for _ in range(runs)
    ]
    return Plan(
        name=name,
        model=model,
        grid=Grid(size, size),
        dt=0.5,
        until=3000.0,
        times=(2940.0, 2970.0, 3000.0),
        initial=InitialCondition("pearson-gamma"),
        record=("u",),
        runs=make_runs(model, rows, seed),
    )


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train, validation, classifier and atlas, all tiny."""
    folder = tmp_path_factory.mktemp("workshop")
    morphoscope.ensemble(tiny_plan("tiny-train", runs=8, seed=1), folder / "train")
    morphoscope.ensemble(tiny_plan("tiny-validation", runs=4, seed=2), folder / "validation")
    morphoscope.train(folder / "train", folder / "validation", folder / "classifier", epochs=40)
    morphoscope.scan(folder / "classifier", folder / "validation", folder / "atlas")
    return folder


class Listening:
    """A reporter that remembers what was said."""

    def __init__(self):
        self.said = []

    def task(self, *_, **__):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def advance(self, *_, **__):
        pass

    def say(self, text):
        self.said.append(text)
