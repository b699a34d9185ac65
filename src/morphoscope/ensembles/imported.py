"""Where imported runs come from: the part of a plan that stands for what a simulation would need."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

from morphoscope.core.errors import DataError

NUMBER = "number"  # the parameter of imported runs that have no other: the number of the run, so that they have a map


@dataclasses.dataclass(frozen=True)
class SourceFile:
    """A file that patterns were imported from.

    Parameters
    ----------
    name
        Its name, without its folder.
    sha256
        SHA-256 of its content, hexadecimal.
    runs
        The number of runs that came from it.
    """

    name: str
    sha256: str
    runs: int


@dataclasses.dataclass(frozen=True)
class Imported:
    """The origin of runs that were not simulated here.

    Parameters
    ----------
    files
        The files, in the order of the runs.
    unit
        The unit of the cell size; empty if it is not known.
    selection
        How the files were read, where several ways are possible: fields, axes, frames, conversion.
    """

    files: tuple[SourceFile, ...]
    unit: str = ""
    selection: tuple[tuple[str, str], ...] = ()

    def sources(self) -> list[str]:
        """The name of the file of every run."""
        return list(itertools.chain.from_iterable([file.name] * file.runs for file in self.files))

    def refusal(self) -> str:
        """Why these runs can't be simulated, and what to do; one line."""
        count = len(self.files)
        origin = self.files[0].name if count == 1 else f"{count} files, such as {self.files[0].name}"
        return (
            f"these runs were imported from {origin}, and can't be simulated: their initial states and time step are "
            "not known; import the files again to restore them, or simulate a model"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        values = dataclasses.asdict(self)
        return {**values, "files": list(values["files"]), "selection": dict(self.selection)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Imported:
        """Inverse of :meth:`to_dict`. Raises DataError for invalid values."""
        try:
            files = tuple(SourceFile(str(f["name"]), str(f["sha256"]), int(f["runs"])) for f in values["files"])
            selection = tuple(sorted((str(name), str(value)) for name, value in values["selection"].items()))
            if not files:
                raise ValueError("no files")
            return cls(files, str(values["unit"]), selection)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the origin of imported runs is malformed ({error})") from error
