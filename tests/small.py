"""Small atlases that were read by an untrained network: quick, for tests that need no sensible classes."""

import dataclasses

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.scan import read_ensemble
from morphoscope.ensembles import carry_out
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.datasets import input_of
from morphoscope.learning.networks import get_network
from morphoscope.models import Model


def untrained(plan, classes) -> Classifier:
    """A classifier of a plan's runs that guesses, always the same."""
    import torch

    torch.manual_seed(0)
    module = get_network("periodic-2d").build(len(plan.times), len(classes))
    return Classifier("periodic-2d", tuple(classes), input_of(plan), 1.0, {"training": {"name": "nothing"}}, module)


def scanned(plan, folder, classes=("H", "kappa", "lambda")) -> Atlas:
    """The atlas of a plan, simulated and read by :func:`untrained`."""
    return read_ensemble(untrained(plan, classes), carry_out(plan, folder / "ensemble"), folder / "atlas")


@pytest.fixture(scope="session")
def small_atlas(tmp_path_factory) -> Atlas:
    """Twelve runs of Gray–Scott at three points."""
    from tests.conftest import tiny_plan

    plan = dataclasses.replace(tiny_plan(size=48), until=120.0, times=(60.0, 90.0, 120.0))
    return scanned(plan, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def uniform_atlas(tmp_path_factory) -> Atlas:
    """Runs of a user's own model that settle to uniform states: the same but for rounding."""
    model = Model(
        name="relaxing", reaction={"u": "a - u"}, diffusion={"u": "1"}, defaults={"a": 0.38, "c": 1.0},
        background={"u": 0.3}, perturbation={"u": 0.5}, initial="noise", shown=None,
    )  # fmt: skip
    plan = morphoscope.scan_plan(model, grid={"a": (0.38, 0.3801, 2), "c": (1.0, 2.0, 2)}, size=(32, 32), until=14.0)
    return scanned(plan, tmp_path_factory.mktemp("uniform"))
