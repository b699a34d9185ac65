"""Photographs and textures of a folder, as pictures that are no patterns, for the training of the identifier.

Any PNG, JPEG, WebP and GIMP pattern (.pat) below the folder, with 96 pixels or more along each side. The shipped
identifier was trained with those of Debian's packages that docs/identify.md names; none of them is in
benchmarks/no_patterns.py.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.photographed import degraded, processed

SIDE = 96  # pixels, the least
LARGEST = 800
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
PATTERN = ".pat"
MIN_CONTRAST = 0.02
HELD_OUT = 0.25
Picture = NDArray[np.float32]


def photographs_in(folder: Path) -> list[Picture]:
    """Grey pictures from 0 to 1, by path; textures, which continue periodically, are laid out up to 96 pixels."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (*SUFFIXES, PATTERN) or not path.is_file():
            continue
        grey = _texture(path) if path.suffix.lower() == PATTERN else _photograph(path)
        if grey is not None and min(grey.shape) >= SIDE and grey.std() > MIN_CONTRAST:
            found.append(grey)
    return found


def split(pictures: list[Picture], seed: int = 0) -> tuple[list[Picture], list[Picture]]:
    """Those for training, and 25 % that are held out with all their crops."""
    order = np.random.default_rng(seed).permutation(len(pictures)).tolist()
    count = round(HELD_OUT * len(pictures))
    return [pictures[i] for i in order[count:]], [pictures[i] for i in order[:count]]


def crop_of(
    pictures: list[Picture], random: np.random.Generator, sides: tuple[int, int], share_processed: float = 0.0
) -> Picture:
    """A square crop of a random picture at a random size, turned by quarters; half of them degraded, of these a share
    processed.
    """
    while True:
        grey = pictures[int(random.integers(len(pictures)))]
        cut = int(np.exp(random.uniform(np.log(SIDE), np.log(min(grey.shape) + 1))))
        top, left = (int(random.integers(0, n - cut + 1)) for n in grey.shape)
        part = grey[top : top + cut, left : left + cut]
        if part.std() > MIN_CONTRAST:
            break
    part = np.rot90(part, int(random.integers(4)))
    side = min(int(random.integers(*sides)), 2 * cut) // 16 * 16
    picture = _resized(part, side)
    if random.random() < 0.5:
        low, high = np.quantile(picture, (0.005, 0.995))
        stretched = np.clip((picture.astype(np.float64) - low) / max(high - low, 1e-12), 0, 1)
        if share_processed > 0 and random.random() < share_processed:
            stretched = processed(stretched, random, 1.0)
        picture = degraded(stretched, random, 1.0).astype(np.float32)
    return picture


def _resized(part: Picture, side: int) -> Picture:
    from skimage.transform import resize

    return np.asarray(resize(part, (side, side), order=1, anti_aliasing=side < len(part)), np.float32)


def _photograph(path: Path) -> Picture | None:
    from PIL import Image

    with Image.open(path) as image:
        if min(image.size) < SIDE:
            return None
        image.thumbnail((2 * LARGEST, LARGEST))
        if min(image.size) < SIDE:
            return None
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        return np.asarray(np.asarray(white.convert("L")) / 255, np.float32)


def _texture(path: Path) -> Picture | None:
    """A GIMP pattern: seven numbers and a name, then height × width × channels bytes."""
    content = path.read_bytes()
    length, version, width, height, channels, magic = struct.unpack(">5I4s", content[:24])
    if magic != b"GPAT" or version != 1 or len(content) < length + width * height * channels:
        return None
    values = np.frombuffer(content, np.uint8, width * height * channels, length).reshape(height, width, channels)
    grey = values[..., : 3 if channels >= 3 else 1].mean(axis=2) / 255
    if min(grey.shape) < 24:
        return None
    return np.asarray(np.tile(grey, [-(-SIDE // n) for n in grey.shape]), np.float32)
