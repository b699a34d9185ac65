"""Pictures as runs of an ensemble, after their preparation; and what is kept beside the ensemble."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.outside_files import MIB
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import staged_file, write_json
from morphoscope.ensembles.imported import Imported, SourceFile
from morphoscope.ensembles.imports.folders import Known, with_known
from morphoscope.ensembles.imports.opening import checksum
from morphoscope.ensembles.imports.planning import Said, plan_of
from morphoscope.ensembles.imports.source import Fields, Source, Wanted
from morphoscope.ensembles.photographs.chain import PreparedField, prepared
from morphoscope.ensembles.photographs.opening import read_picture
from morphoscope.ensembles.photographs.settings import Preparation
from morphoscope.ensembles.plan import Plan

FOLDER = "preparation"  # beside the arrays of an ensemble
SETTINGS_FILE = "preparation.json"
PIXEL = "pixel"  # the unit without a scale
MOST_FIGURES = 12
_MOST_BYTES = 256 * MIB  # of an original that is kept
_MOST_KEPT = 256 * MIB  # of fields in memory; others are made again when they are written


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture that becomes a field.

    Parameters
    ----------
    path
        The file.
    settings
        How it is prepared.
    wanted
        What the user says about the file.
    cell, unit
        The side of a pixel; None: as in the file, or one pixel.
    """

    path: Path
    settings: Preparation
    wanted: Wanted = dataclasses.field(default_factory=Wanted)
    cell: float | None = None
    unit: str = ""

    def prepare(self) -> PreparedField:
        """The field. Raises UsageError if the file can't be read, or the settings do not fit it."""
        values, stated, its_unit = read_picture(self.path, self.wanted)
        cell, unit = (self.cell, self.unit) if self.cell is not None else (stated, its_unit)
        return prepared(values, self.settings, cell or 1.0, unit or (PIXEL if cell is None else ""))


class Pictures:
    """Pictures whose fields become the runs of an ensemble, in their order."""

    def __init__(self, pictures: Sequence[Picture], progress: Reporter = SILENT) -> None:
        self.pictures = pictures
        self._summaries: list[dict[str, Any]] = []
        self._fields: list[NDArray[np.float32] | None] = []
        self._shapes: list[tuple[int, ...]] = []
        kept = 0
        with progress.task("prepare", len(pictures), "pictures") as task:
            for picture in pictures:
                found = picture.prepare()
                self._summaries.append(summary(found))
                self._shapes.append(found.values.shape)
                kept += found.values.nbytes
                self._fields.append(found.values if kept <= _MOST_KEPT else None)
                task.advance(1)

    def sources(self, known: Sequence[Known]) -> list[Source]:
        """The runs. Of fields of different sizes, the largest rectangle that all have, in their middle, is taken."""
        height, width = (min(shape[axis] for shape in self._shapes) for axis in (0, 1))
        runs = []
        for number, (picture, shape, said) in enumerate(zip(self.pictures, self._shapes, known, strict=True)):
            top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
            part = np.s_[top : top + height, left : left + width]
            cell, unit = self._summaries[number]["cell"], self._summaries[number]["unit"]
            notes = (
                () if shape == (height, width) else (f"the middle {width}x{height} cells of larger fields are taken",)
            )
            read = functools.partial(self._read, number, part)
            source = Source(picture.path.name, 1, None, 1, (height, width), ("u",), read, cell, unit, notes=notes)
            runs.append(with_known(source, said))
        return runs

    def plan(self, name: str, known: Sequence[Known]) -> tuple[Plan, list[Source]]:
        """The plan of the runs, which are not written, and the runs."""
        runs = self.sources(known)
        files = tuple(SourceFile(each.path.name, checksum(each.path), 1) for each in self.pictures)
        selection = (("preparation", self.pictures[0].settings.to_json()),)
        return plan_of(name, runs, Imported(files, runs[0].unit, selection), Said()), runs

    def _read(self, number: int, part: Any, run: int) -> Fields:
        values = self._fields[number]
        whole = self.pictures[number].prepare().values if values is None else values
        return {"u": np.ascontiguousarray(whole[None, *part])}

    def save(self, folder: Path) -> None:
        """Write the settings, what they did to each picture, the originals, and the figures of the first pictures."""
        rows = []
        for number, picture in enumerate(self.pictures):
            stem = f"{number:05d}-{picture.path.stem}"
            if number < MOST_FIGURES:
                picture.prepare().plot(folder / f"{stem}-steps.png")
            original = f"{stem}{picture.path.suffix}"
            kept = picture.path.is_file() and picture.path.stat().st_size <= _MOST_BYTES
            if kept:
                with staged_file(folder / original) as part:
                    shutil.copyfile(picture.path, part)
            row = {"file": picture.path.name, "original": original if kept else None}
            rows.append({**row, **self._summaries[number]})
        write_json(folder / SETTINGS_FILE, {"settings": self.pictures[0].settings.to_dict(), "pictures": rows})


def summary(found: PreparedField) -> dict[str, Any]:
    """What a preparation did: plain values."""
    return {
        "steps": [{"name": step.name, "done": step.words} for step in found.steps],
        "polarity": found.polarity,
        "cell": found.cell,
        "unit": found.unit,
        "to_picture": found.to_picture.tolist(),
    }
