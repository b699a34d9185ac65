"""Figures of a classifier: its training history, confusion matrix and saliency maps."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import ordered, symbol
from morphoscope.learning.evaluation import Evaluation
from morphoscope.learning.saliency import Saliency
from morphoscope.rendering.composite import CONCENTRATION, composite
from morphoscope.rendering.figure import colour_bar, composite_bar
from morphoscope.rendering.scale import Range
from morphoscope.rendering.style import figure_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_BARS = 1.9  # inches for the colour bars of a gallery
_BAR_ASPECT = 16  # height of a colour bar over its width
_SHORT = 3  # characters of a class's symbol that need no additional room


def history_figure(history: list[dict[str, Any]], kept: int) -> Figure:
    """Losses and error rates over the epochs; a line marks the epoch whose weights were kept."""
    epochs = [e["epoch"] for e in history]
    with figure_style():
        figure = new_figure(8.2, 3.2)
        left, right = figure.subplots(1, 2)
        for axes, quantity, name in ((left, "loss", "cross-entropy"), (right, "accuracy", "error rate")):
            for prefix, colour in (("", "#b5367a"), ("validation_", "#1f6fb4")):
                values = np.array([e[prefix + quantity] for e in history])
                if quantity == "accuracy":
                    values = np.maximum(1 - values, 1e-4)
                label = "validation" if prefix else "training (augmented, dropout)"
                axes.semilogy(epochs, values, color=colour, label=label)
            axes.axvline(kept, color="black", lw=0.8, ls=":", label=f"kept: epoch {kept}")
            axes.set_xlabel("epoch")
            axes.set_ylabel(name)
        left.legend(frameon=False)
    return figure


def confusion_figure(evaluation: Evaluation) -> Figure:
    """The confusion matrix: colours are shares of each row, texts are numbers of runs."""
    classes = ordered(list(evaluation.classes))
    order = [evaluation.classes.index(name) for name in classes]
    matrix = np.array(evaluation.confusion)[np.ix_(order, order)]
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    letters = [symbol(name) for name in classes]
    with figure_style():
        size = 1.4 + 0.3 * len(classes) + 0.07 * max(map(len, letters))
        figure = new_figure(size, size)
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if shares[row, column] > 0.6 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=7)
        axes.set_xticks(range(len(classes)), letters, rotation=0 if max(map(len, letters)) <= _SHORT else 90)
        axes.set_yticks(range(len(classes)), letters)
        axes.set_xlabel("read as")
        axes.set_ylabel("class of the data set")
        axes.set_title(f"{evaluation.name}: {evaluation.accuracy.value:.2%} of {evaluation.accuracy.n}")
    return figure


def saliency_gallery(
    frames: NDArray[np.float32], labels: list[str], saliency: Saliency, ends: Range = CONCENTRATION
) -> Figure:
    """One column per pattern: the pattern, its smoothed gradient, its integrated gradients.

    Patterns are composites whose colours cover the range ``ends``. The colour of an attribution is the square root of
    its ratio to the largest one of the pattern.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import PowerNorm

    pictures = composite(frames, ends)
    count = len(labels)
    columns = min(count, 8)
    blocks = -(-count // columns)
    names = ("pattern", "smoothed\ngradient", "integrated\ngradients")
    share = ScalarMappable(PowerNorm(0.5, 0.0, 1.0), colormaps["inferno"])
    with figure_style():
        figure = new_figure(1.1 * columns + 0.6 + _BARS, blocks * 3.65 + 0.2)
        left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.1 * columns + 0.6, _BARS))[0]
        grid = left.subplots(3 * blocks, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for position in range(count):
            block, column = divmod(position, columns)
            maps = (saliency.smoothed_gradient[position], saliency.integrated_gradients[position])
            images = (pictures[position], *(share.to_rgba(m) for m in maps))
            for row, (image, name) in enumerate(zip(images, names, strict=True)):
                axes = grid[3 * block + row, column]
                axes.imshow(image, interpolation="nearest")
                if column == 0:
                    axes.set_ylabel(name, fontsize=7)
            read = saliency.classes[position]
            title = symbol(labels[position])
            if read != labels[position]:
                title += f" (read as {symbol(read)})"
            lines = textwrap.wrap(title, 14)
            grid[3 * block, column].set_title("\n".join(lines), fontsize=10 if len(title) <= _SHORT else 6)
        bars = right.subplots(1, 2, squeeze=False)[0]
        for bar in bars:
            bar.set_box_aspect(_BAR_ASPECT)
            bar.set_anchor("N")
        label = "red, green, blue: first, middle, last frame" if frames.shape[1] > 1 else "value"
        composite_bar(figure, ends, label=f"pattern;  {label}", ax=None, cax=bars[0])
        label = "gradients, relative to the largest of the pattern"
        colour_bar(figure, share, (0.0, 1.0), label=label, ax=None, cax=bars[1])
    return figure
