"""Recipes: plans that come with the package, by name. They are made from the TOML files in this folder."""

from __future__ import annotations

import csv
import functools
import importlib.resources
import tomllib
from collections.abc import Callable
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.core.registry import Registry
from morphoscope.engines import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles.plan import Plan, make_runs
from morphoscope.models import get_model

_FOLDER = importlib.resources.files(__name__)
_ROW_NAMES = {"set", "class", "runs", "initial"}  # columns of a table that are not parameters


def _find_recipes() -> dict[str, Callable[[], dict[str, Any]]]:
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for file in _FOLDER.iterdir():
        if file.name.endswith(".toml"):
            study = tomllib.loads(file.read_text(encoding="utf-8"))
            for name, own in study["recipes"].items():
                found[name] = functools.partial(dict, study, **own)
    return found


#: For each recipe, the values from which its plan is made.
RECIPES: Registry[dict[str, Any]] = Registry("recipe")
RECIPES.add_finder(_find_recipes)
recipe_names = RECIPES.names


def recipe(name: str, frames: int = 3) -> Plan:
    """The plan of a named recipe; raises UsageError for an unknown name or number of frames."""
    values = RECIPES.get(name)
    if str(frames) not in values["frames"]:
        raise UsageError(f"frames={frames}; recipe {name} has {' or '.join(values['frames'])}")
    model = get_model(values["model"])
    apart, until = values["frames"][str(frames)], values["until"]
    initial = InitialCondition.parse(values["initial"])
    rows: list[tuple[dict[str, str], str | None]] = []
    initials: list[InitialCondition | None] = []
    for row in _table(values["table"]):
        if values.get("set") in (None, row.get("set")):
            parameters = {n: v for n, v in row.items() if n not in _ROW_NAMES}
            count = int(row.get("runs", 1))
            rows += [(parameters, row.get("class"))] * count
            initials += [InitialCondition.parse(row["initial"]) if row.get("initial") else None] * count
    return Plan(
        name=name,
        model=model,
        grid=Grid(**values["grid"]),
        dt=values["dt"],
        until=until,
        times=tuple(until - apart * i for i in reversed(range(frames))),
        initial=initial,
        record=tuple(values["record"]),
        runs=make_runs(model, rows, values["seed"], initials),
    )


def _table(name: str) -> list[dict[str, str]]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
