"""Figures of an estimator: the posterior of a pattern, and simulation-based calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.estimating.calibration import EstimatorEvaluation
from morphoscope.learning.estimating.estimates import Estimates
from morphoscope.learning.estimating.estimator import Estimator
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure
from morphoscope.reports.classmap import draw_classes, mark_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from morphoscope.atlas import Atlas

_BINS = 10
_FAINT = 0.35  # opacity of the class map below a posterior
_WIDE = 0.4  # of an axis; draws that are spread over less are shown larger in an inset


def posterior_figure(
    estimator: Estimator,
    found: Estimates,
    index: int,
    frames: NDArray[np.float32],
    simulated: NDArray[np.float32],
    atlas: Atlas | None,
) -> Figure:
    """The draws of one pattern's posterior over the class map, the pattern, and patterns simulated at some draws."""
    rows = found.rows()[index]
    words = [f"{n} = {rows[n]:.5g}  ({rows[f'{n}_low']:.5g} … {rows[f'{n}_high']:.5g})" for n in found.targets]
    shown = [frames[-1], *simulated]
    ends = float(min(s.min() for s in shown)), float(max(s.max() for s in shown))
    with figure_style():
        figure = new_figure(9.6, 4.6)
        left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(4.6, 5.0))[0]
        _draw_posterior(left.add_subplot(), estimator, found, index, atlas)
        grid = right.subplot_mosaic([["pattern", 0, 1], ["pattern", 2, 3]])
        for axes in grid.values():
            axes.set_axis_off()
        places = [grid["pattern"], *(grid[number] for number in range(4))]
        titles = ["pattern", *("simulated at a draw",) * len(simulated)]
        for axes, field, title in zip(places, shown, titles, strict=False):
            axes.imshow(field, cmap=COLOUR_MAP, vmin=ends[0], vmax=ends[1], interpolation="nearest")
            axes.set_title(title, fontsize=8)
        remark = found.remark(index)
        figure.suptitle("median (90 % interval):  " + ",  ".join(words) + (f"\n{remark}" if remark else ""))
    return figure


def _draw_posterior(axes: Axes, estimator: Estimator, found: Estimates, index: int, atlas: Atlas | None) -> None:
    draws = found.samples[index]
    across, up = atlas.plane if atlas else (*found.targets, "")[:2]
    x = draws[:, found.targets.index(across)]
    axes.set_xlabel(across)
    if len(found.targets) == 1:
        axes.hist(x, bins=40, color="#1f6fb4")
        axes.set_ylabel("draws")
        return
    y = draws[:, found.targets.index(up)]
    if atlas is not None:
        columns = [atlas.values(name) for name in atlas.plane]
        draw_classes(axes, atlas, columns[0], columns[1], mark_for(axes, columns[0], columns[1]))
        for part in (*axes.collections, *axes.texts):
            part.set_alpha(_FAINT)
    else:
        points = estimator.region.values(estimator.region.points)
        columns = [points[:, found.targets.index(name)] for name in (across, up)]
        axes.scatter(columns[0], columns[1], s=4, color="#c8c8c8", lw=0, label="training points")
    axes.scatter(x, y, s=5, color="black", lw=0, alpha=0.4, label="draws")
    axes.plot(np.median(x), np.median(y), "+", color="#d62728", ms=12, mew=2, label="median")
    axes.set_ylabel(up)
    if _spread(x, axes.get_xlim()) > _WIDE or _spread(y, axes.get_ylim()) > _WIDE:
        return  # the inset would show the same again, over a part of the draws
    inset = axes.inset_axes((0.03, 0.62, 0.36, 0.35))
    inset.scatter(x, y, s=3, color="black", lw=0, alpha=0.4)
    inset.plot(np.median(x), np.median(y), "+", color="#d62728", ms=10, mew=2)
    inset.yaxis.tick_right()  # on the left they would cover the labels of the axes
    inset.tick_params(labelsize=5)
    inset.ticklabel_format(useOffset=False)


def _spread(draws: NDArray[np.float64], limits: tuple[float, float]) -> float:
    """The part of an axis over which nearly all draws are."""
    return float(np.ptp(np.percentile(draws, (1, 99))) / (limits[1] - limits[0]))


def calibration_figure(evaluation: EstimatorEvaluation) -> Figure:
    """The histogram of ranks of each parameter, with the range of a uniform one, and the coverage of the regions."""
    from scipy.stats import binom

    names = evaluation.targets
    with figure_style():
        figure = new_figure(2.9 * (len(names) + 1), 2.9)
        *left, last = figure.subplots(1, len(names) + 1, squeeze=False)[0]
        low, high = binom.ppf((0.025, 0.975), evaluation.runs, 1 / _BINS)
        for axes, name in zip(left, names, strict=True):
            axes.axhspan(low, high, color="#dddddd", label="95 % of uniform ranks")
            axes.hist(evaluation.ranks[name], bins=np.linspace(0, evaluation.draws, _BINS + 1), color="#1f6fb4")
            axes.set_xlabel(f"rank of {name} among {evaluation.draws} draws")
            axes.set_ylabel("runs")
            axes.set_title(f"χ² test: p = {evaluation.uniform[name]:.2g}")
        for place, name in enumerate(evaluation.coverage["90"]):
            levels = [float(level) for level in evaluation.coverage]
            found = [by[name] for by in evaluation.coverage.values()]
            values = np.array([100 * c.value for c in found])
            bars = np.abs(np.array([[100 * c.low, 100 * c.high] for c in found]).T - values)
            last.errorbar(np.array(levels) + 1.2 * place, values, bars, fmt="o", ms=4, label=name)
        last.plot([40, 100], [40, 100], color="black", lw=0.8, ls=":")
        last.set_xlabel("credible region, %")
        last.set_ylabel("runs inside, %")
        last.legend(frameon=False)
        figure.suptitle(f"{evaluation.name}: {evaluation.runs} runs")
    return figure
