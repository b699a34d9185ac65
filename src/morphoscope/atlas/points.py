"""The rows of points.csv: one for each reading of an atlas, and one for each run whose class was inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.atlas.settled import SETTLED
from morphoscope.learning.prediction import INFERRED, Prediction

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas

Row = dict[str, Any]


def point_rows(atlas: Atlas) -> list[Row]:
    """One row per reading: parameters, seed, class, probability, margin, descriptors (None if undefined)."""
    plan, reading = atlas.plan, atlas.reading
    columns = {name: atlas.values(name) for name in plan.parameter_names}
    verified = {} if atlas.verification is None else atlas.verification.columns(atlas.runs)
    rows, classes = [], _classes_of(reading)
    for position, run in enumerate(atlas.runs):
        row: Row = {name: float(column[position]) for name, column in columns.items()}
        if plan.table.initials:
            row["initial"] = str(plan.initial_of(run))
        row |= {"seed": plan.runs[run].seed, **classes[position], "read_by": str(atlas.read_by[position])}
        row |= _recognition_of(reading, position)
        row |= {name: values[position] for name, values in verified.items()}
        if atlas.settled is not None:
            row[SETTLED] = float(atlas.settled[position])
        for name, column in atlas.descriptors.items():
            row[name] = float(f"{column[position]:.6g}") if np.isfinite(column[position]) else None
        rows.append(row)
    return rows


def table_rows(atlas: Atlas) -> list[Row]:
    """All rows of points.csv: those of the readings, and those of the inferred runs, which have fewer columns."""
    return [*point_rows(atlas), *_inferred_rows(atlas)]


def _inferred_rows(atlas: Atlas) -> list[Row]:
    """Rows for the runs that were inferred, which have no descriptors; empty without any."""
    if atlas.inferred is None:
        return []
    runs, reading = atlas.inferred
    plan = atlas.plan
    columns = {name: np.asarray(plan.values(name))[runs] for name in plan.parameter_names}
    rows, classes = [], _classes_of(reading)
    for position, run in enumerate(runs):
        row: Row = {name: float(column[position]) for name, column in columns.items()}
        rows.append({**row, "seed": plan.runs[run].seed, **classes[position], "read_by": INFERRED})
    return rows


def _classes_of(reading: Prediction) -> list[Row]:
    """The class of each reading, its probability and its margin."""
    columns = zip(reading.names, reading.probability.tolist(), reading.margin.tolist(), strict=True)
    return [{"class": name, "probability": round(p, 6), "margin": round(margin, 6)} for name, p, margin in columns]


def _recognition_of(reading: Prediction, position: int) -> Row:
    """The columns of a reading for its known score and its set of classes, if it has them."""
    columns: Row = {}
    if reading.known is not None:
        known = float(reading.known[position])
        columns["known"] = round(known, 4) if np.isfinite(known) else None
        columns["unknown"] = int(reading.unknown[position])
    if reading.sets is not None:
        columns["set"] = " ".join(reading.set_of(position) or ())
    return columns
