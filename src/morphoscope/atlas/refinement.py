"""Plans of the next pass from the annotations of an atlas: annotated points become labelled runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from morphoscope.atlas.annotation import REJECTED, Annotation
from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles import Plan, make_runs
from morphoscope.models import Parameters

RUNS_PER_CLASS = 100  # as in the paper's second pass


@dataclasses.dataclass(frozen=True)
class Point:
    """What the runs of a training point have in common.

    ``initial``: their initial condition, if the runs of the atlas have several; None: that of the atlas.
    """

    parameters: Parameters
    initial: InitialCondition | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that are set, and the initial condition if it is one of several."""
        own = {} if self.initial is None else {"initial": str(self.initial)}
        return {**self.parameters.given, **own}

    def __lt__(self, other: Point) -> bool:
        """Order by value, so that sorted lists are reproducible."""
        if self.parameters != other.parameters:
            return self.parameters < other.parameters
        return str(self.initial) < str(other.initial)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The points that the next pass is trained on: parameters and, where the runs have several, initial conditions.

    Attributes
    ----------
    rows : dict
        Class → points, in a fixed order.
    contested : list
        Points whose runs were given several classes; they are left out.
    foreign : int
        Number of points of the last training set that belong to another model and are left out.
    unstated : int
        Number of points of the last training set whose initial condition is not known, while the atlas has several.
        Their runs begin from the first one of the atlas.
    """

    rows: dict[str, list[Point]]
    contested: list[Point]
    foreign: int = 0
    unstated: int = 0

    def remarks(self) -> list[str]:
        """One line for each thing that is left out or assumed, with the reason."""
        lines = [f"{_text(point)} was given several classes; it is left out" for point in self.contested]
        if self.foreign:
            lines.append(
                f"the {self.foreign} points that the atlas's classifier was trained on belong to another model; "
                "the next pass is trained on annotated points only"
            )
        if self.unstated:
            lines.append(
                f"the atlas's classifier does not state the initial condition of {self.unstated} of its training "
                "points; their new runs begin from the first one of the atlas"
            )
        return lines


def choose(atlas: Atlas, annotations: Iterable[Annotation] | None = None) -> Choice:
    """Choose the training points of the next pass: the atlas's last training points, corrected by the annotations.

    The point of a run that was confirmed or relabelled becomes a training point of that class. A point whose runs were
    given different classes is contested and left out. A point whose runs were only rejected is left out, too.
    Annotations have precedence over the last training set. Points of the last training set are used only if they belong
    to the atlas's model, since its classifier may have been trained on another one. Where the runs of the atlas have
    several initial conditions, runs with the same parameters and different ones are different points.

    Parameters
    ----------
    atlas : Atlas
        The atlas.
    annotations : iterable of Annotation, optional
        The annotations that count. Default: the latest one of each run.

    Returns
    -------
    Choice
        The points.

    Raises
    ------
    UsageError
        If nothing is annotated, or there would be fewer than two classes.
    """
    latest = list(atlas.annotations.current().values() if annotations is None else annotations)
    if not latest:
        raise UsageError(f"nothing in {atlas.folder.name} is annotated; confirm or relabel patterns first")
    given: dict[Point, set[str]] = {}
    for annotation in latest:
        given.setdefault(_point(atlas, annotation.run), set()).add(annotation.new)
    rows: dict[str, list[Point]] = {}
    contested = []
    for point, classes in given.items():
        named = classes - {REJECTED}
        if len(named) == 1:
            rows.setdefault(named.pop(), []).append(point)
        elif named:
            contested.append(point)
    last, foreign, unstated = _last_training_points(atlas)
    for point, name in last:
        if point not in given:
            rows.setdefault(name, []).append(point)
    choice = Choice({name: sorted(set(rows[name])) for name in sorted(rows)}, sorted(contested), foreign, unstated)
    _check_classes(choice)
    return choice


def _point(atlas: Atlas, run: int) -> Point:
    """The point of a run of an atlas."""
    initial = atlas.plan.initial_of(run) if len(atlas.plan.initials) > 1 else None
    return Point(atlas.plan.runs[run].parameters, initial)


def _last_training_points(atlas: Atlas) -> tuple[list[tuple[Point, str]], int, int]:
    """The points that the atlas's classifier was trained on, with their classes.

    Also the number that fit another model, and of those whose initial condition is not known although it matters.
    """
    rows = atlas.metadata.get("training_rows", [])
    several = len(atlas.plan.initials) > 1
    found, unstated = list[tuple[Point, str]](), 0
    try:
        for row in rows:
            stated = row.get("initial") if several else None
            unstated += several and stated is None
            initial = InitialCondition.parse(stated) if stated else atlas.plan.initials[0] if several else None
            found.append((Point(atlas.plan.model.complete(row["parameters"]), initial), row["class"]))
    except UsageError:  # parameters that the model does not have, or values that it does not allow
        return [], len(rows), 0
    return found, 0, unstated


def _check_classes(choice: Choice) -> None:
    if len(choice.rows) >= 2:
        return
    known = " and ".join(["no class", *choice.rows][len(choice.rows) :])
    why = f"; {choice.remarks()[-1]}" if choice.foreign else ""
    raise UsageError(f"the next pass would have only {known}; annotate patterns of at least 2 classes{why}")


def _text(point: Point) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.given.items())


def next_plan(atlas: Atlas, choice: Choice, name: str, root: int, runs_per_class: int = RUNS_PER_CLASS) -> Plan:
    """Make the plan of a labelled ensemble with equally many runs of every class, spread evenly over its points.

    Grid, times and initial conditions are those of the atlas. If a class has more points than runs, points that are
    spread evenly over their order get one run each.

    Parameters
    ----------
    atlas : Atlas
        The atlas.
    choice : Choice
        The training points.
    name : str
        Name of the plan.
    root : int
        Seed of the runs.
    runs_per_class : int, optional
        Runs of each class, at least two.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    UsageError
        For fewer than two runs per class.
    """
    if runs_per_class < 2:
        raise UsageError(f"runs_per_class={runs_per_class}; use 2 or more", parameter="runs_per_class")
    if atlas.plan.imported is not None:
        raise UsageError(f"a next pass needs new runs, but {atlas.plan.imported.refusal()}")
    rows: list[tuple[Point, str]] = []
    for label, points in choice.rows.items():
        for point, count in zip(points, _shares(len(points), runs_per_class), strict=True):
            rows += [(point, label)] * count
    initials = [point.initial for point, _ in rows] if len(atlas.plan.initials) > 1 else []
    runs = make_runs(atlas.plan.model, [(point.parameters, label) for point, label in rows], root, initials)
    return dataclasses.replace(atlas.plan, name=name, runs=runs)


def _shares(points: int, runs: int) -> list[int]:
    """``runs`` divided among ``points`` as evenly as possible."""
    edges = np.arange(points + 1) * runs // points
    return [int(n) for n in np.diff(edges)]
