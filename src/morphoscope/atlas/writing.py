"""Write the tables and the description of an atlas, however its classes were found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.atlas.annotation import NewClass, now
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.classes import class_colours, symbol
from morphoscope.atlas.coexistence import occupancy_rows
from morphoscope.atlas.files import (
    ATLAS_FILE,
    KNOWN_FILE,
    OCCUPANCY_FILE,
    PLAN_FILE,
    POINTS_FILE,
    PROBABILITIES_FILE,
    write_rows,
)
from morphoscope.atlas.points import table_rows
from morphoscope.atlas.starts import start_columns
from morphoscope.core.checksums import FILES, record_files
from morphoscope.core.storage import write_json
from morphoscope.ensembles import Plan
from morphoscope.learning.prediction import Prediction


def write_atlas(part: Path, plan: Plan, reading: Prediction, metadata: dict[str, Any]) -> Atlas:
    """Write what an atlas has beside descriptors and thumbnails, which are in the folder already; record all files."""
    np.save(part / PROBABILITIES_FILE, reading.probabilities)
    if reading.known is not None:
        np.save(part / KNOWN_FILE, reading.known)
    plan.save(part / PLAN_FILE)
    write_json(part / ATLAS_FILE, metadata)
    made = Atlas(part)
    write_rows(table_rows(made), part / POINTS_FILE)
    columns: dict[str, Any] = {name: made.values(name) for name in made.plan.parameter_names}
    if len(made.initials) > 1:
        columns |= start_columns(made)
    write_rows(occupancy_rows(made.occupancy, columns), part / OCCUPANCY_FILE)
    names = [path.name for path in part.iterdir() if path.name != ATLAS_FILE]
    write_json(part / ATLAS_FILE, {**metadata, FILES: record_files(part, names)})
    return made


def people_classes(annotations: Annotations, known: tuple[str, ...]) -> list[NewClass]:
    """The classes that runs have by people and an atlas with the classes ``known`` lacks, as classes of their own."""
    given = annotations.current().values()
    people = {each.new: each.who for each in given if each.new and each.new not in known}
    colours = class_colours((*known, *people))
    return [NewClass(name, symbol(name)[:3], colours[name], who, now()) for name, who in people.items()]
