"""The chain of steps from a picture to a field."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.descriptors.coarse import coarse_wavelength
from morphoscope.ensembles.photographs import filters, geometry
from morphoscope.ensembles.photographs.colour import channel_of
from morphoscope.ensembles.photographs.geometry import Floats
from morphoscope.ensembles.photographs.polarity import NEITHER, WORDS, polarity_of
from morphoscope.ensembles.photographs.settings import AUTO, MIN_CELLS, Preparation

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

_MANY_CELLS = 512  # along a side; larger pictures are reduced to that
_ENOUGH_CELLS = 8.0  # a wavelength, that are kept when a picture is reduced
_UNIFORM = 1e-4  # of the mean or of 1: a standard deviation that is no contrast
_QUANTILES = (0.01, 0.99)


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of a preparation: its name, what it did in words, and the picture after it."""

    name: str
    words: str
    values: NDArray[np.floating] = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class PreparedField:
    """A field that was made from a picture, with everything that is needed to make it again.

    Attributes
    ----------
    values
        The field, float32 (height, width); a square unless the settings say otherwise.
    cell
        The side of a cell.
    unit
        The unit of the cell size; ``pixel`` if no scale was given.
    edges
        How filters treated edges, as in the settings. No edge is periodic.
    settings
        How it was made.
    steps
        Each step with its result, from the original picture on.
    to_picture
        The affine map (2, 3) from cells to pixels: (y, x) of the picture = M[:, :2] (y, x) + M[:, 2].
    uniform
        Whether there is no contrast.
    """

    values: NDArray[np.float32] = dataclasses.field(repr=False)
    cell: float
    unit: str
    edges: str
    settings: Preparation
    steps: tuple[Step, ...] = dataclasses.field(repr=False)
    to_picture: NDArray[np.float64] = dataclasses.field(repr=False)
    uniform: bool = False

    @functools.cached_property
    def polarity(self) -> str:
        """``dark`` or ``bright`` spots in the field before it fades out, or ``neither``; found when it is asked for."""
        before = [step.values for step in self.steps if step.name in ("contrast", "inversion")]
        return NEITHER if self.uniform else polarity_of(before[-1])

    @property
    def original(self) -> NDArray[np.floating]:
        """The picture as it was given, (y, x) or (y, x, 3), from 0 to 1 if it had grey levels."""
        return self.steps[0].values

    def plot(self, out: str | Path | None = None) -> Figure:
        """Draw the picture after every step; with ``out``, also write it (.png, .svg, .pdf)."""
        from morphoscope.rendering.preparation import preparation_figure
        from morphoscope.rendering.style import save

        panels = [(step.name, step.words, step.values) for step in self.steps]
        title = f"{WORDS[self.polarity]}; cells of {self.cell:.4g} {self.unit}"
        figure = preparation_figure(panels, title)
        if out is not None:
            save(figure, out)
        return figure


def prepared(picture: NDArray[np.floating], settings: Preparation, cell: float, unit: str) -> PreparedField:
    """The field of a picture, (y, x) or (y, x, 3). Raises UsageError if settings do not fit it."""
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise UsageError(f"the picture has shape {picture.shape}; expected (y, x) or (y, x, 3)")
    if not np.isfinite(picture).all():
        raise DataError("the picture contains values that are not finite; expected finite numbers")
    chain = _Chain(np.asarray(picture, dtype=np.float64))
    values, words = channel_of(chain.values, settings.channel)
    chain.add("channel", words, values)
    _reshape(chain, settings)
    _filter(chain, settings)
    return _finish(chain, settings, cell, unit)


class _Chain:
    """The steps so far, the map to the picture, and the wavelength in cells of the field as it is."""

    def __init__(self, picture: Floats) -> None:
        colours = "in colour" if picture.ndim == 3 else "grey"
        self.values = picture
        self.steps = [Step("picture", f"{picture.shape[1]} × {picture.shape[0]} pixels, {colours}", picture)]
        self.map = geometry.IDENTITY
        self.factor = 1.0  # pixels a cell
        self.reach = 0  # of the filters, in cells
        self.wavelength = math.nan

    def add(self, name: str, words: str, values: Floats) -> None:
        self.values = values
        self.steps.append(Step(name, words, values.astype(np.float32)))

    def move(self, name: str, words: str, moved: tuple[Floats, Floats]) -> None:
        self.map = geometry.composed(self.map, moved[1])
        self.add(name, words, moved[0])

    def filter(self, name: str, filtered: filters.Filtered) -> None:
        self.reach = max(self.reach, filtered[2])
        self.add(name, filtered[1], filtered[0])


def _reshape(chain: _Chain, settings: Preparation) -> None:
    """Region, rotation, square, resampling."""
    if settings.region is not None:
        left, top, width, height = settings.region
        words = f"{width} × {height} pixels from {left},{top} on"
        chain.move("region", words, geometry.cut(chain.values, left, top, width, height))
    _check_size(chain.values, "the region" if settings.region else "the picture")
    if settings.rotation:
        turned = geometry.rotated(chain.values, settings.rotation)
        height, width = turned[0].shape
        chain.move("rotation", f"by {settings.rotation:g}°; {width} × {height} pixels inside", turned)
    if settings.square and len(set(chain.values.shape)) > 1:
        side = min(chain.values.shape)
        chain.move("square", f"{side} × {side} pixels in the middle", geometry.middle_square(chain.values))
    _check_size(chain.values, "what is left of the picture")
    longest = max(chain.values.shape)
    if AUTO in (settings.dust, settings.noise) or (settings.cells == AUTO and longest > _MANY_CELLS):
        chain.wavelength = coarse_wavelength(chain.values)
    cells = _cells(chain, settings)
    if cells != longest:
        chain.factor = longest / cells
        chain.wavelength /= chain.factor
        resampled = geometry.resampled(chain.values, cells)
        height, width = resampled[0].shape
        words = f"{width} × {height} cells of {chain.factor:.4g} pixels"
        chain.move("resampling", words, resampled)
        _check_size(chain.values, "the field")


def _check_size(values: Floats, what: str) -> None:
    if min(values.shape) < MIN_CELLS:
        raise UsageError(
            f"{what} has {values.shape[1]}x{values.shape[0]} pixels; a pattern needs at least {MIN_CELLS} along a side"
        )


def _cells(chain: _Chain, settings: Preparation) -> int:
    """The number of cells along the longer side."""
    longest = max(chain.values.shape)
    if settings.cells != AUTO:
        return int(settings.cells)
    fewest = math.ceil(longest * _ENOUGH_CELLS / chain.wavelength) if math.isfinite(chain.wavelength) else 0
    return min(longest, max(_MANY_CELLS, fewest))


def _filter(chain: _Chain, settings: Preparation) -> None:
    """Dust, noise, light. A wavelength that dust hid is found before the light."""
    chain.filter("dust", filters.without_dust(chain.values, settings.dust, chain.wavelength))
    chain.filter("noise", filters.without_noise(chain.values, settings.noise, chain.wavelength))
    if settings.light == AUTO:
        chain.wavelength = coarse_wavelength(chain.values)
    chain.filter("light", filters.even_light(chain.values, settings.light, chain.wavelength))


def _finish(chain: _Chain, settings: Preparation, cell: float, unit: str) -> PreparedField:
    """Cells beyond the reach of filters, contrast, polarity, fading."""
    if settings.edges == "valid" and chain.reach:
        height, width = (n - 2 * chain.reach for n in chain.values.shape)
        if min(height, width) < MIN_CELLS:
            raise UsageError(
                f"filters reach {chain.reach} cells from the edges of a field of {chain.values.shape[1]}x"
                f"{chain.values.shape[0]}, which leaves too few; keep the edges, or choose shorter filters",
                parameter="edges",
            )
        words = f"{chain.reach} cells at every edge cut off, where filters saw beyond it"
        chain.move("edges", words, geometry.cut(chain.values, chain.reach, chain.reach, width, height))
    spread = float(chain.values.std())
    original = chain.steps[1].values
    uniform = spread <= _UNIFORM * max(1.0 if settings.light != "none" else 0.0, abs(float(original.mean())))
    chain.add("contrast", *_contrast(chain.values, settings.contrast, uniform))
    if settings.invert:
        chain.add("inversion", "bright and dark exchanged, as asked", -chain.values)
    if settings.edges == "window":
        window = np.outer(*(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in chain.values.shape))
        mean = float(chain.values.mean())
        chain.add("edges", "faded out to the mean by a Hann window", mean + window * (chain.values - mean))
    return PreparedField(
        values=np.ascontiguousarray(chain.values, dtype=np.float32),
        cell=cell * chain.factor,
        unit=unit,
        edges=settings.edges,
        settings=settings,
        steps=tuple(chain.steps),
        to_picture=chain.map,
        uniform=uniform,
    )


def _contrast(values: Floats, contrast: str, uniform: bool) -> tuple[str, Floats]:
    if contrast == "none":
        return "left as it is", values
    if uniform:
        return "uniform: only the mean is subtracted", values - values.mean()
    if contrast == "standard":
        return "mean 0, standard deviation 1", (values - values.mean()) / values.std()
    low, high = np.quantile(values, _QUANTILES)
    return "quantiles 1 % and 99 % to 0 and 1", (values - low) / max(high - low, 1e-300)
