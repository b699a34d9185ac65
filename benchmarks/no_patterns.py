"""Pictures that are no patterns of a reaction–diffusion system: photographs and textures that installed packages ship
(scikit-image, scikit-learn, Matplotlib), and noise, text, ramps, checkerboards and shapes made from a seed.

Every third source is kept aside: a photograph with all its crops, or a variant of a made kind with all its seeds.
"""

from __future__ import annotations

import dataclasses
import gzip
import importlib.resources
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 128
Picture = NDArray[np.float32]
MIN_CONTRAST = 0.02  # standard deviation below which a crop shows nothing
CROPS = 4  # of each photograph, besides the whole one
PHOTOGRAPHS = {
    "skimage": [
        "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
        "coins.png", "grass.png", "gravel.png", "horse.png", "hubble_deep_field.jpg", "ihc.png", "logo.png", "moon.png",
        "motorcycle_left.png", "page.png", "phantom.png", "retina.jpg", "rocket.jpg", "text.png",
    ],
    "sklearn": ["china.jpg", "flower.jpg"],
    "matplotlib": [
        "grace_hopper.jpg", "Minduka_Present_Blue_Pack.png", "logo2.png", "jacksboro_fault_dem.npz", "topobathy.npz",
        "s1045.ima.gz",
    ],
}  # fmt: skip
FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
TEXT = "pattern of the plane, feed rate and kill rate, where spots divide and stripes bend; a map is not a label"


@dataclasses.dataclass(frozen=True)
class NoPattern:
    """One picture: its kind, its source, the values (frames, y, x) in 0…1, and whether it is kept aside."""

    kind: str
    source: str
    frames: Picture
    aside: bool


def no_patterns() -> list[NoPattern]:
    """All 303 pictures, 100 of them aside."""
    return [*photographs(), *made()]


def photographs() -> Iterator[NoPattern]:
    """Each photograph as a whole, scaled to the grid, and crops of it, one pixel a cell."""
    number = 0
    for package, names in PHOTOGRAPHS.items():
        for name in names:
            grey = _photograph(package, name)
            rng = np.random.default_rng(number)
            for picture in (_whole(grey), *_crops(grey, rng)):
                yield NoPattern("photograph", name, _still(picture), number % 3 == 2)
            number += 1


def _photograph(package: str, name: str) -> Picture:
    path = Path(str(importlib.resources.files(package))) / FOLDERS[package] / name
    if name.endswith(".npz"):
        with np.load(path) as arrays:
            values = arrays["elevation" if "elevation" in arrays else "topo"].astype(np.float32)
    elif name.endswith(".gz"):
        with gzip.open(path) as file:
            values = np.frombuffer(file.read(), np.uint16).reshape(256, 256).astype(np.float32)
    else:
        from PIL import Image

        with Image.open(path) as image:
            return np.asarray(np.asarray(image.convert("RGBA").convert("RGB").convert("L")) / 255, np.float32)
    return np.asarray((values - values.min()) / np.ptp(values), np.float32)


def _whole(grey: Picture) -> Picture:
    from skimage.transform import resize

    side = min(grey.shape)
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    square = grey[top : top + side, left : left + side]
    return np.asarray(resize(square, (SIDE, SIDE), anti_aliasing=True), np.float32)


def _crops(grey: Picture, rng: np.random.Generator) -> Iterator[Picture]:
    if min(grey.shape) < 1.2 * SIDE:
        return
    found = 0
    for _ in range(200):
        top, left = (int(rng.integers(0, length - SIDE + 1)) for length in grey.shape)
        crop = grey[top : top + SIDE, left : left + SIDE]
        if crop.std() > MIN_CONTRAST:
            yield crop
            found += 1
        if found == CROPS:
            return


def made() -> Iterator[NoPattern]:
    """Pictures made from seeds, (kind, variant) by (kind, variant)."""
    number = 0
    for kind, (variants, seeds, draw) in KINDS.items():
        for variant in variants:
            for seed in range(seeds):
                picture = draw(np.random.default_rng([number, seed]), variant)
                yield NoPattern(kind, f"{kind} {variant}", _still(picture), number % 3 == 2)
            number += 1


def _still(picture: Picture) -> Picture:
    """One picture as three frames that do not change; (3, y, x) as it is."""
    frames = np.repeat(picture[None], 3, axis=0) if picture.ndim == 2 else picture
    return np.ascontiguousarray(np.clip(frames, 0, 1), dtype=np.float32)


def _noise(rng: np.random.Generator, variant: str) -> Picture:
    shape = (3, SIDE, SIDE) if variant.startswith("moving") else (SIDE, SIDE)
    name = variant.removeprefix("moving ")
    if name == "uniform":
        return rng.random(shape).astype(np.float32)
    if name == "normal":
        return rng.normal(0.5, 0.15, shape).astype(np.float32)
    if name == "weak":
        return rng.normal(rng.uniform(0.2, 0.9), 0.04, shape).astype(np.float32)
    if name == "salt and pepper":
        return np.where(rng.random(shape) < 0.1, rng.random(shape) < 0.5, 0.5).astype(np.float32)
    if name == "poisson":
        return (rng.poisson(3, shape) / 10).astype(np.float32)
    white = rng.standard_normal(shape)
    if name.startswith("blurred"):
        from scipy.ndimage import gaussian_filter

        width = float(name.split()[1])
        return _scaled(gaussian_filter(white, (*[0] * (white.ndim - 2), width, width), mode="wrap"))
    exponent = {"pink": 1.0, "brown": 2.0, "blue": -1.0}[name]
    waves = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    waves[0, 0] = np.inf if exponent > 0 else 1.0
    return _scaled(np.fft.irfft2(np.fft.rfft2(white) * waves**-exponent, s=(SIDE, SIDE)))


def _scaled(field: NDArray[Any]) -> Picture:
    return np.asarray(0.5 + 0.2 * (field - field.mean()) / field.std(), np.float32)


def _text(rng: np.random.Generator, size: int) -> Picture:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (SIDE, SIDE), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(2, SIDE, size + 3):
        pen.text((int(rng.integers(-20, 4)), top), " ".join(rng.choice(TEXT.split(), 14)), fill=0, font=font)
    picture = np.asarray(page) / 255
    return np.asarray(picture if rng.random() < 0.5 else 1 - picture, np.float32)


def _ramp(rng: np.random.Generator, variant: str) -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE - 1)
    low, high = np.sort(rng.random(2)) if variant != "full" else (0.0, 1.0)
    if variant == "radial":
        cy, cx = rng.random(2)
        field = np.hypot(y - cy, x - cx)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        field = np.cos(angle) * x + np.sin(angle) * y
    field = (field - field.min()) / np.ptp(field)
    if variant == "steps":
        field = np.floor(6 * field) / 6
    return np.asarray(low + max(high - low, 0.2) * field, np.float32)


def _checkerboard(rng: np.random.Generator, cells: int) -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    up, left = rng.integers(0, 2 * cells, 2)
    dark, light = sorted(rng.random(2)) if rng.random() < 0.5 else (0.0, 1.0)
    board = ((y + up) // cells + (x + left) // cells) % 2
    return np.asarray(dark + max(light - dark, 0.2) * board, np.float32)


def _shapes(rng: np.random.Generator, variant: str) -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    picture = np.full((SIDE, SIDE), rng.random(), np.float32)
    for _ in range(int(rng.integers(4, 25))):
        cy, cx, a, b = (*rng.uniform(0, SIDE, 2), *rng.uniform(4, 30, 2))
        if variant == "rectangles":
            inside = (abs(y - cy) < a) & (abs(x - cx) < b)
        elif variant == "ellipses":
            inside = ((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 < 1
        else:
            angle = rng.uniform(0, np.pi)
            inside = abs(np.cos(angle) * (y - cy) + np.sin(angle) * (x - cx)) < a / 10
        picture[inside] = rng.random()
    return picture


NOISES = (
    "uniform", "normal", "moving uniform", "salt and pepper", "poisson", "pink", "weak", "brown", "moving normal",
    "blue", "blurred 1", "moving pink", "blurred 2", "blurred 4", "blurred 8",
)  # fmt: skip
#: By kind: the variants, how many seeds each, and what draws one.
KINDS: dict[str, tuple[tuple[Any, ...], int, Callable[[np.random.Generator, Any], Picture]]] = {
    "noise": (NOISES, 5, _noise),
    "text": ((7, 9, 11, 14, 18, 24), 5, _text),
    "ramp": (("full", "part", "radial", "steps"), 5, _ramp),
    "checkerboard": ((4, 6, 8, 12, 16, 24), 5, _checkerboard),
    "shapes": (("rectangles", "ellipses", "lines"), 5, _shapes),
}
