"""Folders with the accuracy of a classifier over time: JSON, CSV and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from morphoscope.atlas import ordered, titled
from morphoscope.atlas.files import write_rows
from morphoscope.core.checksums import FILES, Finding, record_files
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import check_output, staged_folder, write_json
from morphoscope.learning.over_time import OverTime
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OVER_TIME_MARKER = "over_time.json"


def check_over_time_folder(folder: Path) -> None:
    """Raise UsageError if the folder contains files that are not an evaluation over time."""
    check_output(folder, OVER_TIME_MARKER, overwrite=True)


def save_over_time(found: OverTime, folder: Path) -> None:
    """Write over_time.csv, over_time.json and the figure; an earlier evaluation over time is replaced."""
    with staged_folder(folder, OVER_TIME_MARKER, overwrite=True) as part:
        write_rows(found.rows(), part / "over_time.csv")
        figure = over_time_figure(found)
        for suffix in ("png", "svg"):
            save(figure, part / f"over_time.{suffix}")
        write_json(part / OVER_TIME_MARKER, {**found.to_dict(), FILES: record_files(part)})


def inspect_over_time(folder: Path) -> list[Finding]:
    """What is wrong with the files of a folder of an evaluation over time; empty if nothing is."""
    return inspect_folder(folder, OVER_TIME_MARKER, "an evaluation over time", "evaluate again")


def over_time_figure(found: OverTime) -> Figure:
    """Accuracy of all runs against the time at which they are read, and below it that of each class as colours."""
    from matplotlib.colors import Normalize

    classes = ordered(list(found.classes))
    times = np.array(found.times)
    every = found.accuracy()
    with figure_style():
        figure = new_figure(7.2, 3.0 + 0.22 * len(classes))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 0.5 + 0.22 * len(classes)))
        low, high = ([float(getattr(a, end) or 0) for a in every] for end in ("low", "high"))
        upper.fill_between(times, low, high, color="#1f6fb4", alpha=0.2, lw=0)
        upper.plot(times, [a.value for a in every], color="#1f6fb4", marker="o", ms=3, label="read correctly")
        upper.plot(times, found.as_at_the_end(), color="#b5367a", ls="--", label="read as at the end")
        upper.set_ylim(0, 1.02)
        upper.set_ylabel("share of runs")
        upper.set_title(f"{found.name}: {len(found.labels)} runs, read at {len(times)} times")
        upper.legend(frameon=False, loc="lower right")
        shares = np.array([[a.value for a in found.accuracy(name)] for name in classes])
        mesh = lower.pcolormesh(
            _edges(times), np.arange(len(classes) + 1), shares, cmap=COLOUR_MAP, norm=Normalize(0, 1)
        )
        for row, name in enumerate(classes):
            middle, _ = found.settling(name)
            lower.plot(middle, row + 0.5, marker="|", color="white", ms=7, mew=2)
        lower.set_yticks(np.arange(len(classes)) + 0.5, [titled(name) for name in classes])
        lower.invert_yaxis()
        lower.set_xlabel("time at which a run is read; white: its reading has settled in half of the runs")
        figure.colorbar(mesh, ax=lower, label="read correctly")
    return figure


def _edges(times: np.ndarray) -> np.ndarray:
    """The ends of the cells around times."""
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    middle = (times[1:] + times[:-1]) / 2
    return np.concatenate([[2 * times[0] - middle[0]], middle, [2 * times[-1] - middle[-1]]])
