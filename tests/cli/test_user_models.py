"""A user's own model on the command line: typed, in a file, from a template, checked."""

import json

import numpy as np
import pytest

import morphoscope
from morphoscope.models.typed import typed_model
from tests.cli.in_process import cli_here
from tests.cli.test_cli import fails

TYPED = (
    "simulate", "--reaction", "u: a - u + u**2*v", "--reaction", "v: b - u**2*v", "--diffusion", "u=1",
    "--diffusion", "v=40", "-p", "a=0.1", "-p", "b=0.9",
)  # fmt: skip
SMALL = ("--size", "48x48", "--until", "20")


def test_a_typed_model_runs_and_can_be_repeated(tmp_path):
    done = cli_here(*TYPED, *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "see run/picture.png" in done.stdout
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        "picture.png", "u.png", "initial.npz", "snapshots.npz", "run.json"
    }  # fmt: skip
    kept = json.loads((tmp_path / "run" / "run.json").read_text())["plan"]
    assert kept["model"]["reaction"]["v"] == "b - u**2*v"
    reaction = {"u": "a - u + u**2*v", "v": "b - u**2*v"}
    again = morphoscope.simulate(
        typed_model(reaction, {"u": "1", "v": "40"}, {"a": 0.1, "b": 0.9}), size=(48, 48), until=20
    )
    assert np.array_equal(np.load(tmp_path / "run" / "snapshots.npz")["u"], again.species("u"))
    fails(cli_here(*TYPED, *SMALL, cwd=tmp_path), "run contains an earlier result", "--overwrite")
    assert cli_here(*TYPED, *SMALL, "--overwrite", "--json", cwd=tmp_path).returncode == 0


def test_what_a_user_writes_is_what_is_built_in(tmp_path):
    """Typed Gray–Scott agrees with built-in Gray–Scott, bit by bit."""
    custom = {"dt": 0.25, "until": 100, "size": (48, 48), "initial": "spots"}
    reaction = {"u": "f*(1 - u) - u*v**2", "v": "u*v**2 - (f + k)*v"}
    typed = typed_model(reaction, {"u": "Du", "v": "Dv"}, {"f": 0.03, "k": 0.055, "Du": 0.2, "Dv": 0.1})
    # The typed one starts from its own two states; the built-in one's start is given to both.
    built_in = morphoscope.simulate("gray-scott", **custom)
    start = tmp_path / "start.npz"
    np.savez(start, **dict(zip("uv", built_in.initial, strict=True)))
    again = morphoscope.simulate(typed, dt=0.25, until=100, initial=str(start))
    assert np.array_equal(built_in.states, again.states)


def test_a_file_is_created_checked_shown_and_run(tmp_path):
    assert "my.toml" in cli_here("models", "new", "my", cwd=tmp_path).stdout
    checked = cli_here("models", "check", "my.toml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "agrees with reference" in checked.stdout
    assert all(
        check["passed"] for check in json.loads(cli_here("models", "check", "my.toml", "--json", cwd=tmp_path).stdout)
    )
    shown = cli_here("models", "show", "my.toml", cwd=tmp_path).stdout
    assert shown == cli_here("models", "my.toml", cwd=tmp_path).stdout
    for words in ("Schnakenberg (my)", "∂v/∂t = d ∇²v + b − u² v", "time step automatic", "supply of v"):
        assert words in shown
    done = cli_here("simulate", "my.toml", "-p", "b=1", *SMALL, "--out", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    fails(cli_here("models", "new", "my", cwd=tmp_path), "already exists")


def test_a_file_that_fails_its_check(tmp_path):
    (tmp_path / "bad.toml").write_text('name = "bad"\n[reaction]\nu = "1 + u**4"\n[run]\ndt = 0.1\ninitial = "noise"\n')
    done = cli_here("models", "check", "bad.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: bad.toml fails 3 of 8 checks: stays finite, ")
    assert done.stderr.count("\n") == 1
    assert "no longer finite" in done.stdout


def test_theory_of_a_typed_model_is_that_of_the_built_in_one(tmp_path):
    typed = cli_here("theory", *TYPED[1:], "--json", "--out", "theory.png", cwd=tmp_path)
    assert typed.returncode == 0, typed.stderr
    assert (tmp_path / "theory.png").stat().st_size > 1000
    found = json.loads(typed.stdout)
    built_in = json.loads(
        cli_here("theory", "schnakenberg", "-p", "a=0.1", "-p", "b=0.9", "-p", "Dv=40", "--json", cwd=tmp_path).stdout
    )
    assert found["classification"] == built_in["classification"] == "Turing"
    for one, other in zip(found["states"], built_in["states"], strict=True):
        assert one["values"] == pytest.approx(other["values"])
        assert np.allclose(one["eigenvalues"], other["eigenvalues"])


BAD = [
    (("theory",), "no model is given"),
    (("theory", "gray-scott", "--reaction", "u: -u"), "--reaction are both given"),
    (("theory", "--reaction", "u: q - u"), "or give parameter q a value (option --parameter)"),
    (("simulate",), "no model is given"),
    (("simulate", "gray-scott", "--reaction", "u: -u"), "--reaction are both given"),
    (("simulate", "gray-scott", "--diffusion", "u=1"), "--diffusion are both given"),
    (("simulate", "--reaction", "u - 1"), "expected SPECIES: FORMULA"),
    (("simulate", "--reaction", "u: -u", "--reaction", "u: u"), "given twice"),
    (("simulate", "--reaction", "u: -u", "--diffusion", "u"), "expected SPECIES=NUMBER"),
    (("simulate", "--reaction", "u: -u", "--diffusion", "w=1"), "diffusion has the key 'w'"),
    (("simulate", "--reaction", "u: q - u"), "or give parameter q a value (option --parameter)"),
    (("simulate", "--reaction", "u: α + $", "-p", "α=1"), "column 5"),
    (("simulate", "--reaction", "u: __import__('os').system('touch x')"), "column 12"),
    (("simulate", "--reaction", "u: -u", "-p", "a=fast"), "not a number"),
    (("simulate", "--reaction", "u: -u", "-p", "z=1"), "'z' is not used in any formula"),
    (("simulate", "--reaction", "u: u**u**u**u", "--until", "1"), "no homogeneous steady state"),
    (("simulate", "absent.toml"), "absent.toml does not exist"),
    (("models", "check"), "Missing argument 'MODEL'"),
    (("models", "new"), "Missing argument 'NAME'"),
    (("models", "show"), "Missing argument 'MODEL'"),
    (("models", "check", "gray-scot"), "did you mean 'gray-scott'"),
    (("models", "check", "gray-scott", "--out", "x"), "No such option: --out"),
    (("models", "show", "gray-scott", "klausmeier"), "unexpected extra argument"),
    (("models", "gray-scott", "klausmeier"), "No such command 'gray-scott'"),
    (("models", "--json", "show", "gray-scott"), "at the end of the line"),
    (("models", "new", "../x"), "is not a valid model name"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, words):
    fails(cli_here(*arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []
