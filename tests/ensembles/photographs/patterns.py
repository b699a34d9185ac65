"""Patterns of known wavelength, and what a camera does to them."""

import numpy as np


def waves(shape, wavelength, count, angle=0.2, phase=0.0):
    """The sum of ``count`` plane waves at equal angles: 1 stripes, 2 squares, 3 hexagons of bright spots."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    angles = angle + np.pi * np.arange(count) / count * (2 if count == 3 else 1)
    return sum(np.cos(2 * np.pi / wavelength * (x * np.cos(a) + y * np.sin(a)) + phase) for a in angles) / count


def photographed(pattern, rng, *, light=0.6, noise=0.03, specks=40):
    """Grey values between 0 and 1 under a lamp that stands at the side, with noise, and specks of dust."""
    height, width = pattern.shape
    y, x = np.mgrid[:height, :width]
    lamp = np.exp(-((x - 0.2 * width) ** 2 + (y - 0.3 * height) ** 2) / (0.7 * width) ** 2)
    picture = (0.5 + 0.25 * pattern) * (1 - light + light * lamp) + rng.normal(0, noise, pattern.shape)
    for _ in range(specks):
        place, radius = rng.uniform((0, 0), pattern.shape), rng.uniform(0.8, 2)
        picture[(y - place[0]) ** 2 + (x - place[1]) ** 2 < radius**2] = rng.choice([0.0, 1.0])
    return np.clip(picture, 0, 1)
