"""The contract that every model must hold to: built-in ones hold it, broken ones are found out."""

import numpy as np
import pytest

import morphoscope
from morphoscope.engines import contract
from morphoscope.engines.contract import check_model
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.files import TEMPLATE

NAMES = [
    "formulas", "defaults", "round trip", "time step", "kernel", "stays finite", "agrees with reference",
    "stays homogeneous",
]  # fmt: skip


def failures(**fields):
    given = {"name": "m", "reaction": {"u": "u - u**3"}, "diffusion": {"u": "1"}, "initial": "noise", **fields}
    return {check.name: check.detail for check in check_model(Model(**given)) if not check.passed}


@pytest.mark.parametrize("name", model_names())
def test_built_in_models_hold_to_it(name):
    checks = check_model(get_model(name))
    assert [check.name for check in checks] == NAMES
    assert [check for check in checks if not check.passed] == []


def test_the_template_holds_to_it():
    assert all(check.passed for check in morphoscope.check_model(TEMPLATE))


def test_a_sound_model():
    assert failures() == {}


def test_formulas_come_first():
    found = check_model(Model(name="m", reaction={"u": "u + $"}))
    assert [(check.name, check.passed) for check in found] == [("formulas", False)]
    assert "column 5" in found[0].detail


def test_what_goes_wrong_is_found():
    assert "out of range" in failures(defaults={"a": 5.0}, ranges={"a": (0.0, 1.0)})["defaults"]
    assert "exceeds the diffusion limit" in failures(dt=0.6)["time step"]
    assert "no longer finite" in failures(reaction={"u": "1 + u**4"}, dt=0.1)["stays finite"]
    assert "unknown initial condition" in failures(initial="splash")["kernel"]
    assert "unknown integrator" in failures(integrator="magic")["kernel"]
    assert set(failures(title="two\nlines")) == {"round trip"}


def test_engines_that_differ_are_found(monkeypatch):
    from morphoscope.engines.reference import ReferenceEngine

    right = ReferenceEngine.run

    def wrong(self, job):
        result = right(self, job)
        result.snapshots[...] *= 1.001
        return result

    monkeypatch.setattr(ReferenceEngine, "run", wrong)
    assert "differ by 1.0e-03" in failures()["agrees with reference"]


def test_an_engine_that_crashes_is_a_failed_check(monkeypatch):
    def broken(name):
        raise ZeroDivisionError("engine on fire")

    monkeypatch.setattr(contract, "get_engine", broken)
    assert failures()["kernel"] == "ZeroDivisionError: engine on fire"


def test_a_model_that_starts_from_its_steady_state_needs_no_background():
    ratio = Model(
        name="ratio", reaction={"a": "a**2/b - a + 0.1", "b": "a**2 - c*b"}, diffusion={"a": "1", "b": "20"},
        defaults={"c": 1.2}, initial="steady",
    )  # fmt: skip
    assert [check for check in check_model(ratio) if not check.passed] == []


def test_a_state_that_spreads_is_found(monkeypatch):
    def drifting(self, engine, start, steps):
        return np.linspace(1, 2, start.size).reshape(start.shape)

    monkeypatch.setattr("morphoscope.engines.contract._Trial.run", drifting)
    assert "spreads by" in failures()["stays homogeneous"]
