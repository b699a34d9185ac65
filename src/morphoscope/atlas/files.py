"""The files of an atlas: their names, and where atlases are found."""

from __future__ import annotations

import csv
import importlib.resources
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError
from morphoscope.core.storage import recover, staged_file

FORMAT = 2
REMEDY = "scan the ensemble again; annotations are kept"
ATLAS_FILE = "atlas.json"
PLAN_FILE = "plan.json"
PROBABILITIES_FILE = "probabilities.npy"
KNOWN_FILE = "known.npy"
INFERRED_FILE = "inferred.npy"
POINTS_FILE = "points.csv"
OCCUPANCY_FILE = "occupancy.csv"


def atlas_folder(source: str | Path) -> Path:
    """The folder of an atlas that is given by its path, by the folder of its study, or by a shipped name.

    Raises DataError if there is no atlas.
    """
    path = Path(source)
    for folder in (path, path / "atlas"):
        recover(folder)
    for folder in (path, path / "atlas", shipped_folder() / str(source)):
        if (folder / ATLAS_FILE).is_file():
            return folder
    if path.exists():
        raise DataError(f"{path} is not an atlas (no {ATLAS_FILE} in it); a scan writes one", operation="scan")
    raise DataError(f"{path} does not exist; expected an atlas, which a scan writes", operation="scan")


def shipped_folder() -> Path:
    """The folder of the atlases that come with the package."""
    return Path(str(importlib.resources.files("morphoscope.atlas"))) / "shipped"


def shipped_names() -> list[str]:
    """Names of the atlases that come with the package."""
    return sorted(p.parent.name for p in shipped_folder().glob(f"*/{ATLAS_FILE}"))


def annotation_folder(folder: Path) -> Path:
    """The folder for the annotations of an atlas: its own, or one of the user's for a shipped atlas.

    The folder of the package may be read-only.
    """
    if not folder.resolve().is_relative_to(shipped_folder().resolve()):
        return folder
    from typer import get_app_dir

    return Path(get_app_dir("morphoscope")) / folder.name


def write_rows(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows as CSV, with the keys of the first as columns; what a later row lacks is left empty."""
    with staged_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["class"], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
