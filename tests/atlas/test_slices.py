"""Slices of atlases with more than two varying parameters: their runs, and the theory that holds there."""

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas.views import with_values
from morphoscope.core.errors import UsageError
from tests.atlas.test_coexistence import atlas_of
from tests.cli.in_process import cli_here

GRID = {"A": (2.0, 4.5, 3), "B": (2.0, 9.0, 4), "Dv": (8.0, 24.0, 3)}
ENDS = (2.0, 4.5), (2.0, 9.0)


@pytest.fixture
def atlas(tmp_path):
    plan = morphoscope.scan_plan("brusselator", grid=GRID, parameters={"Du": 2.0})
    return atlas_of(tmp_path / "atlas", plan, ["kappa", "lambda"] * 18)


def turing(a, dv, du=2.0):
    """Where waves start to grow: B = (1 + A √(Du/Dv))²."""
    return (1 + a * np.sqrt(du / dv)) ** 2


@pytest.mark.parametrize("dv", [8.0, 16.0, 24.0])
def test_theory_of_a_slice_is_the_closed_form(atlas, dv):
    lines = {line.kind: np.concatenate(line.pieces) for line in atlas.theory_lines(*ENDS, at={"Dv": dv}, samples=40)}
    a, b = lines["Turing"].T
    assert len(a) > 10
    assert b == pytest.approx(turing(a, dv), abs=2e-3)
    a, b = lines["Hopf"].T
    assert b == pytest.approx(1 + a**2, abs=2e-3)


def test_without_the_value_of_every_varying_parameter_there_is_no_theory(atlas):
    assert atlas.theory_lines(*ENDS) == []


def test_a_slice_has_the_runs_at_its_values_and_the_plane_of_the_atlas(atlas):
    part = with_values(atlas, {"Dv": 16})
    assert len(part.runs) == 12
    assert set(part.values("Dv")) == {16.0}
    assert (part.plane, part.varying) == (atlas.plane, ("A", "B"))
    assert part.theory_lines(*ENDS, samples=20)[0].kind == "Hopf"
    assert with_values(atlas, {"A": 2.0}).plane == ("B", "Dv")


def test_a_rounded_value_is_the_nearest_one_and_others_are_refused(tmp_path):
    grid = {"f": (0.01, 0.05, 2), "k": (0.05, 0.06, 2), "Du": (0.1, 0.2, 4)}
    atlas = atlas_of(tmp_path / "a", morphoscope.scan_plan("gray-scott", grid=grid), ["H", "kappa"] * 8)
    assert with_values(atlas, {"Du": 0.1333}).values("Du")[0] == pytest.approx(0.1 + 0.1 / 3)
    with pytest.raises(UsageError, match=r"no run has Du = 0\.15; the nearest values are 0\.1, 0\.1333"):
        with_values(atlas, {"Du": 0.15})
    with pytest.raises(UsageError, match="unknown parameter 'D'"):
        with_values(atlas, {"D": 1})


def test_values_that_leave_no_plane_are_refused(atlas, tmp_path):
    with pytest.raises(UsageError, match=r"A is an axis of the map; at Dv = 16, A = 3\.25 only B varies, but"):
        with_values(atlas, {"Dv": 16, "A": 3.25})
    flat = atlas_of(
        tmp_path / "flat",
        morphoscope.scan_plan("brusselator", grid={"A": (2, 4, 2), "B": (2, 9, 2)}),
        ["kappa", "lambda"] * 2,
    )
    with pytest.raises(UsageError, match=r"B is an axis of the map; at B = 9 only A varies"):
        morphoscope.class_map(flat, at={"B": 9})
    with pytest.raises(UsageError, match="A is given as an axis and at one value"):
        morphoscope.class_map(atlas, plane=("A", "Dv"), at={"A": 2})
    row = atlas_of(
        tmp_path / "row", morphoscope.scan_plan("brusselator", {"B": 7.0}, grid={"A": (2, 4, 2)}), ["kappa", "lambda"]
    )
    assert with_values(row, {"B": 7.0}).plane == row.plane


def test_the_map_of_a_slice_has_its_theory(atlas, tmp_path):
    def legend(**options):
        axes = morphoscope.class_map(atlas, **options).axes[0]
        return " ".join(axes.get_legend_handles_labels()[1]).replace("\n", " "), axes.get_title()

    every, title = legend()
    assert "Turing" not in every
    assert "Dv = 8 … 24 (one square for all)" in title
    one, title = legend(at={"Dv": 24})
    assert "Turing" in one
    assert "Dv = 24" in title
    done = cli_here("map", str(atlas.folder), "--at", "Dv=24", "--out", "map.png", cwd=tmp_path)
    assert done.stdout.strip() == "map.png: B over A"
    assert (tmp_path / "map.png").is_file()
    done = cli_here("map", str(atlas.folder), "--at", "A=2", "--out", "map.png", cwd=tmp_path)
    assert done.stdout.strip() == "map.png: Dv over B"
    done = cli_here("map", str(atlas.folder), "--at", "Dv=9", "--out", "map.png", cwd=tmp_path)
    assert done.returncode == 2
    assert "no run has Dv = 9" in done.stderr
