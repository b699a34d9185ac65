"""Pictures that are no patterns of a reaction–diffusion system, drawn at random, for training and calibration.

Photographs are imitated by dead leaves: shapes of all sizes that cover each other, as objects do (Lee, Mumford & Huang,
Int. J. Comput. Vis. 41, 35 (2001)). Others are noise with some spectrum, in a broad band of lengths too, or in single
pixels, mosaics, grains, strokes, perfect lattices, walls, wood, fabric, lines, and patterns whose pieces were shuffled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]


def unpatterned(random: np.random.Generator, side: int, pattern: NDArray[np.floating] | None = None) -> Picture:
    """A picture (side, side) of a random kind; ``pattern``: one whose pieces may be shuffled."""
    kinds: list[Callable[[np.random.Generator, int], Picture]] = [
        _leaves, _leaves, _leaves, _noise, _noise, _mosaic, _strokes, _lattice, _relief, _courses, _grain,
        _weave, _lines, broad_noise, broad_noise, single_pixels, grains,
    ]  # fmt: skip
    number = int(random.integers(len(kinds) + (pattern is not None)))
    if number == len(kinds) and pattern is not None:
        picture = _shuffled(random, np.asarray(pattern, dtype=np.float64), side)
    else:
        picture = kinds[number](random, side)
    return np.asarray((picture - picture.min()) / max(float(np.ptp(picture)), 1e-12))


def _grid(side: int) -> tuple[Picture, Picture]:
    y, x = np.mgrid[:side, :side]
    return y.astype(np.float64), x.astype(np.float64)


def _turned(random: np.random.Generator, side: int) -> tuple[Picture, Picture]:
    y, x = _grid(side)
    angle = random.uniform(0, 2 * np.pi)
    return np.cos(angle) * y + np.sin(angle) * x, np.cos(angle) * x - np.sin(angle) * y


def _leaves(random: np.random.Generator, side: int) -> Picture:
    """Ellipses, rectangles and half planes with sizes of a power law; some shaded, some rough."""
    y, x = _grid(side)
    picture = np.full((side, side), random.random())
    largest = random.uniform(0.1, 0.6) * side
    rough, shade = random.uniform(0, 0.15) * (random.random() < 0.5), random.uniform(0, 0.4)
    grain = _spectral(random, side, random.uniform(0.0, 1.5))
    for _ in range(int(random.integers(8, 120))):
        size = largest * max(0.03, (1 - random.random()) ** 1.5)
        cy, cx = random.uniform(0, side, 2)
        angle, long = random.uniform(0, np.pi), random.uniform(1, 4)
        a = (np.cos(angle) * (y - cy) + np.sin(angle) * (x - cx)) / size
        b = (np.cos(angle) * (x - cx) - np.sin(angle) * (y - cy)) / (size / long)
        inside = (np.abs(a) < 1) & (np.abs(b) < 1) if random.random() < 0.4 else a**2 + b**2 < 1
        picture[inside] = (random.random() + shade * a + rough * grain)[inside]
    return picture


def _spectral(random: np.random.Generator, side: int, exponent: float) -> Picture:
    waves = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    waves[0, 0] = np.inf
    noise = np.fft.rfft2(random.standard_normal((side, side))) * np.where(np.isinf(waves), 0, waves**-exponent)
    field = np.fft.irfft2(noise, s=(side, side))
    return np.asarray(field / field.std())


def _noise(random: np.random.Generator, side: int) -> Picture:
    """Noise with a power law, stretched along a direction, or cut to levels; without a ring in its spectrum."""
    field = _spectral(random, side, random.uniform(-0.5, 2.5))
    if random.random() < 0.3:
        from scipy import ndimage

        field = ndimage.gaussian_filter(field, (random.uniform(0, 6), random.uniform(0, 6)), mode="wrap")
    if random.random() < 0.25:
        levels = int(random.integers(1, 6))
        field = np.floor(levels * (field - field.min()) / np.ptp(field))
    return np.asarray(field)


def broad_noise(random: np.random.Generator, side: int) -> Picture:
    """Noise in a broad band of lengths, half as wide as its middle or wider; some cut to two levels.

    Noise in a narrow band looks like a pattern near its onset.
    """
    waves = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    middle = np.exp(random.uniform(np.log(3 / side), np.log(0.3)))
    width = random.uniform(0.5, 1.5) * middle
    high = np.exp(-0.5 * ((waves - middle) / width) ** 2) if random.random() < 0.5 else np.exp(-((waves / middle) ** 2))
    field = np.fft.irfft2(np.fft.rfft2(random.standard_normal((side, side))) * high, s=(side, side))
    if random.random() < 0.25:
        field = np.tanh(random.uniform(1, 8) * (field / field.std() - random.uniform(-1, 1)))
    return np.asarray(field + random.uniform(0, 0.2) * field.std() * random.standard_normal(field.shape))


def single_pixels(random: np.random.Generator, side: int) -> Picture:
    """Noise in single pixels, or in small squares of them: dark and bright ones, counts, or of few values."""
    pixel = int(random.choice([1, 1, 1, 2, 3]))
    count = -(-side // pixel)
    kind = int(random.integers(4))
    if kind == 0:
        struck = random.random((count, count)) < random.uniform(0.02, 0.4)
        noise = np.where(struck, random.random((count, count)) < random.uniform(0.2, 0.8), 0.5)
    elif kind == 1:
        noise = random.poisson(random.uniform(0.5, 8), (count, count))
    elif kind == 2:
        noise = random.random((count, count))
    else:
        noise = random.standard_normal((count, count))
    return np.asarray(np.kron(noise, np.ones((pixel, pixel)))[:side, :side], dtype=np.float64)


def grains(random: np.random.Generator, side: int) -> Picture:
    """Discs or blobs of one size at random places, some of them shaded: grains, cells, coins, bubbles that overlap."""
    y, x = _grid(side)
    size = np.exp(random.uniform(np.log(2.5), np.log(side / 8)))
    count = int(random.uniform(0.1, 0.9) * side**2 / (np.pi * size**2))
    picture, spread = np.zeros((side, side)), random.uniform(0, 0.6)
    soft, covers = random.random() < 0.4, random.random() < 0.6
    for _ in range(min(max(count, 5), 250)):
        cy, cx = random.uniform(0, side, 2)
        radius = size * np.exp(spread * random.standard_normal())
        distance = ((y - cy) ** 2 + (x - cx) ** 2) / radius**2
        shade = random.uniform(0.6, 1) * (np.exp(-distance) if soft else 1 - random.uniform(0, 0.8) * distance)
        inside = distance < (6 if soft else 1)
        picture[inside] = (np.maximum(picture, shade) if covers else picture + shade)[inside]
    return picture + random.uniform(0, 0.2) * _spectral(random, side, random.uniform(0, 1.5))


def _mosaic(random: np.random.Generator, side: int) -> Picture:
    """Cells around random places with one grey value each, or their edges."""
    from scipy.spatial import cKDTree

    places = random.uniform(0, side, (int(random.integers(8, 160)), 2))
    y, x = _grid(side)
    distance, nearest = cKDTree(places).query(np.stack([y.ravel(), x.ravel()], axis=1), k=2)
    if random.random() < 0.4:
        return np.asarray(((distance[:, 1] - distance[:, 0]) < random.uniform(1, 6)).reshape(side, side) * 1.0)
    return np.asarray(random.random(len(places))[nearest[:, 0]].reshape(side, side))


def _strokes(random: np.random.Generator, side: int) -> Picture:
    """Rows of short strokes, as on a written page."""
    y, x = _turned(random, side) if random.random() < 0.3 else _grid(side)
    picture = np.zeros((side, side))
    height = random.uniform(6, 26)
    for _ in range(int(random.integers(40, 300))):
        row = np.floor(random.uniform(-0.5, 1.5) * side / height) * height
        cy, cx = row + random.uniform(0, 0.6) * height, random.uniform(-0.5, 1.5) * side
        tall, wide = random.uniform(0.05, 0.35) * height, random.uniform(0.05, 0.3) * height
        picture[(np.abs(y - cy) < tall) & (np.abs(x - cx) < wide)] = 1
    return picture


def _lattice(random: np.random.Generator, side: int) -> Picture:
    """A perfect rectangular lattice, squares, or rings; not stripes and hexagons, which are patterns."""
    y, x = _turned(random, side)
    q = 2 * np.pi * random.uniform(2, 24) / side
    kind = int(random.integers(3))
    if kind == 0:
        field = np.cos(q * x) * np.cos(q * random.uniform(0.5, 1.5) * y)
    elif kind == 1:
        field = np.sign(np.cos(q * x) * np.cos(q * y))
    else:
        field = np.cos(q * np.hypot(x - random.uniform(-1, 1) * side, y - random.uniform(-1, 1) * side))
    return np.asarray(np.sign(field) if random.random() < 0.3 else field)


def _relief(random: np.random.Generator, side: int) -> Picture:
    """A smooth surface with edges: ramps, steps, and a few folds."""
    y, x = _turned(random, side)
    field = y / side + random.uniform(-1, 1) * (x / side) ** 2
    for _ in range(int(random.integers(0, 4))):
        a, _ = _turned(random, side)
        field = field + random.uniform(-1, 1) * np.abs((a - random.uniform(-0.5, 0.5) * side) / side)
    if random.random() < 0.4:
        field = np.floor(random.uniform(2, 10) * field)
    return np.asarray(field + random.uniform(0, 0.1) * _spectral(random, side, random.uniform(0, 2)))


def _courses(random: np.random.Generator, side: int) -> Picture:
    """A wall: rows of blocks with joints, each row shifted; blocks differ in grey, their faces are rough."""
    y, x = _turned(random, side) if random.random() < 0.3 else _grid(side)
    warp = random.uniform(0, 2) * _spectral(random, side, 1.8)
    tall, ratio, shift = random.uniform(8, 40), random.uniform(1, 4), random.uniform(0, 0.5)
    row = np.floor((y + warp) / tall)
    along = (x + warp) / (ratio * tall) + shift * row
    joint = random.uniform(0.03, 0.2) * tall
    edge = np.minimum((y + warp) % tall, (along % 1) * ratio * tall)
    numbers = (row * 7919 + np.floor(along) * 104729).astype(np.int64) % 997
    faces = random.random(997)[numbers] * random.uniform(0, 1)
    return np.where(edge < joint, random.uniform(-1, 2), faces) + random.uniform(0, 0.3) * _spectral(random, side, 1)


def _grain(random: np.random.Generator, side: int) -> Picture:
    """Wood: distorted rings or boards seen from far off their centre, with fibres along them."""
    y, x = _turned(random, side)
    cy, cx = random.uniform(-3, 3, 2) * side
    stretch = random.uniform(0.02, 1)
    radius = np.hypot(y - cy, stretch * (x - cx)) + random.uniform(2, 20) * _spectral(random, side, 2.2)
    phase = random.uniform(2, 25) * radius / side
    field = (phase % 1) ** random.uniform(0.5, 4) + random.uniform(0, 0.6) * _spectral(random, side, 1)
    return np.asarray(field)


def _weave(random: np.random.Generator, side: int) -> Picture:
    """A fabric: threads over and under each other, of uneven width."""
    y, x = _turned(random, side)
    pitch = random.uniform(4, 24)
    warp = random.uniform(0, 0.25) * pitch * _spectral(random, side, 1.5)
    u, v = (y + warp) / pitch, (x + warp * random.uniform(-1, 1)) / pitch
    over = (np.floor(u) + np.floor(v) * int(random.integers(1, 3))) % int(random.integers(2, 5)) == 0
    threads = np.where(over, np.sin(np.pi * (u % 1)), np.sin(np.pi * (v % 1)) * random.uniform(0.4, 1))
    return np.asarray(threads + random.uniform(0, 0.4) * _spectral(random, side, 0.7))


def _lines(random: np.random.Generator, side: int) -> Picture:
    """Straight lines and arcs that cross each other, as of a drawing, branches or cracks."""
    y, x = _grid(side)
    picture = np.full((side, side), random.random())
    common = random.random() < 0.5
    ink = random.random()
    for _ in range(int(random.integers(3, 40))):
        angle, place = random.uniform(0, np.pi), random.uniform(0, side, 2)
        across = np.cos(angle) * (y - place[0]) + np.sin(angle) * (x - place[1])
        along = np.cos(angle) * (x - place[1]) - np.sin(angle) * (y - place[0])
        bent = across + random.normal(0, 0.3) * (random.random() < 0.5) * along**2 / side
        inside = (np.abs(bent) < random.uniform(0.5, 5)) & (np.abs(along) < random.uniform(0.1, 2) * side)
        picture[inside] = ink if common else random.random()
    return picture


def _shuffled(random: np.random.Generator, pattern: Picture, side: int) -> Picture:
    """Square pieces of a pattern at random places, turned and mirrored."""
    piece = int(random.integers(6, 24))
    count = max(2, min(side, 160) // piece)
    rows = []
    for _ in range(count):
        row = []
        for _ in range(count):
            top, left = (int(random.integers(0, n - piece + 1)) for n in pattern.shape)
            row.append(np.rot90(pattern[top : top + piece, left : left + piece], int(random.integers(4))))
        rows.append(np.hstack(row))
    from scipy import ndimage

    whole = np.vstack(rows)
    return np.asarray(ndimage.zoom(whole, side / len(whole), order=1, grid_mode=True, mode="nearest"))
