"""The loop on the command line: annotate, refine, export, explore."""

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from morphoscope.ensembles import Plan
from tests.cli.in_process import cli_here
from tests.cli.test_cli import fails


@pytest.fixture
def folder(workshop, tmp_path):
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, tmp_path / name)
    return tmp_path


def test_annotate_undo_export_compare(folder):
    done = cli_here("annotate", "atlas", "--class", "swirls", "--at", "f=0.046,k=0.063", "--count", 4, "--who", "ada",
               "--why", "they turn", cwd=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "4 runs are swirls" in done.stdout
    assert (
        cli_here(
            "annotate", "atlas", "--class", "kappa", "--run", 0, "--run", 1, "--who", "grace", cwd=folder
        ).returncode
        == 0
    )
    assert (
        cli_here("annotate", "atlas", "--class", "ambiguous", "--run", 1, "--who", "grace", cwd=folder).returncode == 0
    )
    compared = cli_here("annotate", "atlas", "--compare", "ada,grace", cwd=folder).stdout
    assert "0.00% of 2 runs that both annotated agree" in compared
    assert "1 annotations undone" in cli_here("annotate", "atlas", "--undo", "--who", "grace", cwd=folder).stdout
    assert cli_here("annotate", "atlas", "--export", "log.csv", cwd=folder).returncode == 0
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["action"] for row in rows] == ["relabel"] * 6 + ["reject"]
    assert rows[-1]["undone"]
    plan = Plan.load(folder / "atlas" / "plan.json")
    assert [float(row["f"]) for row in rows] == [plan.values("f")[int(row["run"])] for row in rows]
    assert [int(row["seed"]) for row in rows] == [plan.runs[int(row["run"])].seed for row in rows]
    assert [row["class_now"] for row in rows if row["run"] == "1"] == ["kappa"] * 3
    assert "4 of 12 runs are annotated" in cli_here("annotate", "atlas", cwd=folder).stdout
    assert "there is nothing to undo" in cli_here("annotate", "atlas", "--undo", "--who", "nobody", cwd=folder).stdout


def test_refine_makes_the_next_atlas(folder):
    cli_here("annotate", "atlas", "--class", "kappa", "--run", 0, "--who", "ada", cwd=folder)
    done = cli_here("refine", "atlas", "--out", "next", "--runs-per-class", 2, "--epochs", 1, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "of 12 runs agree" in done.stdout
    assert json.loads((folder / "next" / "atlas" / "atlas.json").read_text())["classes"] == ["H", "kappa", "lambda"]
    assert "100.00% of 12" in cli_here("agree", "next", "next", cwd=folder).stdout


def test_export_writes_a_page(folder):
    done = cli_here("export", "atlas", "--out", "page", cwd=folder)
    assert "index.html in a browser" in done.stdout
    fails(cli_here("export", "atlas", "--out", "page", cwd=folder), "--overwrite")
    assert cli_here("export", "atlas", "--out", "page", "--overwrite", cwd=folder).returncode == 0


BAD = [
    (("annotate", "atlas", "--run", 0), "name the class (option --class)"),
    (("annotate", "atlas", "--class", "kappa", "--run", 99), "run 99 is not in"),
    (
        ("annotate", "atlas", "--class", "kappa"),
        "no run was given; give runs by their numbers, or a point near them (option --run)",
    ),
    (("annotate", "atlas", "--class", "two words", "--run", 0), "expected a word"),
    (("annotate", "atlas", "--class", "kappa", "--at", "F=0.1"), "did you mean 'f'"),
    (("annotate", "atlas", "--class", "kappa", "--at", "f=fast"), "not a number"),
    (("annotate", "atlas", "--class", "kappa", "--run", 0, "--who", " "), "annotator"),
    (("annotate", "atlas", "--compare", "ada"), "two names"),
    (("annotate", "nowhere"), "does not exist"),
    (("annotate", "classifier"), "is not an atlas"),
    (("refine", "atlas", "--out", "next"), "nothing in atlas is annotated"),
    (("refine", "atlas", "--out", "next", "--network", "resnet"), "unknown network"),
    (("export", "nowhere", "--out", "page"), "does not exist"),
    (("explore", "nowhere", "--no-browser"), "does not exist"),
    (("explore", "atlas", "--no-browser", "--host", "256.0.0.1"), "can't listen"),
    (("explore", "atlas", "--no-browser", "--port", "99999"), "out of range"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD, ids=[w for _, w in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(folder, arguments, words):
    before = {p.name for p in folder.iterdir()}
    fails(cli_here(*arguments, cwd=folder), words)
    assert {p.name for p in folder.iterdir()} == before


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_explore_serves_until_it_is_interrupted(folder, host):
    command = [sys.executable, "-m", "morphoscope", "explore", "atlas", "--no-browser", "--host", host]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    while "Ctrl+C" not in said:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said += line
    link = re.search(r"http://\S+", said)[0]
    assert "annotations are saved in atlas/annotations.sqlite" in said
    assert ("anyone who can reach" in said) == (host == "0.0.0.0")
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    assert b"Morphoscope: Gray" in opener.open(link, timeout=20).read()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(link.partition("?")[0], timeout=20)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "Traceback" not in errors
    assert process.returncode in (0, 130)


def test_a_shipped_atlas_keeps_its_annotations_with_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    done = cli_here("annotate", "gray-scott", "--class", "kappa", "--run", 0, "--who", "ada", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.rglob("annotations.sqlite"))) == 1
