"""Seeds of runs: NumPy's ``SeedSequence(root, spawn_key=(run,))`` for many runs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEED_BITS = 53  # so that JSON readers that know only floats read seeds exactly
_POOL = 4  # words of 32 bits
_INIT_A, _MULT_A, _INIT_B, _MULT_B = 0x43B0D7E5, 0x931E8875, 0x8B51F9DD, 0x58F38DED
_MIX_L, _MIX_R = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_SHIFT = np.uint32(16)
_WORD = 2**32


def seeds_of_runs(root: int, count: int) -> NDArray[np.int64]:
    """One seed per run, derived from a root seed; the first n do not depend on the count.

    The runs' sequences are those of the root with one more word, the number of the run, so the root's pool is mixed
    once. Source: M. E. O'Neill, "Developing a seed_seq alternative" (2015), as in ``numpy/random/bit_generator.pyx``.
    """
    pool = np.random.SeedSequence(root).pool
    words = max(-(-root.bit_length() // 32), 1)
    hashed = _POOL * _POOL + _POOL * max(words - _POOL, 0)  # words that were hashed into the pool
    run = np.arange(count, dtype=np.uint32)
    low, high = (
        _state(_mix(pool[i], _hash(run, _INIT_A * pow(_MULT_A, hashed + i, _WORD), _MULT_A)), i) for i in (0, 1)
    )
    state = low.astype(np.uint64) | high.astype(np.uint64) << np.uint64(32)
    return (state >> np.uint64(64 - SEED_BITS)).astype(np.int64)


def _hash(value: NDArray[np.uint32], constant: int, factor: int) -> NDArray[np.uint32]:
    value = (value ^ np.uint32(constant % _WORD)) * np.uint32(constant * factor % _WORD)
    return value ^ (value >> _SHIFT)


def _mix(pooled: np.uint32, hashed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    mixed = np.array([pooled]) * _MIX_L - hashed * _MIX_R
    return mixed ^ (mixed >> _SHIFT)


def _state(pooled: NDArray[np.uint32], position: int) -> NDArray[np.uint32]:
    """The word at a position of the generated state."""
    return _hash(pooled, _INIT_B * pow(_MULT_B, position, _WORD), _MULT_B)
