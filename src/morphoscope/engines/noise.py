"""Additive noise from a counter-based generator: each cell's normal numbers depend on (seed, step, cell) only.

They are therefore the same for any engine, number of threads and number of fused steps.

dc = (…) dt + (σ/√dxᵈ) dW in d dimensions: space-time white noise, ⟨η(x, t) η(x′, t′)⟩ = σ² δ(x − x′) δ(t − t′),
integrated by Euler–Maruyama. The generator is PCG4D (Jarzynski & Olano, J. Comput. Graph. Tech. 9(3), 21 (2020)): four
32-bit words from (cell, step, key, key). The Box–Muller transform turns pairs of words into pairs of normal numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.grid import Grid

MULTIPLIER, INCREMENT = 1664525, 1013904223
#: The order in which words are mixed: word[a] += word[b] · word[c].
MIXING = ((0, 1, 3), (1, 2, 0), (2, 0, 1), (3, 1, 2))
#: The 24 upper bits of a word become a number in (0, 1): (word >> 8) · SCALE + OFFSET.
SHIFT, SCALE, OFFSET = 8, 2.0**-24, 2.0**-25


def noise_key(seed: int) -> tuple[int, int]:
    """The two 32-bit words derived from a run's seed."""
    first, second = np.random.SeedSequence(seed, spawn_key=(1,)).generate_state(2, np.uint32)
    return int(first), int(second)


def strength(grid: Grid, dt: float, amplitude: float) -> float:
    """The factor of a normal number in one step: σ √dt / √dxᵈ."""
    return float(amplitude * np.sqrt(dt / grid.spacing**grid.dimensions))


def normals(shape: tuple[int, int], step: int, key: tuple[int, int]) -> NDArray[np.float64]:
    """Four independent standard normal fields for one step, (4, height, width)."""
    cells = np.arange(shape[0] * shape[1], dtype=np.uint32)
    words = [cells, *(np.full_like(cells, v & 0xFFFFFFFF) for v in (step, *key))]
    words = [w * np.uint32(MULTIPLIER) + np.uint32(INCREMENT) for w in words]
    for turn in range(2):
        for a, b, c in MIXING:
            words[a] = words[a] + words[b] * words[c]
        if turn == 0:
            words = [w ^ (w >> np.uint32(16)) for w in words]
    unit = [(w >> np.uint32(SHIFT)) * SCALE + OFFSET for w in words]
    fields = []
    for first, second in ((0, 1), (2, 3)):
        radius, angle = np.sqrt(-2 * np.log(unit[first])), 2 * np.pi * unit[second]
        fields += [radius * np.cos(angle), radius * np.sin(angle)]
    return np.stack(fields).reshape(4, *shape)
