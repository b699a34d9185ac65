"""The numerics of a plan: all fields that affect results. The hash covers them; a folder is continued if they agree.

Names, titles, sources and ranges belong to a plan, but no number depends on them. Fields that are not listed here as
descriptive are numeric, so that a field that is added later is never overlooked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.table import Run, RunTable, codes_of
from morphoscope.models.spatial import Spatial

if TYPE_CHECKING:
    from morphoscope.engines.initial import InitialCondition
    from morphoscope.ensembles.plan import Plan
    from morphoscope.models import Model

#: Fields of a plan that affect no number.
DESCRIPTIVE_PLAN_FIELDS = frozenset({"name"})
#: Fields of a model that affect no number of a plan's runs: texts, and defaults that the plan itself contains.
DESCRIPTIVE_MODEL_FIELDS = frozenset(
    {
        *("name", "title", "source", "literature", "meanings", "ranges", "plane", "shown"),
        *("defaults", "dt", "until", "spacing", "initial", "apart", "integrator"),
    }
)


#: Larger plans are stored and hashed by columns: a million rows as JSON are some 100 MB and take half a minute.
ROWS_AS_JSON = 10_000
_MAX_DIFFERENCES = 3  # that a message names


def numerics(plan: Plan) -> dict[str, Any]:
    """Everything that affects a plan's numbers, without the rows, as JSON values. All numbers are floats."""
    values = {
        field.name: getattr(plan, field.name)
        for field in dataclasses.fields(plan)
        if field.name not in DESCRIPTIVE_PLAN_FIELDS
    }
    values |= {
        "model": _model(plan.model),
        "grid": dataclasses.asdict(plan.grid),
        "initial": _initial(plan.initial),
        "noise": {species: amplitude for species, amplitude in plan.noise if amplitude},
        "imported": None if plan.imported is None else plan.imported.to_dict(),
    }
    del values["runs"]
    if not values["noise"]:
        del values["noise_version"]
    return dict(_plain(values))


def numeric_hash(plan: Plan) -> str:
    """SHA-256 of :func:`numerics` and of the rows, hexadecimal.

    Fields at their defaults are left out, so that a field that is added later changes no old hash. The rows of plans
    with up to ``ROWS_AS_JSON`` runs count as JSON, as in all earlier versions; of larger plans the columns count.
    """
    values = numerics(plan)
    values["runs"] = _plain([_run(run) for run in plan.runs]) if len(plan.runs) <= ROWS_AS_JSON else _columns(plan)
    for field in dataclasses.fields(plan):
        if field.default is not dataclasses.MISSING and values.get(field.name) in (field.default, {}):
            del values[field.name]
    if values.get("noise_version") == 1:  # the numbers that plans without this field had
        del values["noise_version"]
    return json_hash(values)


def json_hash(values: Mapping[str, Any]) -> str:
    """SHA-256 of values as canonical JSON. For a plan file of format 1, this is the hash that version 0.1 stored."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(plan: Plan, other: Plan) -> str | None:
    """The numerics in which two plans differ, with the stored (``other``) and requested values; None if they agree."""
    ours, theirs = numerics(plan), numerics(other)
    ours["runs"], theirs["runs"] = _differing_rows(plan.table, other.table)
    names = dict.fromkeys([*ours, *theirs])
    found = [text for name in names if (text := _difference(ours.get(name), theirs.get(name), name))]
    more = f" and {len(found) - _MAX_DIFFERENCES} more" if len(found) > _MAX_DIFFERENCES else ""
    return ", ".join(found[:_MAX_DIFFERENCES]) + more if found else None


def _differing_rows(ours: RunTable, theirs: RunTable) -> tuple[Any, Any]:
    """The first rows in which two tables differ, by number, or how many they have."""
    if len(ours) != len(theirs):
        return f"{len(ours)} runs", f"{len(theirs)} runs"
    first = ours.first_difference(theirs)
    if first is None:
        return None, None
    return {first: _plain(_run(ours[first]))}, {first: _plain(_run(theirs[first]))}


def _columns(plan: Plan) -> dict[str, Any]:
    """The rows of a plan as one number, or as the SHA-256 of its values, for each parameter, for seeds and labels."""
    table = plan.table
    columns = {name: _column(table, name) for name in table.defaults}
    names, codes = codes_of(table.labels())
    labels = None if codes is None else [*names, _digest(codes.astype("<i4"))]
    seeds = table.seeds
    texts = ",".join(map(str, seeds.tolist())) if seeds.dtype == object else seeds.astype("<i8")
    found = {"count": len(table), "columns": columns, "seeds": _digest(texts), "labels": labels}
    initials, codes = codes_of([table.initial(run) for run in range(len(table))] if table.initials else [])
    own = None if codes is None else [*map(_initial, initials), _digest(codes.astype("<i4"))]
    return found if own is None else {**found, "initials": own}


def _column(table: RunTable, name: str) -> Any:
    column = table.column(name)
    if column.spatial:
        return _plain([column.at(run) for run in range(len(table))])
    values = column.values + 0.0  # -0.0 becomes 0.0
    return float(values[0]) if np.all(values == values[0]) else _digest(values.astype("<f8"))


def _digest(values: NDArray[Any] | str) -> str:
    content = values.encode() if isinstance(values, str) else np.ascontiguousarray(values).data
    return hashlib.sha256(content).hexdigest()


def _difference(ours: Any, theirs: Any, place: str) -> str | None:
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        ours, theirs = dict(enumerate(ours)), dict(enumerate(theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = (
            _difference(ours.get(key), theirs.get(key), f"{place}.{key}") for key in dict.fromkeys([*ours, *theirs])
        )
        return next(filter(None, found), None)
    if ours == theirs:
        return None
    return f"{place} ({_short(theirs)} stored, {_short(ours)} requested)"


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _model(model: Model) -> dict[str, Any]:
    numeric = (f.name for f in dataclasses.fields(model) if f.name not in DESCRIPTIVE_MODEL_FIELDS)
    values = {name: getattr(model, name) for name in numeric}
    return {**values, "species": list(model.species)}  # their order is that of the arrays


def _initial(initial: InitialCondition) -> dict[str, Any]:
    """A state from a file is identified by the hash of its content, not by its path."""
    options = dict(initial.options)
    if options.get("sha256"):
        options.pop("path", None)
    return {"name": initial.name, "options": options}


def _run(run: Run) -> dict[str, Any]:
    values = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    own = values.pop("initial")  # left out if it is the plan's, so that no hash of an older plan changes
    return {**values, "parameters": dict(run.parameters), **({} if own is None else {"initial": _initial(own)})}


def _plain(value: Any) -> Any:
    """JSON values in which 128 and 128.0 are the same number."""
    if isinstance(value, Spatial):
        return _plain(value.to_json())
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
