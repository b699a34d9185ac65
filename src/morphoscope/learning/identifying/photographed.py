"""Synthetic photographs of simulated patterns: cropped, turned, rescaled, unevenly lit, blurred, noisy, JPEG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TRAINING_SIDES = (96, 240)  # pixels; canonical views have fewer, so larger pictures would show the same
SIDES = (200, 2000)
SHOWN = (0.5, 1.0)  # of the side of the grid


def photographed(
    field: NDArray[np.floating],
    random: np.random.Generator,
    sides: tuple[int, int] = SIDES,
    share_processed: float = 0.0,
    process: Callable[..., NDArray[np.float64]] | None = None,
    shown: tuple[float, float] = SHOWN,
) -> tuple[NDArray[np.float32], float]:
    """A synthetic photograph of a periodic field (y, x), and its scale.

    A square of 50 to 100 % (``shown``) of the grid's side at a random place and angle; ``sides`` pixels along a side,
    logarithmically uniform; either polarity; a gamma of 0.6 to 1.6; light that differs by up to ± 40 %;
    blur of up to 0.6 cells or 1 pixel; noise of up to 12 % of the contrast; JPEG of quality 40 to 95, 8 bits.
    A share of the pictures is changed by ``process`` before that, by default :func:`processed`.

    Returns
    -------
    tuple
        The picture, (side, side), from 0 to 1; pixels per cell of the field.
    """
    side = 16 * round(math.exp(random.uniform(*np.log(sides))) / 16)
    cells = random.uniform(*shown) * min(field.shape)
    picture = _cut(np.asarray(field, dtype=np.float64), random, side, cells)
    low, high = np.quantile(picture, (0.005, 0.995))
    picture = np.clip((picture - low) / max(high - low, 1e-12), -0.05, 1.05).clip(0, 1)
    if random.random() < 0.5:
        picture = 1 - picture
    if share_processed > 0 and random.random() < share_processed:
        picture = (process or processed)(picture, random, side / cells)
    return degraded(picture, random, side / cells).astype(np.float32), side / cells


def unit_range(picture: NDArray[np.floating]) -> NDArray[np.float64]:
    """A picture whose values go from 0 to 1; 0 if they are all the same."""
    return np.asarray((picture - picture.min()) / max(float(np.ptp(picture)), 1e-12), dtype=np.float64)


def _cut(field: NDArray[np.float64], random: np.random.Generator, side: int, cells: float) -> NDArray[np.float64]:
    from scipy import ndimage

    angle, pitch = random.uniform(0, 2 * np.pi), cells / side
    turn = pitch * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    if random.random() < 0.5:
        turn = turn[:, ::-1] * np.array([1, -1])
    offset = random.uniform(0, min(field.shape), 2) - turn @ np.full(2, (side - 1) / 2)
    smooth = ndimage.gaussian_filter(field, 0.45 * pitch, mode="wrap") if pitch > 1 else field
    return np.asarray(ndimage.affine_transform(smooth, turn, offset, (side, side), order=3, mode="grid-wrap"))


def processed(picture: NDArray[np.float64], random: np.random.Generator, scale: float) -> NDArray[np.float64]:
    """A picture from 0 to 1 as cameras and programs change it; ``scale``: pixels a cell.

    One of: a steep sigmoidal tone curve; bright or dark parts cut off; a band of lengths kept alone, as a filter
    against noise and uneven light does; local contrast equalised; blur of 0.6 to 1.5 cells.
    """
    from skimage.exposure import equalize_adapthist

    kind = int(random.integers(5))
    if kind == 0:
        curve = random.uniform(3, 10) * (picture - np.quantile(picture, random.uniform(0.35, 0.65)))
        picture = 1 / (1 + np.exp(-curve))
    elif kind == 1:
        low, high = np.quantile(picture, (random.uniform(0, 0.3), random.uniform(0.7, 1)))
        picture = np.clip(picture, low, max(high, low + 0.05))
    elif kind == 2:
        fine, coarse = random.uniform(0.2, 0.7), random.uniform(4, 12)
        picture = _blurred(picture, fine * scale) - _blurred(picture, coarse * scale)
    elif kind == 3:
        window = max(8, round(random.uniform(0.15, 0.5) * len(picture)))
        picture = equalize_adapthist(picture, kernel_size=window, clip_limit=random.uniform(0.005, 0.03))
    else:
        picture = _blurred(picture, random.uniform(0.6, 1.5) * scale)
    return np.asarray((picture - picture.min()) / max(float(np.ptp(picture)), 1e-12))


def _blurred(picture: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(picture, width, mode="reflect", truncate=3))


def degraded(picture: NDArray[np.float64], random: np.random.Generator, scale: float) -> NDArray[np.float64]:
    """A picture from 0 to 1 with another gamma, light, blur, noise and JPEG; ``scale``: pixels a cell."""
    from scipy import ndimage

    picture = picture ** random.uniform(0.6, 1.6)
    depth = random.uniform(0.3, 0.8)
    picture = random.uniform(0.05, 0.95 - depth) + depth * picture
    picture = picture * _light(picture.shape, random)
    picture = ndimage.gaussian_filter(picture, random.uniform(0, max(1.0, 0.6 * scale)), mode="reflect")
    picture = picture + random.uniform(0, 0.12) * depth * random.standard_normal(picture.shape)
    return _jpeg(np.clip(picture, 0, 1), int(random.integers(40, 96)))


def _light(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float64]:
    """A smooth factor around 1: a plane, a vignette, and a wave of the picture's size."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    ay, ax, bend, wave = random.uniform(-1, 1, 4)
    phase, angle = random.uniform(0, 2 * np.pi, 2)
    surface = ay * y + ax * x + bend * (y**2 + x**2 - 0.67)
    surface += wave * np.cos(0.5 * np.pi * (np.cos(angle) * y + np.sin(angle) * x) + phase)
    surface *= random.uniform(0, 0.4) / max(float(np.abs(surface).max()), 1e-12)
    return np.asarray(1 + surface)


def _jpeg(picture: NDArray[np.float64], quality: int) -> NDArray[np.float64]:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.round(255 * picture).astype(np.uint8)).save(file, "JPEG", quality=quality)
    with Image.open(file, formats=["JPEG"]) as image:
        return np.asarray(image, dtype=np.float64) / 255
