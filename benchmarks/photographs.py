"""How well photographs are prepared and measured, on patterns whose wavelength is known.

    python benchmarks/photographs.py [--fields 200] [--pictures 40] [--seed 0]

First table: fields of 128 x 128 cells with 6 to 14 waves along a side. Stripes and hexagons, at any angle and phase,
carry white noise as strong as they are. Disordered fields are cut from Gaussian random fields of twice the side, whose
wavenumbers are spread by 5 or 10 %; their true wavelength is 2 pi / sqrt(<q^2>). Shares of fields within one and two
standard errors.

Second table: synthetic photographs of stripes, bright and dark hexagons, 200 to 1200 pixels wide, 8 to 25 waves
across, light that falls to 20 to 70 % on one side, blur, noise, specks of dust, JPEG of quality 60 to 95. Shares of
pictures whose wavelength is within 3 % and within two standard errors, whose kind is right, and whose polarity is.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from morphoscope.descriptors.local_waves import waves_of
from morphoscope.descriptors.patterns import measure_pattern
from morphoscope.ensembles.photographs.chain import prepared
from morphoscope.ensembles.photographs.settings import Preparation

Floats = NDArray[np.float64]
SIDE = 128
KINDS = {"stripes": (1, 1, "stripes"), "bright": (3, 1, "bright spots"), "dark": (3, -1, "dark spots")}


def lattice(rng: np.random.Generator, shape: tuple[int, int], wavelength: float, waves: int) -> Floats:
    """Stripes (1 wave) or hexagons of bright spots (3 waves) at any angle and place, from -1 to 1."""
    y, x = np.mgrid[: shape[0], : shape[1]] + rng.uniform(0, wavelength, 2)[:, None, None]
    angles = rng.uniform(0, np.pi) + 2 * np.pi * np.arange(waves) / 3
    return np.asarray(sum(np.cos(2 * np.pi / wavelength * (x * np.cos(a) + y * np.sin(a))) for a in angles)) / waves


def noisy(waves: int) -> Callable[[np.random.Generator], tuple[Floats, float]]:
    """A lattice with noise as strong as itself, and its wavelength."""

    def make(rng: np.random.Generator) -> tuple[Floats, float]:
        wavelength = SIDE / rng.uniform(6, 14)
        field = lattice(rng, (SIDE, SIDE), wavelength, waves)
        return field / field.std() + rng.normal(0, 1, field.shape), wavelength

    return make


def disordered(spread: float) -> Callable[[np.random.Generator], tuple[Floats, float]]:
    """A part of a random field, and the wavelength of its spectrum."""

    def make(rng: np.random.Generator) -> tuple[Floats, float]:
        wavelength = SIDE / rng.uniform(6, 14)
        number = np.hypot(np.fft.fftfreq(2 * SIDE)[:, None], np.fft.fftfreq(2 * SIDE)[None, :])
        power = np.exp(-(((number * wavelength - 1) / spread) ** 2) / 2) / np.maximum(number, 1e-9)
        power[0, 0] = 0
        field = np.fft.ifft2(np.fft.fft2(rng.normal(size=number.shape)) * np.sqrt(power)).real[:SIDE, :SIDE]
        return field / field.std(), float(np.sqrt(power.sum() / (power * number**2).sum()))

    return make


def photograph(rng: np.random.Generator, waves: int, sign: int) -> tuple[NDArray[np.uint8], float]:
    """A photograph in colour of a lattice, and its wavelength in pixels."""
    width = int(np.exp(rng.uniform(np.log(200), np.log(1200))))
    height = int(width * rng.uniform(0.7, 1.0))
    wavelength = height / rng.uniform(8, 25)
    y, x = np.mgrid[:height, :width]
    centre, darkest = rng.uniform(0, 1, 2) * (height, width), rng.uniform(0.2, 0.7)
    light = darkest + (1 - darkest) * np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (0.7 * width) ** 2)
    grey = (0.5 + 0.25 * sign * lattice(rng, (height, width), wavelength, waves)) * light
    grey = ndimage.gaussian_filter(grey, rng.uniform(0, 0.1) * wavelength)
    for _ in range(30):
        place, radius = rng.uniform((0, 0), (height, width)), rng.uniform(0.02, 0.08) * wavelength + 0.5
        grey[(y - place[0]) ** 2 + (x - place[1]) ** 2 < radius**2] = rng.choice([0.05, 0.95])
    grey = grey + rng.normal(0, rng.uniform(0, 0.08), grey.shape)
    tint = rng.uniform(0.4, 1.0, 3)
    colours = np.round(255 * np.clip(grey[..., None] * tint, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, format="JPEG", quality=int(rng.integers(60, 96)))
    return np.asarray(Image.open(file)), wavelength


def coverage(fields: int, seed: int) -> None:
    """Print the first table."""
    cases = {
        "stripes, noise": noisy(1), "hexagons, noise": noisy(3), "disordered, 5 %": disordered(0.05),
        "disordered, 10 %": disordered(0.1),
    }  # fmt: skip
    print("| field | bias | spread | mean error stated | within 1 | within 2 |\n|---|---|---|---|---|---|")
    for name, make in cases.items():
        rng = np.random.default_rng(seed)
        rows = []
        for _ in range(fields):
            field, truth = make(rng)
            found = waves_of(field, (False, False))
            if found is not None:
                rows.append((found.wavelength / truth - 1, found.error / truth))
        off, stated = np.array(rows).T
        within = [f"{np.sum(np.abs(off) <= k * stated) / fields:.0%}" for k in (1, 2)]
        numbers = " | ".join(f"{100 * value:.2f} %" for value in (off.mean(), off.std(), stated.mean()))
        print(f"| {name} | {numbers} | {' | '.join(within)} |", flush=True)


def photographs(pictures: int, seed: int) -> None:
    """Print the second table."""
    print(
        "\n| pattern | median deviation | within 3 % | within 2 errors | kind | polarity |\n|---|---|---|---|---|---|"
    )
    for name, (waves, sign, kind) in KINDS.items():
        rng = np.random.default_rng(seed)
        rows = []
        for _ in range(pictures):
            picture, truth = photograph(rng, waves, sign)
            field = prepared(picture / 255, Preparation(), 1.0, "pixel")
            found = measure_pattern(field.values, spacing=field.cell)
            off = abs(found.values["wavelength"] - truth)
            polarity = {"stripes": "neither", "bright": "bright", "dark": "dark"}[name]
            rows.append((
                off / truth, off <= 0.03 * truth, off <= 2 * found.values["wavelength_error"], found.kind == kind,
                field.polarity == polarity,
            ))  # fmt: skip
        table = np.array(rows, dtype=np.float64)
        shares = " | ".join(f"{share:.0%}" for share in table[:, 1:].mean(axis=0))
        print(f"| {name} | {100 * np.nanmedian(table[:, 0]):.2f} % | {shares} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fields", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    coverage(given.fields, given.seed)
    photographs(given.pictures, given.seed)
