"""Additive noise from a counter-based generator: a cell's normal numbers depend on (seed, step, species, cell) only.

They are therefore the same for any engine, number of threads, number of fused steps, and after an interruption.

dc = (…) dt + (σ/√dxᵈ) dW in d dimensions: space-time white noise, ⟨η(x, t) η(x′, t′)⟩ = σ² δ(x − x′) δ(t − t′),
integrated by Euler–Maruyama.

Words. Philox4x32-10 (Salmon et al., Proc. SC11 (2011), doi:10.1145/2063384.2063405) turns (pair of rows, step, pair of
species) into four 32-bit words, with the seed as its key. Of these, a and b belong to a pair of rows of one species.
Cell x takes two multiplications and xor-shifts from there, with the constants that T. Ettinger found for C. Wellons's
hash "lowbias32":

    h = a + (b or 1) x,   h ← (h ⊕ h≫16) · 0x21f0aaad,   h ← h ⊕ h≫15
    p = 0xd35a2d97 h,   q = 0x9e3779b1 p                                                      (all modulo 2³²)

Normal numbers. Box & Muller, Ann. Math. Stat. 29, 610 (1958), with p and q as signed integers:

    radius r = ±√(−2 ln(|p or 1| / 2³¹)) with the sign of p,   angle θ = π q / 2³²  in  [−π/2, π/2)

r cos θ is the number of the cell in the even row, r sin θ of the cell below it. 0x9e3779b1 / 2³² is close to the golden
ratio, so the 2³² points (r, θ) are spread evenly, as seeds in a sunflower, and p picks one of them. Numbers reach
±√(62 ln 2) = ±6.6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.grid import Grid

#: Version of the random numbers; part of every plan with noise. Version 1 was another generator.
NOISE_VERSION = 2
PHILOX_ROUNDS = 10
PHILOX_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
PHILOX_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
FIRST_SHIFT, FIRST_MULTIPLIER = 16, 0x21F0AAAD
SECOND_SHIFT, SECOND_MULTIPLIER = 15, 0xD35A2D97
ANGLE_MULTIPLIER = 0x9E3779B1
_WORD = 0xFFFFFFFF


def noise_key(seed: int) -> tuple[int, int]:
    """The two 32-bit words derived from a run's seed."""
    first, second = np.random.SeedSequence(seed, spawn_key=(1,)).generate_state(2, np.uint32)
    return int(first), int(second)


def strength(grid: Grid, dt: float, amplitude: float) -> float:
    """The factor of a normal number in one step: σ √dt / √dxᵈ."""
    return float(amplitude * np.sqrt(dt / grid.spacing**grid.dimensions))


def philox(counter: NDArray[np.uint32], key: tuple[int, int]) -> NDArray[np.uint32]:
    """Philox4x32-10 of counters (4, n): four random words for each, (4, n)."""
    words = counter.astype(np.uint64)
    keys = list(key)
    for _ in range(PHILOX_ROUNDS):
        first, second = (words[i] * np.uint64(m) for i, m in zip((0, 2), PHILOX_MULTIPLIERS, strict=True))
        low, high = np.uint64(_WORD), np.uint64(32)
        words = np.stack(
            [
                (second >> high) ^ words[1] ^ np.uint64(keys[0]),
                second & low,
                (first >> high) ^ words[3] ^ np.uint64(keys[1]),
                first & low,
            ]
        )
        keys = [(k + step) & _WORD for k, step in zip(keys, PHILOX_KEY_STEPS, strict=True)]
    return words.astype(np.uint32)


def words(shape: tuple[int, int], species: int, step: int, key: tuple[int, int]) -> tuple[NDArray[np.int32], ...]:
    """The words p and q of a species in one step, each (pairs of rows, width), as signed integers."""
    height, width = shape
    pairs = np.arange((height + 1) // 2, dtype=np.uint32)
    fixed = (np.full_like(pairs, word & _WORD) for word in (step, step >> 32, species // 2))
    first = 2 * (species % 2)
    a, b = philox(np.stack([pairs, *fixed]), key)[first : first + 2, :, None]
    mixed = a + np.arange(width, dtype=np.uint32) * (b | np.uint32(1))
    mixed = (mixed ^ (mixed >> np.uint32(FIRST_SHIFT))) * np.uint32(FIRST_MULTIPLIER)
    p = (mixed ^ (mixed >> np.uint32(SECOND_SHIFT))) * np.uint32(SECOND_MULTIPLIER)
    return p.view(np.int32), (p * np.uint32(ANGLE_MULTIPLIER)).view(np.int32)


def normals(shape: tuple[int, int], species: int, step: int, key: tuple[int, int]) -> NDArray[np.float64]:
    """The standard normal numbers of a species (its position in the model) in one step, (height, width)."""
    p, q = words(shape, species, step, key)
    uniform = np.abs((p | 1).astype(np.float64)) / 2.0**31
    radius = np.copysign(np.sqrt(-2 * np.log(uniform)), p)
    angle = np.pi * q / 2.0**32
    rows = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)  # (pair, 2, width)
    return rows.reshape(-1, shape[1])[: shape[0]]
