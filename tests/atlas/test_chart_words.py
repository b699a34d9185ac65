"""Descriptions of groups, of patterns that are drawn by formulas."""

import numpy as np
import pytest

from morphoscope.atlas.chart_words import median_of, words_of
from morphoscope.descriptors.measure import measure

Y, X = np.mgrid[:96, :96]
SPOTS = sum(np.exp(-((Y - r) ** 2 + (X - c) ** 2) / 12) for r in range(8, 96, 16) for c in range(8, 96, 16))
STRIPES = np.sin(2 * np.pi * X / 16)
PATTERNS = {
    "bright spots": (SPOTS, SPOTS),
    "dark spots": (1 - SPOTS, 1 - SPOTS),
    "stripes": (STRIPES, STRIPES),
}


def columns_of(*runs):
    rows = [measure(np.stack(frames), times=(0.0, 10.0)) for frames in runs]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("form", ["bright spots", "dark spots", "stripes"])
def test_forms_at_rest(form):
    found = words_of(columns_of(PATTERNS[form], PATTERNS[form]), np.ones(2, bool), (0.0, 10.0))
    assert found == f"{form}, wavelength 16, at rest"


def test_what_moves_and_what_sets_apart():
    moved = (STRIPES, np.roll(STRIPES, 4, axis=1))
    columns = columns_of(moved, moved, (SPOTS, SPOTS), (SPOTS, SPOTS))
    first = np.array([True, True, False, False])
    assert words_of(columns, first, (0.0, 10.0)).startswith("stripes, wavelength 16, moving; ")
    assert "more spots" in words_of(columns, ~first, (0.0, 10.0))


def test_homogeneous_runs():
    flat = np.full((8, 8), 0.25)
    assert words_of(columns_of((flat, flat)), np.ones(1, bool), (0.0, 10.0)) == "homogeneous, mean 0.25"
    columns = columns_of((flat, 2 * flat))
    assert words_of(columns, np.ones(1, bool), (0.0, 10.0)) == "homogeneous, changing, mean 0.5"
    assert median_of(columns, "wavelength", np.ones(1, bool)) is None
