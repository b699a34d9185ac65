"""The command identify."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import morphoscope
from tests.cli.in_process import cli_here
from tests.cli.test_cli import fails


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """Dark spots of a run that no training saw, twice as large, with uneven light."""
    plan = morphoscope.scan_plan("swift-hohenberg", points=[{"r": 0.15, "g": 1.3}], size=(96, 96), until=150, seed=4)
    from morphoscope.ensembles.execution import repeat_runs

    field = np.kron(repeat_runs(plan, [0])[0, -1], np.ones((2, 2)))
    grey = 128 - 60 * field / np.abs(field).max() + np.linspace(-30, 30, field.shape[1])
    path = tmp_path_factory.mktemp("photograph") / "gel.png"
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(path)
    return path


def test_a_photograph_becomes_a_page(photograph, tmp_path):
    done = cli_here(
        "identify",
        photograph,
        "--scale",
        "0.1mm",
        "--draws",
        1,
        "--model",
        "lengyel-epstein",
        "--out",
        "found",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "dark spots" in done.stdout
    assert "mm" in done.stdout
    folder = tmp_path / "found"
    values = json.loads((folder / "identification.json").read_text())
    assert values["kind"] == "spots"
    assert values["polarity"] == "dark"
    assert values["wavelength"] == pytest.approx(0.1 * 2 * 2 * np.pi / 0.8, rel=0.06), "wavenumber 1, cells of 0.8"
    assert sum(values["probabilities"].values()) == pytest.approx(1)
    assert len(values["probabilities"]) == 15
    assert "lengyel-epstein" in values["simulated"], "asked for, however improbable"
    assert "swift-hohenberg" in values["compatible"]
    with (folder / "models.csv").open(newline="") as file:
        told = {row["model"]: row["compatible"] for row in csv.DictReader(file)}
    assert [name for name, word in told.items() if word == "yes"] == values["compatible"]
    assert told["none"] == ""
    assert "Compatible with" in done.stdout
    first = values["posteriors"][0]
    assert values["simulated"][first["model"]][0]["wavelength"] == pytest.approx(values["wavelength"], rel=0.2)
    with (folder / "posterior.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == first["model"]]
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(1, abs=0.02)
    page = (folder / "identification.html").read_text()
    assert "What it can" in page
    assert page.count("data:image/png") >= 3
    fails(cli_here("identify", photograph, "--out", "found", cwd=tmp_path), "--overwrite")


def test_bad_input_is_one_line_and_leaves_nothing(photograph, tmp_path):
    unknown = cli_here("identify", photograph, "--model", "lengyel", "--out", "found", cwd=tmp_path)
    fails(unknown, "lengyel-epstein")
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (100, 100), 128).save(tmp_path / "grey.png")
    Image.new("L", (20, 20), 128).save(tmp_path / "small.png")
    fails(cli_here("identify", "text.png", "--out", "found", cwd=tmp_path), "text.png")
    fails(cli_here("identify", "grey.png", "--out", "found", cwd=tmp_path), "uniform")
    fails(cli_here("identify", "small.png", "--out", "found", cwd=tmp_path), "pixels")
    fails(cli_here("identify", "missing.png", "--out", "found", cwd=tmp_path), "missing.png")
    fails(cli_here("identify", photograph, "--draws", -1, "--out", "found", cwd=tmp_path), "draws")
    fails(cli_here("identify", photograph, "--ensemble", "nothing", "--out", "found", cwd=tmp_path), "nothing")
    assert not (tmp_path / "found").exists()
