"""The command line as a user meets it: in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import morphoscope
from morphoscope.cli import base, main
from morphoscope.cli.advice import COMMAND_NAMES
from morphoscope.cli.app import COMMANDS, Commands, command_line
from tests.cli.in_process import cli_here
from tests.conftest import tiny_plan


def cli(*arguments, cwd=None):
    environment = {**os.environ, "COLUMNS": "160", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "morphoscope", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)


def fails(done, *words):
    """One line, exit code 2, no traceback."""
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_a_function(command):
    done = cli(command, "--help")
    assert done.returncode == 0
    assert f"morphoscope {command}" in done.stdout.replace("\n", " ")
    assert "Example:" in done.stdout
    assert not re.search(r"[<{]|list\[|default: \(", done.stdout), "names of types, braces"
    functions = {named: function for function, named in COMMAND_NAMES.items() if function != "scan_plan"}
    assert callable(getattr(morphoscope, functions.get(command, command)))


def test_help_says_which_words_are_needed(tmp_path):
    (usage,) = [
        line for line in cli_here("classify", "--help", cwd=tmp_path).stdout.splitlines() if line.startswith("Usage")
    ]
    assert usage == "Usage: morphoscope classify [OPTIONS] [CLASSIFIER] DATA"
    assert cli_here("import", "--help", cwd=tmp_path).stdout.startswith(
        "Usage: morphoscope import [OPTIONS] FILES...\n"
    )
    assert "-p, --parameter TEXT" in cli_here("theory", "--help", cwd=tmp_path).stdout
    fails(cli_here("classify", cwd=tmp_path), "Missing argument '[CLASSIFIER] DATA'")
    fails(cli_here("classify", "a", "b", "c", cwd=tmp_path), "unexpected 'c'; give a classifier and one pattern")


def test_help_lists_all_commands_in_order():
    done = cli("--help")
    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z-]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)
    for name in COMMANDS:
        assert re.fullmatch(r"[A-Z][^;]*[^.;]\.", Commands().summary(name)), name


def test_every_registered_command_is_listed():
    root = command_line()
    assert {root.commands[name].name for name in COMMANDS} == COMMANDS.keys()
    registered = {
        command.name or command.callback.__name__.replace("_", "-") for command in base.app.registered_commands
    }
    assert registered | {group.name for group in base.app.registered_groups} == COMMANDS.keys()


def test_without_a_command_help_is_shown():
    done = cli()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == cli("--help").stdout


def test_an_unknown_command_is_one_line():
    fails(cli("simulat"), "'simulat'", "Did you mean 'simulate'")
    fails(cli("models", "chek", "my.toml"), "'chek'", "Did you mean 'check'")


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['morphoscope', '--help']\n"
        "from morphoscope.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('torch', 'rich', 'sympy', 'numpy', 'xarray', 'zarr', 'matplotlib', 'scipy', 'llvmlite')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert heavy.stdout.strip().endswith("[]")


def test_version():
    assert cli("--version").stdout.strip().count(".") >= 1


def test_models_lists_and_shows():
    assert "gray-scott" in cli("models").stdout
    shown = cli("models", "show", "gray-scott").stdout
    assert shown == cli("models", "gray-scott").stdout
    for words in ("∂u/∂t = Du ∇²u + f (1 − u) − u v²", "feed rate", "0.03", "Pearson"):
        assert words in shown
    assert json.loads(cli("models", "gray-scott", "--json").stdout)[0]["name"] == "gray-scott"


def test_simulate_writes_its_documented_files(tmp_path):
    done = cli(
        "simulate", "gray-scott", "-p", "f=0.03", "-p", "k=0.055", "--seed", 2, "--out", "run", "--size", "64x48",
        "--until", 200, "--video", "run.mp4", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        "picture.png",
        "u.png",
        "initial.npz",
        "snapshots.npz",
        "run.json",
    }
    with np.load(tmp_path / "run" / "snapshots.npz") as kept:
        assert kept["t"].tolist() == [140, 170, 200]
        assert kept["u"].shape == kept["v"].shape == (3, 48, 64)
    with np.load(tmp_path / "run" / "initial.npz") as start:
        assert start["u"].shape == start["v"].shape == (48, 64)
    assert (tmp_path / "run.mp4").stat().st_size > 1000
    again = cli("simulate", "gray-scott", "--out", "run", "--until", 10, cwd=tmp_path)
    fails(again, "earlier result", "--overwrite")


def test_the_start_that_was_written_gives_the_same_end(tmp_path):
    first = ["--until", 100, "--size", "48x48"]
    assert cli("simulate", "gray-scott", "--seed", 5, "--out", "a", *first, cwd=tmp_path).returncode == 0
    second = cli("simulate", "gray-scott", "--initial", "a/initial.npz", "--out", "b", "--until", 100, cwd=tmp_path)
    assert second.returncode == 0, second.stderr
    ends = [np.load(tmp_path / n / "snapshots.npz")["u"][-1] for n in "ab"]
    assert np.array_equal(*ends)


BAD_SIMULATIONS = [
    (("gray_scot",), "did you mean 'gray-scott'"),
    (("gray-scott", "-p", "F=0.03"), "did you mean 'f'"),
    (("gray-scott", "-p", "f"), "NAME=NUMBER"),
    (("gray-scott", "-p", "f=fast"), "not a number"),
    (("gray-scott", "-p", "f=nan"), "out of range"),
    (("gray-scott", "-p", "f=0.9"), "[0, 0.25]"),
    (("gray-scott", "-p", "f=0.1", "-p", "f=0.2"), "twice"),
    (("gray-scott", "--dt", "3"), "diffusion limit 2.5"),
    (("gray-scott", "--dt", "1.5", "--stencil", "5"), "5-point stencil; use dt ≤ 1.25"),
    (("gray-scott", "--dt", "nan"), "not a valid time step"),
    (("gray-scott", "--dt", "fast"), "'--dt'"),
    (("gray-scott", "--stencil", "7"), "use 9 or 5"),
    (("gray-scott", "--size", "2x2"), "too small"),
    (("gray-scott", "--size", "30x30"), "too small"),
    (("gray-scott", "--size", "big"), "WIDTHxHEIGHT"),
    (("gray-scott", "--times", "10,20000"), "outside 0 … 15000"),
    (("gray-scott", "--until", "0.1"), "less than half a step"),
    (("gray-scott", "--until", "-5"), "end time"),
    (("gray-scott", "--initial", "splash"), "no file of that name exists"),
    (("gray-scott", "--initial", "spots:size=3"), "unknown option 'size'"),
    (("gray-scott", "--seed", "-1"), "negative"),
    (("gray-scott", "--video", "film.gif"), "use .mp4"),
    (("gray-scott", "--engine", "gpu"), "did you mean 'cpu'"),
    (("gray-scott", "--colour", "red"), "--colour"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_SIMULATIONS, ids=[w for _, w in BAD_SIMULATIONS])
def test_bad_simulations_are_one_line_and_leave_nothing(tmp_path, arguments, words):
    fails(cli_here("simulate", *arguments, "--out", "run", cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_holds_something_else(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("precious")
    fails(cli("simulate", "gray-scott", "--until", 10, "--out", "run", cwd=tmp_path), "contains other files")
    fails(
        cli("simulate", "gray-scott", "--until", 10, "--out", "run", "--overwrite", cwd=tmp_path),
        "contains other files",
    )
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["thesis.tex"]


def test_debug_shows_the_traceback():
    done = cli("models", "gray_scot", "--debug")
    assert "Traceback" in done.stderr


def test_ensemble_train_evaluate_classify_scan_map_montage(tmp_path):
    for name, seed in (("train", 1), ("validation", 2)):
        tiny_plan(f"tiny-{name}", runs=4, seed=seed, size=48).save(tmp_path / f"{name}.json")
        done = cli_here("ensemble", f"{name}.json", "--out", name, "--json", cwd=tmp_path)
        assert json.loads(done.stdout)["done"] == 12, done.stderr
        assert "12/12 runs" in done.stderr
    done = cli_here(
        "train", "train", "--validation", "validation", "--out", "clf", "--epochs", 3, "--json", cwd=tmp_path
    )
    assert 1 <= json.loads(done.stdout)["kept"]["epoch"] <= 3, done.stderr
    done = cli_here("evaluate", "clf", "validation", "--out", "evaluation", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["accuracy"]["n"] == 12
    assert {p.name for p in (tmp_path / "evaluation").iterdir()} == {
        "evaluation.json", "confusion.csv", "confusion.png", "confusion.svg",
    }  # fmt: skip
    assert "at unseen points       no runs" in cli_here("evaluate", "clf", "validation", cwd=tmp_path).stdout
    assert cli_here("explain", "clf", "validation", "--out", "saliency", cwd=tmp_path).returncode == 0
    assert (tmp_path / "saliency" / "saliency.png").is_file()
    read = json.loads(cli_here("classify", "clf", "validation", "--json", cwd=tmp_path).stdout)
    assert len(read) == 12
    assert set(read[0]["probabilities"]) == {"kappa", "lambda", "H"}
    done = cli_here("scan", "clf", "validation", "--out", "atlas", "--json", cwd=tmp_path)
    counts = json.loads(done.stdout)["read_as"]
    most = max(counts, key=counts.get)
    assert cli_here("map", "atlas", "--out", "map.png", cwd=tmp_path).returncode == 0
    assert cli_here("montage", "atlas", "--class", most, "--out", "m.png", cwd=tmp_path).returncode == 0
    assert "100.00% of 12 runs agree" in cli_here("agree", "atlas", "atlas", cwd=tmp_path).stdout
    fails(cli_here("montage", "atlas", "--class", "kapa", "--out", "k.png", cwd=tmp_path), "did you mean 'kappa'")
    fails(cli_here("train", "train", "--validation", "validation", "--out", "clf", cwd=tmp_path), "--overwrite")
    fails(cli_here("ensemble", "validation.json", "--out", "train", cwd=tmp_path), "another plan", "seed")
    fails(cli_here("evaluate", "clf", "atlas", cwd=tmp_path), "is an atlas, not an ensemble")
    fails(cli_here("classify", "nobody", "validation", cwd=tmp_path), "no classifier at nobody")
    fails(cli_here("train", "clf", "--validation", "validation", "--out", "c2", cwd=tmp_path), "is not an ensemble")


BAD_REST = [
    (("models", "brussels"), "unknown model"),
    (("ensemble", "scholz2022-tain", "--out", "x"), "did you mean 'scholz2022-train'"),
    (("ensemble", "scholz2022-train", "--out", "x", "--frames", "5"), "3 or 10"),
    (("ensemble", "scholz2022-train", "--out", "x", "--limit", "0"), "use 1 or more"),
    (("ensemble", "absent.json", "--out", "x"), "does not exist"),
    (("train", "a", "--validation", "b", "--out", "x", "--network", "resnet"), "unknown network"),
    (("train", "a", "--validation", "b", "--out", "x"), "is not an ensemble"),
    (("evaluate", "gray-scott-first-pass", "a"), "is not an ensemble"),
    (("classify", "net.pt", "u.png"), "could run code"),
    (("classify", "absent.png"), "does not exist"),
    (("map", "a", "--out", "map.gif"), "use .png"),
    (("map", "a", "--out", "map.png"), "expected an atlas"),
    (("reproduce", "scholz2023", "--out", "x"), "did you mean 'scholz2022'"),
    (("reproduce", "scholz2022", "--out", "x", "--profile", "slow"), "unknown profile"),
    (("explode",), "explode"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD_REST, ids=[w for _, w in BAD_REST])
def test_other_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, words):
    fails(cli_here(*arguments, cwd=tmp_path), words)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_leaves_nothing(tmp_path):
    arguments = ("gray-scott", "--until", "1e8", "--out", "run", "--video", "run.mp4")
    code = (
        "from morphoscope.core import reporters; reporters.LINE_SECONDS = 0; from morphoscope.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "simulate", *arguments]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "simulate gray-scott" in process.stderr.readline()  # the run has started
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == ""
    assert [line for line in errors.splitlines() if "steps/s" not in line] == [
        "error: interrupted; repeat the command to finish"
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "path", "words"),
    [
        ("--video", "film.gif", "use .mp4"),
        ("--video", "file/film.mp4", "not a directory"),
        ("--video", "folder.mp4", "is a folder"),
        ("--out", "file/run", "not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_run(tmp_path, option, path, words):
    """A run of 1e9 steps would never get to the end of this test."""
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.mp4").mkdir()
    done = cli_here("simulate", "gray-scott", "--until", "1e8", "--dt", "0.1", option, path, cwd=tmp_path)
    fails(done, words)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.mp4"]


def test_interrupted_ensemble_continues(tmp_path):
    plan = tiny_plan(runs=30, size=128)
    plan.save(tmp_path / "plan.json")
    command = [sys.executable, "-m", "morphoscope", "ensemble", "plan.json", "--out", "e", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    ledger = tmp_path / "e" / "ledger.sqlite"
    deadline = time.monotonic() + 60
    while not ledger.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in errors
    done = cli("ensemble", "plan.json", "--out", "e", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["done"] == 90


def test_an_interruption_before_the_command_begins_is_one_line(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("morphoscope.cli.app.command_line", interrupted)
    with pytest.raises(SystemExit) as end:
        main(["models"])
    assert end.value.code == 130
    assert capsys.readouterr().err == "error: interrupted; repeat the command to finish\n"


def test_a_warning_beside_an_error_is_a_second_line_also_in_this_process(monkeypatch, tmp_path):
    def interrupted():
        warnings.warn("stray", stacklevel=1)
        raise KeyboardInterrupt

    monkeypatch.setattr("morphoscope.cli.streams.prepare", interrupted)
    errors = cli_here("models", cwd=tmp_path).stderr
    assert "UserWarning: stray" in errors
    assert "error: interrupted" in errors
