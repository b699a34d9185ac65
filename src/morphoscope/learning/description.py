"""The description in the folder of anything learned: a JSON file with the number of its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError
from morphoscope.core.storage import read_json

ESTIMATOR_FILE = "estimator.json"


def read_description(path: Path, kind: str, newest: int, remedy: str) -> dict[str, Any]:
    """The values in the description of, for example, "an encoder".

    Raises DataError for a missing or damaged file, and for a format newer than ``newest``.
    """
    values = read_json(path, f"the description of {kind}")
    if not isinstance(values, dict) or not isinstance(values.get("format"), int):
        raise DataError(f"{path.parent} is damaged: {path.name} does not describe {kind}; {remedy}")
    if values["format"] > newest:
        name = kind.split(" ", 1)[1]
        raise DataError(
            f"{path.parent} has {name} format {values['format']}; this version reads up to {newest}; update morphoscope"
        )
    return values
