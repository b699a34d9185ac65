"""Import patterns that others made: photographs, films, arrays, and other people's simulations."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import AUTO, SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.imports.planning import Said
    from morphoscope.ensembles.imports.source import Source, Wanted
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.sources import Pictures
    from morphoscope.models import Model

PathLike = str | Path
_MANY_FILES = 50  # whose opening is shown; a line for fewer would stand before that of a file which can't be read
_SCALE = re.compile(r"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*([^\d\s]\S{0,19})?\s*")


def import_patterns(
    files: PathLike | Sequence[PathLike],
    out: PathLike,
    *,
    scale: float | str | None = None,
    model: str | Model | None = None,
    species: str | Sequence[str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    fields: str | Sequence[str] | None = None,
    axes: str | Sequence[str] | None = None,
    size: Sequence[int] | None = None,
    frames: slice | str | None = None,
    interval: float = 1.0,
    boundary: str | None = None,
    table: PathLike | None = None,
    preparation: Preparation | None = None,
    progress: Reporter = AUTO,
) -> Ensemble:
    """Import pictures, films, arrays or other people's simulations as an ensemble.

    The same call continues an interrupted import. The runs of the ensemble can be described, drawn, annotated,
    classified and used for training, but not simulated again.

    Parameters
    ----------
    files
        Files: PNG, JPEG, BMP, WebP, GIF, TIFF (also stacks), MP4, MOV, AVI, MKV, WebM, .npy, .npz, MATLAB (.mat),
        NetCDF, HDF5 (also The Well's and PDEBench's layouts), Zarr, grids of numbers (.csv, .tsv, .txt). Or folders of
        such files. Each file has one run or several, all of one size.
    out
        Folder to write.
    scale
        The side of a cell, as in ``"0.1mm"`` or 0.1. Default: from the coordinates in the files, or 1.
    model
        The model that they are patterns of: its name, a file (.toml), or a model. Default: not known.
    species
        Names of the fields in the ensemble. Default: the first species of ``model``, or as in the files.
    parameters
        Values that are the same in all runs. Others come from the files and from the table.
    fields
        Fields to import. Default: all fields over y and x, if they have the same shape.
    axes
        What the axes of arrays are, as in ``"run,time,y,x"``; ``field`` is an axis of several fields. Default: by their
        names, or ``y,x``, ``time,y,x``, ``run,time,y,x``; in MATLAB files ``y,x,time``.
    size
        Width and height of fields that are stored as one long column.
    frames
        Frames to import, ``"FIRST:END:STEP"`` or a slice. Default: all.
    interval
        Time between frames, where the files state none.
    boundary
        ``periodic``, ``no-flux`` or ``dirichlet``, also by axis. Default: as in the files, or ``no-flux``.
    table
        CSV file with a column ``file``, optionally ``class``, and numbers, which become parameters. Default: the one in
        a folder, if there is one; otherwise the names of subfolders are classes.
    preparation
        Make a field of each picture first, see :func:`morphoscope.prepare`. Of every file, one frame of one field is
        taken. The folder ``preparation`` in ``out`` has the originals, what was done to each, and figures of the steps.
        Default: values stay as they are.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Ensemble
        The ensemble.

    Raises
    ------
    UsageError
        For files that can't be read or that do not fit together, and for a folder with something else in it.

    Examples
    --------
    >>> import morphoscope, numpy
    >>> x = numpy.linspace(0, 20 * numpy.pi, 100)
    >>> numpy.save("stripes.npy", numpy.sin(x) + 0 * x[:, None])
    >>> made = morphoscope.import_patterns("stripes.npy", "stripes", scale="0.1mm")
    >>> float(morphoscope.describe(made).columns["wavelength"][0].round(2))
    0.99
    """
    from morphoscope.ensembles.imports.opening import listed
    from morphoscope.ensembles.imports.planning import plan_of
    from morphoscope.ensembles.imports.writing import write_runs

    paths = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not paths:
        raise UsageError("no files are given; expected at least one")
    wanted = wanted_of(fields, axes, size, frames)
    said = _said(model, species, parameters, scale, interval, boundary)
    found = listed(paths, None if table is None else Path(table))
    with contextlib.ExitStack() as stack:
        pictures, given = None, said
        if preparation is not None:
            pictures, given = _pictures(found, preparation, wanted, said, progress)
        sources, imported, given = _opened(found, wanted, given, stack, progress, pictures)
        plan = plan_of(Path(out).name, sources, imported, given)
        made = write_runs(plan, sources, Path(out), progress)
    for note in dict.fromkeys(note for source in sources for note in source.notes):
        progress.message(note)
    if pictures is not None:
        from morphoscope.core.storage import writing
        from morphoscope.ensembles.photographs.sources import FOLDER

        with writing(made.folder):
            pictures.save(made.folder / FOLDER)
    return made


def _pictures(
    found: list[tuple[Path, Any]], preparation: Preparation, wanted: Wanted, said: Said, progress: Reporter
) -> tuple[Pictures, Said]:
    """The pictures, prepared, and what is said about the fields, whose cell size is known now."""
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.sources import Picture, Pictures

    if not isinstance(preparation, Preparation):
        raise UsageError(f"preparation of type {type(preparation).__name__}; expected a Preparation")
    pictures = [Picture(path, preparation, wanted, said.cell, said.unit) for path, _ in found]
    return Pictures(pictures, progress), dataclasses.replace(said, cell=None, unit="")


def _opened(
    found: list[tuple[Path, Any]],
    wanted: Wanted,
    said: Said,
    stack: contextlib.ExitStack,
    progress: Reporter,
    pictures: Pictures | None = None,
) -> tuple[list[Source], Any, Said]:
    """The sources, and the origin of their runs with checksums."""
    from morphoscope.ensembles.imported import Imported, SourceFile
    from morphoscope.ensembles.imports.opening import checksum, open_source

    sources, files = [], []
    if pictures is not None:
        sources = pictures.sources([known for _, known in found])
    with (progress if len(found) >= _MANY_FILES else SILENT).task("open", len(found), "files") as task:
        for number, (path, known) in enumerate(found):
            if pictures is None:
                sources.append(open_source(path, known, wanted, stack))
            files.append(SourceFile(path.name, checksum(path), sources[number].runs))
            task.advance(1)
    taken = wanted.frames
    selection = {
        "fields": ",".join(sources[0].fields),
        "axes": ",".join(wanted.axes),
        "frames": "" if taken == slice(None) else f"{taken.start}:{taken.stop}:{taken.step}".replace("None", ""),
        "preparation": pictures.pictures[0].settings.to_json() if pictures else "",
        "conversion": "; ".join(dict.fromkeys(note for source in sources for note in source.notes)),
    }
    unit = said.unit if said.cell is not None else sources[0].unit
    pairs = tuple(sorted((name, text) for name, text in selection.items() if text))
    return sources, Imported(tuple(files), unit, pairs), dataclasses.replace(said, unit=unit)


def wanted_of(
    fields: str | Sequence[str] | None,
    axes: str | Sequence[str] | None,
    size: Sequence[int] | None,
    frames: slice | str | None,
) -> Wanted:
    """What is to be read of files, from how users say it. Raises UsageError for anything else."""
    from morphoscope.ensembles.imports.source import AXES, Wanted

    named = _names(axes)
    if unknown := [name for name in named if name not in AXES]:
        raise UsageError(f"unknown axis {unknown[0]!r}; expected some of {', '.join(AXES)}", parameter="axes")
    if size is not None and (len(size) != 2 or not all(0 < int(side) < 2**20 for side in size)):
        raise UsageError(f"size {size!r:.80}; expected width and height in cells", parameter="size")
    sides = None if size is None else (int(size[0]), int(size[1]))
    return Wanted(_names(fields), named, sides, _frames(frames))


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names with commas between them, or several names."""
    if given is None:
        return ()
    return tuple(name.strip() for name in (given.split(",") if isinstance(given, str) else given))


def _frames(given: slice | str | None) -> slice:
    """``FIRST:END:STEP`` as a slice. Raises UsageError for anything else, and for steps that do not go forward."""
    if given is None:
        return slice(None)
    if isinstance(given, str):
        parts = given.split(":")
        if len(parts) > 3 or not all(re.fullmatch(r"\s*(-?\d{1,9})?\s*", part) for part in parts):
            raise UsageError(f"frames {given!r:.80}; expected FIRST:END:STEP, as in 0:100:10", parameter="frames")
        numbers = [int(part) if part.strip() else None for part in parts]
        if len(numbers) == 1:
            first = numbers[0] or 0
            numbers = [first, first + 1 if first != -1 else None]
        given = slice(*numbers)
    if given.step is not None and given.step < 1:
        raise UsageError(f"frames with step {given.step}; use 1 or more", parameter="frames")
    return given


def _said(
    model: str | Model | None,
    species: str | Sequence[str] | None,
    parameters: Mapping[str, Any] | None,
    scale: float | str | None,
    interval: float,
    boundary: str | None,
) -> Said:
    from morphoscope.ensembles.imports.planning import Said
    from morphoscope.models import Model, find_model

    cell, unit = scale_of(scale)
    if not 0 < float(interval) < math.inf:
        raise UsageError(f"interval {interval}; expected a number above 0", parameter="interval")
    values = {}
    for name, value in (parameters or {}).items():
        try:
            values[name] = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"parameter {name}={value!r:.80} is not a number", parameter="parameters") from None
    known = model if model is None or isinstance(model, Model) else find_model(model)
    return Said(known, _names(species), values, cell, unit, float(interval), boundary)


def scale_of(given: float | str | None) -> tuple[float | None, str]:
    """``0.1mm`` as a number and a unit. Raises UsageError for anything else."""
    if given is None:
        return None, ""
    match = _SCALE.fullmatch(given) if isinstance(given, str) else None
    try:
        number = float(match[1] if match else given)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"scale {given!r:.80}; expected the side of a cell, as in 0.1mm or 0.1", parameter="scale")
    return number, (match[2] or "") if match else ""
