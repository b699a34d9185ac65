"""Photographs become ensembles, and pictures, runs and imported ensembles are measured."""

import json

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope import Preparation, UsageError
from tests.cli.in_process import cli_here
from tests.ensembles.photographs.patterns import photographed, waves


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """Dark spots 14 pixels apart in rows, as a photograph in colour."""
    picture = photographed(-waves((150, 200), 14.0, 3), np.random.default_rng(0))
    colours = np.stack([picture, 0.7 * picture, 0.3 + 0 * picture], -1)
    path = tmp_path_factory.mktemp("photographs") / "gel.png"
    Image.fromarray(np.round(255 * colours).astype(np.uint8)).save(path)
    return path


def test_a_photograph_becomes_an_ensemble_that_keeps_it(photograph, tmp_path):
    settings = Preparation(rotation=5)
    made = morphoscope.import_patterns(photograph, tmp_path / "gel", scale="0.5mm", preparation=settings)
    field = morphoscope.prepare(photograph, settings, scale="0.5mm")
    np.testing.assert_array_equal(made.frames(np.array([0]))[0, -1], field.values)
    origin = morphoscope.Ensemble(tmp_path / "gel").plan.imported
    assert origin.unit == "mm"
    assert Preparation.from_json(dict(origin.selection)["preparation"]) == settings
    assert made.plan.grid.spacing == 0.5
    kept = tmp_path / "gel" / "preparation"
    record = json.loads((kept / "preparation.json").read_text())
    row = record["pictures"][0]
    assert row["polarity"] == "dark"
    assert [step["name"] for step in row["steps"]] == [step.name for step in field.steps]
    assert (kept / row["original"]).read_bytes() == photograph.read_bytes()
    assert (kept / "00000-gel-steps.png").is_file()
    assert morphoscope.check(tmp_path / "gel") == []


def test_the_picture_and_its_ensemble_have_the_same_measures(photograph, tmp_path):
    made = morphoscope.import_patterns(photograph, tmp_path / "gel", scale="0.5mm", preparation=Preparation())
    whole, single = morphoscope.describe(made), morphoscope.describe(photograph, scale="0.5mm")
    assert whole.kinds == single.kinds == ("dark spots",)
    for name, column in single.columns.items():
        np.testing.assert_allclose(whole.columns[name], column, rtol=1e-6, err_msg=name)
    assert single.columns["wavelength"][0] == pytest.approx(7.0, rel=0.03)
    assert abs(single.columns["wavelength"][0] - 7) < 3 * single.columns["wavelength_error"][0]
    assert single.unit("spot_density") == "1/mm²"
    assert "activity" in whole.columns
    assert "activity" not in single.columns


def test_a_run_is_described_with_its_pattern(tmp_path):
    simulated = morphoscope.simulate("swift-hohenberg", size=48, until=100, out=tmp_path / "run")
    one, stored = morphoscope.describe(simulated), morphoscope.describe(tmp_path / "run", csv=tmp_path / "run.csv")
    assert one.kinds == stored.kinds
    np.testing.assert_equal(one.columns, stored.columns)
    header, row = (tmp_path / "run.csv").read_text().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["pattern"] == one.kinds[0]
    assert one.columns["wavelength"][0] == pytest.approx(2 * np.pi, rel=0.15)  # the critical wavenumber is 1
    assert morphoscope.describe(simulated, patterns=False).kinds == ()


def test_the_commands(photograph, tmp_path):
    out = tmp_path / "gel"
    done = cli_here(
        "prepare", str(photograph), "--scale", "0.5mm", "--region", "0,0,150,140", "--out", str(out), cwd=tmp_path
    )
    assert "dark spots on bright ground" in done.stdout
    assert "140x140 cells of 0.5 mm" in done.stdout
    found = cli_here("describe", str(photograph), "--scale", "0.5mm", cwd=tmp_path).stdout
    assert found.startswith("dark spots")
    assert "±" in found
    assert "dark spots" in cli_here("describe", str(out), cwd=tmp_path).stdout
    printed = json.loads(cli_here("describe", str(photograph), "--json", cwd=tmp_path).stdout)[0]
    assert printed["pattern"] == "dark spots"
    assert printed["wavelength"] == pytest.approx(14, rel=0.03)


@pytest.mark.parametrize(
    "options",
    [
        ["--rotation", "wide"], ["--rotation", "1e9"], ["--channel", "infrared"], ["--region", "1,2"],
        ["--region", "a,b,c,d"], ["--region", "0,0,999999999,5"], ["--cells", "3"], ["--cells", "1e99"],
        ["--light", "bright"], ["--edges", "periodic"], ["--contrast", "much"], ["--scale", "-1mm"], ["--dust", "nan"],
        ["--edges", "valid", "--light", "70"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_bad_options_are_one_line_and_leave_nothing(photograph, tmp_path, options):
    done = cli_here("prepare", str(photograph), "--out", str(tmp_path / "out"), *options, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_describe_refuses_what_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for source in (tmp_path / "a.png", tmp_path / "b.png", tmp_path):
        with pytest.raises(UsageError) as caught:
            morphoscope.describe(source)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError):
        morphoscope.describe("gray-scott", scale="1mm")
