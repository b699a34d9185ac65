"""Descriptors in the folder of an atlas, by the present definition and by the first one."""

import csv
import shutil

import numpy as np
import pytest

from morphoscope.atlas import Atlas
from morphoscope.atlas.descriptors import is_current
from morphoscope.descriptors import measure
from tests.records import change_record


@pytest.fixture
def old(small_atlas, tmp_path):
    """The folder of an atlas as version 0.1.0 wrote it: wavenumbers are 1/λ, and no method is named."""
    folder = tmp_path / "atlas"
    shutil.copytree(small_atlas.folder, folder)
    with np.load(folder / "descriptors.npz") as kept:
        columns = {name: kept[name] for name in kept.files if name != "method"}
    for name in ("wavenumber", "spectral_width"):
        columns[name] = columns[name] / np.float32(2 * np.pi)
    np.savez_compressed(folder / "descriptors.npz", **columns)
    change_record(folder / "atlas.json")
    return folder


def test_wavenumbers_of_the_first_method_are_converted(small_atlas, old):
    assert is_current(small_atlas.folder)
    assert not is_current(old)
    assert Atlas(old).descriptors.keys() == small_atlas.descriptors.keys()
    for name, column in small_atlas.descriptors.items():
        assert np.allclose(Atlas(old).descriptors[name], column, rtol=1e-6, equal_nan=True), name


def test_describing_an_old_atlas_rewrites_its_files(small_atlas, old):
    (old / "points.csv").write_text("")
    Atlas(old).describe()
    assert is_current(old)
    with (old / "points.csv").open() as file:
        written = [float(row["wavenumber"] or "nan") for row in csv.DictReader(file)]
    assert np.allclose(written, small_atlas.descriptors["wavenumber"], rtol=1e-5, equal_nan=True)
    again = Atlas(old).describe()
    assert np.allclose(again["wavenumber"], small_atlas.descriptors["wavenumber"], rtol=1e-6, equal_nan=True)


def test_the_shipped_atlas_has_the_present_definition():
    atlas = Atlas("gray-scott")
    assert is_current(atlas.folder)
    position = int(atlas.members("pi")[0])
    again = measure(atlas.frames(np.array([position]))[0], times=atlas.plan.times)
    with (atlas.folder / "points.csv").open() as file:
        row = list(csv.DictReader(file))[position]
    for name in ("wavenumber", "spectral_width"):
        assert again[name] == pytest.approx(atlas.descriptors[name][position], rel=1e-3)
        assert float(row[name]) == pytest.approx(atlas.descriptors[name][position], rel=1e-5)
