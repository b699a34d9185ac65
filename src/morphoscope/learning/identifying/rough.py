"""Synthetic photographs as rough experiments give them: film, gel, scratches, dust, blur, shade, little contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.photographed import processed, unit_range

Picture = NDArray[np.float64]
_MOST = 3  # changes of one picture


def processed_or_rough(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    """Either :func:`.processed` or :func:`rough`, each for half of the pictures."""
    return (processed if random.random() < 0.5 else rough)(picture, random, scale)


def rough(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    """A picture from 0 to 1 with one to three flaws of an experiment; ``scale``: pixels a cell.

    Flaws: correlated grain; the texture of a gel or a dish, which changes brightness and contrast from place to place;
    scratches; dust and bubbles; blur of 0.8 to 2 cells; a vignette; little contrast in few grey levels; local
    equalisation; any monotonic tone curve.
    """
    flaws = (_grain, _texture, _scratches, _dust, _blur, _vignette, _faint, _equalised, _curve)
    count = int(random.integers(1, _MOST + 1))
    for number in np.sort(random.choice(len(flaws), count, replace=False)).tolist():
        picture = unit_range(flaws[number](picture, random, scale))
    return picture


def _smooth_noise(shape: tuple[int, ...], random: np.random.Generator, width: float) -> Picture:
    """Noise with mean 0, standard deviation 1 and a Gaussian correlation."""
    from scipy import ndimage

    noise = ndimage.gaussian_filter(random.standard_normal(shape), width, mode="wrap", truncate=3)
    return np.asarray((noise - noise.mean()) / max(float(noise.std()), 1e-12))


def _grain(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    width = random.uniform(0.3, 1.2) * max(scale, 1.0)
    return np.asarray(picture + random.uniform(0.03, 0.2) * _smooth_noise(picture.shape, random, width))


def _texture(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    width = random.uniform(3, 15) * scale
    shade, contrast = (_smooth_noise(picture.shape, random, width) for _ in range(2))
    changed = 0.5 + (picture - 0.5) * np.exp(random.uniform(0, 0.35) * contrast)
    return np.asarray(changed + random.uniform(0, 0.25) * shade)


def _scratches(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    picture, side = picture.copy(), len(picture)
    for _ in range(int(random.integers(1, 12))):
        angle, place = random.uniform(0, np.pi), random.uniform(0, side, 2)
        across = np.cos(angle) * (y - place[0]) + np.sin(angle) * (x - place[1])
        along = np.cos(angle) * (x - place[1]) - np.sin(angle) * (y - place[0])
        inside = (np.abs(across) < random.uniform(0.5, 1.5)) & (np.abs(along) < random.uniform(0.1, 1) * side)
        picture[inside] = random.uniform(-0.1, 1.1)
    return picture


def _dust(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    picture, side = picture.copy(), len(picture)
    for _ in range(int(random.integers(3, 40))):
        cy, cx = random.uniform(0, side, 2)
        radius = random.uniform(0.5, 2.5) * max(scale, 1.0) * (1 - random.random() ** 2)
        spot = np.exp(-0.5 * ((y - cy) ** 2 + (x - cx) ** 2) / max(radius, 0.5) ** 2)
        picture += random.uniform(-1, 1) * spot
    return picture


def _blur(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    from scipy import ndimage

    width = random.uniform(0.8, 2.0) * scale
    return np.asarray(ndimage.gaussian_filter(picture, width, mode="reflect", truncate=3))


def _vignette(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in picture.shape), indexing="ij")
    cy, cx = random.uniform(-0.4, 0.4, 2)
    fall = np.exp(-random.uniform(0.2, 1.0) * ((y - cy) ** 2 + (x - cx) ** 2))
    return np.asarray((0.2 + picture) * fall)


def _faint(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    levels = int(random.integers(12, 60))
    noisy = picture + random.uniform(0, 0.08) * random.standard_normal(picture.shape)
    return np.asarray(np.round(levels * noisy) / levels)


def _equalised(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    from skimage.exposure import equalize_adapthist

    window = max(8, round(random.uniform(0.1, 0.5) * len(picture)))
    return np.asarray(
        equalize_adapthist(unit_range(picture), kernel_size=window, clip_limit=random.uniform(0.01, 0.06))
    )


def _curve(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    """Through five places whose order is kept."""
    from scipy.interpolate import PchipInterpolator

    heights = np.cumsum(random.dirichlet(np.full(4, 1.2)))
    return np.asarray(PchipInterpolator(np.linspace(0, 1, 5), [0.0, *heights.tolist()])(np.clip(picture, 0, 1)))
