"""Figures of an identification: the picture, the posterior, and new runs beside the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.candidates import Posterior
from morphoscope.learning.identifying.identification import Identification
from morphoscope.learning.identifying.resimulated import Resimulated
from morphoscope.rendering.style import figure_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from morphoscope.ensembles.photographs.chain import PreparedField

_GREY = "gray"
_MOST = 300.0  # area of the marker of a point with all the weight, in square points
_QUANTILES = (0.005, 0.995)


def picture_figure(field: PreparedField, found: Identification) -> Figure:
    """The picture as it was given, and the field, with a bar of one wavelength."""
    with figure_style():
        figure = new_figure(7.2, 3.7)
        left, right = figure.subplots(1, 2)
        original = field.original
        left.imshow(original if original.ndim == 3 else _stretched(original), cmap=_GREY)
        left.set_title("as it was given")
        _show(right, field.values, field.cell, found)
        right.set_title("prepared")
        left.set_axis_off()
    return figure


def posterior_figure(one: Posterior) -> Figure:
    """The points by their first parameters, two by two, sized by weight; and the unit of length."""
    names = list(one.parameters)
    pairs = [(0, 1), (0, 2), (1, 2)][: 1 if len(names) == 2 else 3] if len(names) > 1 else []
    with figure_style():
        figure = new_figure(3.1 * (len(pairs) + 1) + 0.2, 2.9)
        places = list(np.atleast_1d(figure.subplots(1, len(pairs) + 1)))
        relative = one.weights / one.weights.max()
        order = np.argsort(one.weights)
        for axes, (i, j) in zip(places, pairs, strict=False):
            axes.scatter(one.points[:, i], one.points[:, j], s=5, color="#c8c8c8", lw=0)
            axes.scatter(
                one.points[order, i],
                one.points[order, j],
                s=0.25 * _MOST * relative[order],
                color="#1f6fb4",
                lw=0,
                alpha=0.7,
            )
            axes.set(xlabel=names[i], ylabel=names[j])
        places[-1].hist(one.length_units, bins=24, weights=one.weights, color="#1f6fb4")
        places[-1].set(xlabel="unit of length, in units of the picture", ylabel="posterior")
    return figure


def beside_figure(field: PreparedField, found: Identification, one: Posterior, runs: list[Resimulated]) -> Figure:
    """The field, and runs at draws, all cut to the same length; runs are inverted if the picture is."""
    side = min(field.cell * min(field.values.shape), *(run.cell * min(run.field.shape) for run in runs))
    with figure_style():
        figure = new_figure(2.0 * (len(runs) + 1), 2.7)
        places = np.atleast_1d(figure.subplots(1, len(runs) + 1))
        _show(places[0], _cut(field.values, side / field.cell), field.cell, found)
        places[0].set_title("picture", fontsize=8)
        for axes, run in zip(places[1:], runs, strict=True):
            dark = float(np.mean((run.field - run.field.mean()) ** 3)) < 0
            sign = 1 if dark == (found.polarity == "dark") else -1
            _show(axes, sign * _cut(run.field, side / run.cell), run.cell, None)
            words = [f"{name} = {value:.3g}" for name, value in run.parameters.items()]
            lines = "\n".join((", ".join(words[:2]), ", ".join(words[2:])) if len(words) > 2 else (", ".join(words),))
            inverted = " (inverted)" if sign < 0 else ""
            axes.set_title(f"λ = {run.wavelength:.4g}{inverted}\n{lines}", fontsize=7)
    return figure


def _show(axes: Axes, values: NDArray[np.floating], cell: float, found: Identification | None) -> None:
    height, width = values.shape
    axes.imshow(_stretched(values), cmap=_GREY, extent=(0, width * cell, height * cell, 0))
    axes.set_xticks([])
    axes.set_yticks([])
    if found is not None:
        bar = 0.95 * height * cell
        axes.plot([0.05 * width * cell, 0.05 * width * cell + found.wavelength], [bar, bar], color="#d62728", lw=3)
        axes.set_xlabel(f"bar: one wavelength, {found.wavelength:.4g} {found.unit}", fontsize=7)


def _cut(values: NDArray[np.floating], cells: float) -> NDArray[np.floating]:
    count = max(2, min(min(values.shape), round(cells)))
    top, left = ((n - count) // 2 for n in values.shape)
    return values[top : top + count, left : left + count]


def _stretched(values: NDArray[np.floating]) -> NDArray[np.floating]:
    low, high = np.quantile(values, _QUANTILES)
    return np.asarray(np.clip((values - low) / max(float(high - low), 1e-12), 0, 1))
