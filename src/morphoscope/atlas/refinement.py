"""From what people said of an atlas to the plans of the next pass: chosen parameter points become labelled rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from morphoscope.atlas.annotations import REJECTED, Annotation
from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Plan, make_runs
from morphoscope.models import Parameters

RUNS_PER_CLASS = 100  # as in the paper's second pass
Point = Parameters


@dataclasses.dataclass(frozen=True)
class Choice:
    """The parameter points of the next training set by class, and the points that people see several classes at.

    ``rows``: class → points, in a fixed order. ``contested`` points train nothing.
    """

    rows: dict[str, list[Point]]
    contested: list[Point]


def choose(atlas: Atlas, said: Iterable[Annotation] | None = None) -> Choice:
    """The rows that the atlas's classifier was trained on, corrected and extended by what people said.

    A run that somebody confirmed or relabelled makes its parameter point a row of that class; a point whose runs were
    given different classes is contested and left out; one that was only rejected is left out too. What people
    say goes before what an earlier pass was trained on. ``said`` is their last word by default.
    Raises UsageError when nothing has been said.
    """
    words = list(atlas.annotations.current().values() if said is None else said)
    if not words:
        raise UsageError(f"nothing in {atlas.folder} is annotated; confirm or relabel patterns first")
    spoken: dict[Point, set[str]] = {}
    for word in words:
        spoken.setdefault(atlas.plan.runs[word.run].parameters, set()).add(word.new)
    rows: dict[str, list[Point]] = {}
    contested = []
    for point, classes in spoken.items():
        named = classes - {REJECTED}
        if len(named) == 1:
            rows.setdefault(named.pop(), []).append(point)
        elif named:
            contested.append(point)
    for row in atlas.description.get("training_rows", []):
        point = atlas.plan.model.complete(row["parameters"])
        if point not in spoken:
            rows.setdefault(row["class"], []).append(point)
    if len(rows) < 2:
        raise UsageError(f"the next pass would know {len(rows)} class; annotate patterns of at least 2 classes")
    return Choice({name: sorted(set(rows[name])) for name in sorted(rows)}, sorted(contested))


def next_plan(atlas: Atlas, choice: Choice, name: str, root: int, runs_per_class: int = RUNS_PER_CLASS) -> Plan:
    """The plan of a labelled set: as many runs of every class, spread evenly over its points.

    Grid, times and start are those of the atlas; ``root`` seeds the runs. Of a class with more points than
    runs, points spread evenly over their order take one run each. Raises UsageError for fewer than two runs a class.
    """
    if runs_per_class < 2:
        raise UsageError(f"runs_per_class={runs_per_class}; use 2 or more")
    rows: list[tuple[Point, str | None]] = []
    for label, points in choice.rows.items():
        for point, count in zip(points, _shares(len(points), runs_per_class), strict=True):
            rows += [(point, label)] * count
    return dataclasses.replace(atlas.plan, name=name, runs=make_runs(atlas.plan.model, rows, root))


def _shares(points: int, runs: int) -> list[int]:
    """``runs`` divided among ``points`` as evenly as whole numbers allow."""
    edges = np.arange(points + 1) * runs // points
    return [int(n) for n in np.diff(edges)]
