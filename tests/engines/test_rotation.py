"""Masks that are rotated only where they are not zero have the bits of SciPy's rotation of the whole field."""

import platform

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from morphoscope.engines.rotation import periodic_square, turned_squares

SIDE = 20
places = st.tuples(st.integers(-60, 60), st.integers(-60, 60))


def whole(mask, angle):
    return ndimage.rotate(mask, angle, reshape=False, order=3, mode="grid-wrap", prefilter=False)


@settings(max_examples=60)
@given(st.integers(40, 75), st.integers(40, 75), places, places, st.integers(0, 88))
def test_equals_the_rotation_of_the_whole_field(height, width, first, second, angle):
    shape = (height, width)
    masks = np.zeros((2, *shape))
    for corner in (first, second):
        masks[0, *periodic_square(corner, SIDE, shape)] = 1
    masks[:, *periodic_square(second, SIDE // 2, shape)] = np.array([0, 1]).reshape(2, 1, 1)
    found = turned_squares(masks, ((first, second), (second,)), SIDE, angle)
    expected = np.stack([whole(mask, angle) for mask in masks])
    if platform.machine() in ("x86_64", "AMD64"):  # elsewhere compilers may fuse SciPy's multiplications and additions
        assert found.tobytes() == expected.tobytes()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_most_of_a_large_field_is_not_computed(monkeypatch):
    computed = []
    original = ndimage.map_coordinates

    def counted(mask, at, **options):
        computed.append(at.shape[1])
        return original(mask, at, **options)

    monkeypatch.setattr(ndimage, "map_coordinates", counted)
    masks = np.zeros((1, 128, 128))
    masks[0, 54:74, 54:74] = 1
    found = turned_squares(masks, (((54, 54),),), SIDE, 30)
    assert 0 < computed[0] < 0.06 * found.size
    assert found.sum() == pytest.approx(SIDE**2, rel=1e-3)
