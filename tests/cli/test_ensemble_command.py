"""The command ``ensemble``: scans, recipes and plans on the command line."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import morphoscope
from morphoscope.cli.app import root
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.sampling import scan_plan
from morphoscope.ensembles.settings import Settings
from morphoscope.models import get_model
from morphoscope.models.files import model_to_toml

GRAY_SCOTT = get_model("gray-scott")


def invoke(*arguments):
    return CliRunner().invoke(root, ["ensemble", *map(str, arguments)])


def test_a_scan_is_simulated_and_continued(tmp_path):
    command = (
        "--model", "gray-scott", "--grid", "f=0.02:0.05:2", "-p", "k=0.06", "--replicates", 2, "--size", "40x40",
        "--until", 10, "--dt", 0.5, "--times", "5,10", "--record", "u,v", "--seed", 3, "--json",
        "--out", tmp_path / "e",
    )  # fmt: skip
    first, again = invoke(*command), invoke(*command)
    assert json.loads(first.stdout) == json.loads(again.stdout)
    plan = Ensemble(tmp_path / "e").plan
    assert plan == morphoscope.scan_plan(
        "gray-scott", {"k": 0.06}, grid={"f": (0.02, 0.05, 2)}, replicates=2, size=(40, 40), until=10, dt=0.5,
        times=(5, 10), record=("u", "v"), seed=3,
    )  # fmt: skip
    assert json.loads(first.stdout)["done"] == len(plan.runs) == 4


@pytest.mark.parametrize("named", [("gray-scott",), ("--model", "gray-scott"), ("own.toml",)])
def test_a_model_is_named_as_in_simulate(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(model_to_toml(dataclasses.replace(GRAY_SCOTT, name="own")), encoding="utf-8")
    done = invoke(*named, "--grid", "f=0.02:0.05:2", "--size", "40x40", "--until", 1, "--times", 1, "--out", "e")
    assert done.exit_code == 0
    assert done.stdout.startswith("e: 2 runs done, 0 failed; plan ")
    assert Ensemble("e").plan.model.reaction == GRAY_SCOTT.reaction


def test_a_scan_starts_from_a_run(tmp_path):
    run = morphoscope.simulate("gray-scott", size=40, until=1.0, times=[1.0], out=tmp_path / "run")
    done = invoke("gray-scott", "--initial", tmp_path / "run", "--until", 1, "--times", "0,1", "--out", tmp_path / "e")
    assert done.exit_code == 0, done.exception
    first = Ensemble(tmp_path / "e").frames(np.array([0]))[0, 0]
    assert np.array_equal(first, run.species("u")[-1].astype(np.float32))


def test_a_plan_and_a_recipe_in_the_same_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scan_plan("gray-scott", settings=Settings(size=(40, 40), until=1.0, times=(1.0,))).save(Path("plan.json"))
    assert invoke("plan.json", "--out", "e").exit_code == 0
    assert Ensemble("e").plan == Plan.load(Path("plan.json"))


@pytest.mark.parametrize(
    "points", [("--grid", "b=0.5:0.9:3"), ("--sample", "lhs:3", "--range", "b=0.5:0.9"), ("--points", "p.csv")]
)
def test_a_typed_model_is_scanned(tmp_path, monkeypatch, points):
    """What is scanned needs no value of its own."""
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("b,class,runs\n0.5,A,1\n0.7,B,2\n")
    typed = (
        "--reaction", "u: a - u + u**2*v", "--reaction", "v: b - u**2*v", "--diffusion", "u=1", "--diffusion",
        "v=40", "-p", "a=0.1",
    )  # fmt: skip
    done = invoke(*typed, *points, "--size", "16x16", "--until", 1, "--out", "e")
    assert done.exit_code == 0, done.exception
    made = Ensemble("e")
    assert made.status() == ["done"] * 3
    assert made.plan.parameter_names == ("b", "a")
    assert set(made.plan.values("a")) == {0.1}
    assert len(set(made.plan.values("b"))) >= 2


def test_runs_that_diverge_are_told_with_their_time(tmp_path):
    done = invoke(
        "--reaction", "u: u**3", "--initial", "noise", "--dt", 0.5, "--until", 300, "--size", "16x16", "--out",
        tmp_path / "e",
    )  # fmt: skip
    assert "e: 0 runs done, 1 failed; plan " in done.stdout
    assert "run 0 diverged: its values were not finite at step 480 (t = 240)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to simulate"),
        (("scholz2022-scan", "--model", "gray-scott"), "both given"),
        (("scholz2022-scan", "--grid", "f=0.01:0.05:3"), "--grid is for scans of a model, but 'scholz2022-scan'"),
        (("scholz2022-scan", "--double"), "--double is for scans"),
        (("scholz2022-scan", "--reaction", "u: -u"), "--reaction is for scans"),
        (("plan.json", "--range", "f=0.01:0.05"), "--range is for scans of a model, but 'plan.json'"),
        (("plan.json",), "plan.json does not exist; expected a plan"),
        (("gray-scott", "--frames", 10), "--frames is for recipes"),
        (
            ("gray-scot", "--grid", "f=0.01:0.05:3"),
            "unknown model or recipe 'gray-scot'; did you mean 'gray-scott'",
        ),
        (("scholz2022-scam",), "or recipe 'scholz2022-scam'; did you mean 'scholz2022-scan'"),
        (("absent.toml",), "absent.toml does not exist"),
        (("gray-scott", "--reaction", "u: -u"), "both given"),
        (("--reaction", "u: -a*u", "--grid", "b=0:1:3"), "'a'"),
        (("gray-scott", "--noise", "u"), "invalid noise 'u'; expected SPECIES=AMPLITUDE"),
        (("--model", "gray-scott", "--grid", "f=1"), "LOW:HIGH:POINTS"),
        (("--model", "gray-scott", "--grid", "f"), "invalid grid 'f'; expected NAME=LOW:HIGH:POINTS"),
        (("--model", "gray-scott", "--grid", "f=0:1:2", "--grid", "f=0:1:2"), "given twice"),
        (("--model", "gray-scott", "--points", "absent.csv"), "absent.csv does not exist"),
    ],
)
def test_other_requests_leave_nothing(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = invoke(*arguments, "--out", "e")
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)
    assert list(tmp_path.iterdir()) == []
