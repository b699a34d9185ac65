"""Arrays in pieces are read a few pieces at a time, with the numbers that NumPy's own indexing gives."""

import math

import numpy as np
import pytest

from morphoscope.ensembles.imports import pieces

VALUES = np.arange(6 * 7 * 8 * 9, dtype=np.float32).reshape(6, 7, 8, 9)
ALL = slice(None)


class Stored:
    """An array in pieces that records how many bytes of whole pieces each access needs."""

    def __init__(self, chunks):
        self.shape, self.dtype, self.chunks, self.needed = VALUES.shape, VALUES.dtype, chunks, []

    def __getitem__(self, index):
        places = [
            range(side)[one] if isinstance(one, slice) else [one] for one, side in zip(index, self.shape, strict=True)
        ]
        touched = [len({place // step for place in axis}) for axis, step in zip(places, self.chunks, strict=True)]
        self.needed.append(math.prod(touched) * math.prod(self.chunks) * self.dtype.itemsize)
        return VALUES[index]


@pytest.mark.parametrize("chunks", [(6, 1, 2, 3), (2, 3, 8, 9), (1, 7, 8, 9), (4, 4, 5, 5), (10, 10, 10, 10)])
@pytest.mark.parametrize(
    "index", [(3, ALL, ALL, ALL), (slice(2, 5), slice(1, 7, 3), ALL, ALL), (0, slice(6, 7), slice(3, 8), ALL)]
)
@pytest.mark.parametrize("most", [1, 600, 10**6])
def test_parts_are_the_whole_and_few_pieces(monkeypatch, chunks, index, most):
    monkeypatch.setattr(pieces, "_MAX_PART_BYTES", most)
    stored = Stored(chunks)
    found = pieces.read_in_parts(stored, index)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, VALUES[index])
    assert max(stored.needed) <= max(most, 4 * math.prod(chunks))


def test_an_array_without_pieces_is_read_at_once():
    np.testing.assert_array_equal(pieces.read_in_parts(VALUES, (2, slice(0, 7, 2), ALL, ALL)), VALUES[2, ::2])
