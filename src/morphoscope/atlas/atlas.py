"""An atlas: an ensemble over a parameter space, a classifier's reading of every run in it, and people's annotations.

The folder holds atlas.json (what was read, by what), plan.json, probabilities.npy, descriptors.npz, thumbnails,
points.csv and occupancy.csv for people and, once somebody has said something, annotations.sqlite.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.agreement import Agreement, agreement_of
from morphoscope.atlas.annotations import FILE, Annotations
from morphoscope.atlas.classes import class_colours, ordered, symbol
from morphoscope.atlas.coexistence import Occupancy, occupancy_of
from morphoscope.atlas.descriptors import describe_readings, is_current, load, save
from morphoscope.atlas.thumbnails import sheet_name
from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.core.storage import read_json, staged_file
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.runner import repeat_runs
from morphoscope.learning.prediction import NETWORK, Prediction
from morphoscope.rendering.scale import Range, range_of_runs, shared_range
from morphoscope.theory import BifurcationLine, bifurcation_lines

FORMAT = 2
ATLAS_FILE = "atlas.json"
PLAN_FILE = "plan.json"
PROBABILITIES_FILE = "probabilities.npy"
POINTS_FILE = "points.csv"
OCCUPANCY_FILE = "occupancy.csv"
_SAMPLED = 16  # runs whose frames give the range of colours of an atlas that has neither it nor descriptors
_SMALLEST_LETTERED = 0.002  # share of the readings from which a class gets its letter in a map


class Atlas:
    """A map of a parameter space: the class of every run of an ensemble, and what people say of it.

    Parameters
    ----------
    source
        The folder of an atlas, a folder with one in it (a study's), or the name of a shipped atlas.

    Raises
    ------
    DataError
        For folders that hold no atlas or a damaged one.

    Examples
    --------
    >>> from morphoscope import Atlas
    >>> atlas = Atlas("gray-scott")
    >>> atlas
    Atlas('gray-scott', 5481 runs of gray-scott, 16 classes)
    >>> atlas.counts()["pi"]
    5
    >>> row = atlas.points()[0]
    >>> row["class"], row["read_by"]
    ('H', 'theory')
    >>> nearest = atlas.positions({"f": 0.046, "k": 0.063}, 3)
    >>> [atlas.reading.names[i] for i in nearest]
    ['kappa', 'kappa', 'kappa']
    """

    def __init__(self, source: str | Path) -> None:
        folder = self.folder = find(source)
        self._columns: dict[str, NDArray[np.float64]] = {}
        self.description = read_json(self.folder / ATLAS_FILE, "an atlas")
        if not isinstance(self.description, dict) or self.description.get("format") != FORMAT:
            raise DataError(f"{folder} is no atlas of format {FORMAT}; make it anew", operation="scan")
        self.plan = Plan.load(self.folder / PLAN_FILE)
        try:
            probabilities = np.load(self.folder / PROBABILITIES_FILE, allow_pickle=False)
            classes = tuple(self.description["classes"])
            self.runs = np.array(self.description["runs"], dtype=np.intp)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DataError(f"{folder} is damaged ({error}); make it anew") from error
        if probabilities.shape != (len(self.runs), len(classes)):
            raise DataError(f"{folder} is damaged: probabilities have shape {probabilities.shape}")
        self.reading = Prediction(classes, probabilities, self.read_by)

    @functools.cached_property
    def read_by(self) -> NDArray[np.str_]:
        """What decided the class of each reading: ``theory``, ``variance`` or ``network``.

        Homogeneous runs are read by theory, or by their variance where theory does not apply (parameters that vary in
        space, a model that the classifier does not know). Atlases of older versions were read by the network alone.
        """
        found = np.full(len(self.runs), NETWORK, dtype="<U8")
        for by, runs in self.description.get("read_by", {}).items():
            found[np.isin(self.runs, runs)] = by
        return found

    @property
    def notes(self) -> list[str]:
        """What was said when the atlas was read: on cell sizes, on another model."""
        return list(self.description.get("notes", []))

    def __repr__(self) -> str:
        runs, model = len(self.runs), self.plan.model.name
        return f"Atlas({self.folder.name!r}, {runs} runs of {model}, {len(self.classes)} classes)"

    @functools.cached_property
    def colour_range(self) -> Range:
        """The values that pictures of every run draw as the first and the last colour: one scale for all of them.

        Atlases of earlier versions do not have it. There it is what the descriptors say, or a few runs.
        """
        shown, stored = self.plan.shown, self.description.get("colour_range")
        if stored is not None:
            return float(stored[0]), float(stored[1])
        if {"minimum", "maximum"} <= self.descriptors.keys():
            return shared_range(self.descriptors["minimum"], self.descriptors["maximum"], shown=shown)
        some = np.unique(np.linspace(0, len(self.runs) - 1, min(_SAMPLED, len(self.runs))).astype(np.intp))
        return range_of_runs(self.frames(some), shown=shown)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the probabilities' columns.

        The classifier's, and those that homogeneous runs needed beyond these.
        """
        return self.reading.classes

    def values(self, parameter: str) -> NDArray[np.float64]:
        """A parameter's value at every reading."""
        if parameter not in self._columns:
            self._columns[parameter] = np.array(self.plan.values(parameter))[self.runs]
            self._columns[parameter].flags.writeable = False
        return self._columns[parameter]

    @functools.cached_property
    def varying(self) -> tuple[str, ...]:
        """The parameters that differ between the readings, in the model's order."""
        return tuple(name for name in self.plan.parameter_names if np.ptp(self.values(name)) > 0)

    @functools.cached_property
    def plane(self) -> tuple[str, str]:
        """The two parameters of a map, abscissa first: the model's customary ones if both vary, else the first that do.

        Where only one varies, the map is a row of points along it. Raises UsageError for a model without parameters.
        """
        customary, varying = self.plan.model.plane, self.varying
        if len(customary) < 2:
            raise UsageError(f"{self.plan.model.name} has no parameters; there is no plane to map")
        if len(varying) > 1 and not set(customary) <= set(varying):
            return varying[0], varying[1]
        if len(varying) == 1 and varying[0] not in customary:
            return varying[0], customary[1]
        return customary[0], customary[1]

    @functools.cached_property
    def occupancy(self) -> Occupancy:
        """P(class | parameters): what the runs at each distinct point were read as."""
        return occupancy_of(self.reading, [self.plan.runs[run].parameters for run in self.runs])

    def members(self, name: str) -> NDArray[np.intp]:
        """Positions of the readings of a class, most probable first; raises UsageError for an unknown class."""
        if name not in self.classes:
            raise UsageError(f"unknown class {name!r}; {nearest(name, self.classes)}")
        positions = np.flatnonzero(self.reading.index == self.classes.index(name))
        return positions[np.argsort(-self.reading.probability[positions], kind="stable")]

    def counts(self) -> dict[str, int]:
        """How many readings each class has."""
        found = np.bincount(self.reading.index, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))

    def variables(self) -> dict[str, NDArray[np.float64]]:
        """Everything that a map can be coloured by, one value a reading, by name.

        ``margin``, ``probability`` of the most probable class, ``entropy`` of the probabilities in bits, the
        probability of each class as ``P(class)``, the parameters that the runs set, and the physical descriptors as far
        as they are known (see :meth:`describe`), NaN where one is undefined. Where points have several runs also
        ``states``, how many classes coexist there, and ``coexistence``, the entropy of their shares in bits.
        """
        p = self.reading.probabilities.astype(np.float64)
        entropy = -np.sum(p * np.log2(np.maximum(p, 1e-300)), axis=1)
        many = self.occupancy
        repeats = {"states": many.states[many.place].astype(np.float64), "coexistence": many.entropy[many.place]}
        return {
            "margin": self.reading.margin.astype(np.float64),
            "probability": self.reading.probability.astype(np.float64),
            "entropy": np.maximum(entropy, 0.0),
            **{f"P({name})": p[:, self.classes.index(name)] for name in ordered(list(self.classes))},
            **(repeats if many.repeated else {}),
            **{name: self.values(name) for name in self.plan.parameter_names},
            **{name: column for name, column in self.descriptors.items() if np.isfinite(column).any()},
        }

    @functools.cached_property
    def descriptors(self) -> dict[str, NDArray[np.float64]]:
        """The physical descriptors of every reading by name; nothing before :meth:`describe`.

        Raises DataError for a damaged file.
        """
        return load(self.folder, len(self.runs))

    def describe(self, *, workers: int | None = None, progress: Reporter = AUTO) -> dict[str, NDArray[np.float64]]:
        """Measure the physical descriptors where the atlas has none; keeps them and rewrites points.csv.

        Those of an earlier method are converted.

        Raises DataError where the folder can't be written.
        """
        if not self.descriptors:
            describe_readings(self.folder, self.plan, self.runs, self.ensemble, workers=workers, progress=progress)
            del self.descriptors
            write_rows(self.points(), self.folder / POINTS_FILE)
        elif not is_current(self.folder):
            save(self.folder, self.descriptors)
            write_rows(self.points(), self.folder / POINTS_FILE)
        return self.descriptors

    @functools.cached_property
    def ensemble(self) -> Ensemble | None:
        """The ensemble that was read, or None where the atlas came without it or it has been moved.

        Raises DataError when another ensemble is in its place.
        """
        place = self.description["ensemble"]
        if place is None or not (self.folder / place).is_dir():
            return None
        ensemble = Ensemble(self.folder / place)
        if ensemble.plan.hash != self.plan.hash:
            raise DataError(f"{ensemble.folder} is not the ensemble that this atlas was read from")
        return ensemble

    def frames(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The patterns at some positions, (n, frames, y, x); simulated once more where there is no ensemble."""
        if self.ensemble is not None:
            return self.ensemble.frames(self.runs[positions])
        return repeat_runs(self.plan, self.runs[positions])

    @functools.cached_property
    def annotations(self) -> Annotations:
        """What people say. A shipped atlas's are kept in the user's own folder, as the package's may be read-only."""
        return Annotations(
            _annotation_folder(self.folder) / FILE, self.plan.hash, former_hash=self.description.get("plan_hash")
        )

    def all_classes(self) -> tuple[str, ...]:
        """The classes that a pattern may be given: the classifier's, in the order of the alphabet, then people's."""
        made = [c.name for c in self.annotations.classes() if c.name not in self.classes]
        return (*ordered(list(self.classes)), *made)

    def looks(self) -> dict[str, tuple[str, str]]:
        """Symbol and colour (#rrggbb) of each of :meth:`all_classes`; people choose those of their own classes."""
        classes = self.all_classes()
        made = {c.name: (c.symbol, c.colour) for c in self.annotations.classes()}
        colours = class_colours(classes)
        return {name: made.get(name, (symbol(name), colours[name])) for name in classes}

    def labels(self) -> list[str]:
        """The class of every reading after the people's last word; empty where that is 'ambiguous'."""
        said = self.annotations.current()
        pairs = zip(self.runs.tolist(), self.reading.names, strict=True)
        return [said[run].new if run in said else read for run, read in pairs]

    def positions(self, point: dict[str, float], count: int = 1) -> NDArray[np.intp]:
        """The ``count`` readings nearest to a point, in units of each parameter's range over the atlas, nearest first.

        Raises UsageError for a parameter that the runs do not set.
        """
        total = np.zeros(len(self.runs))
        for name, value in point.items():
            if name not in self.plan.parameter_names:
                raise UsageError(f"unknown parameter {name!r}; {nearest(name, self.plan.parameter_names)}")
            column = self.values(name)
            total += ((column - value) / (np.ptp(column) or 1.0)) ** 2
        return np.argsort(total, kind="stable")[:count]

    @property
    def fewest_lettered(self) -> float:
        """How many readings a class must have to get its letter in a map."""
        return max(3, _SMALLEST_LETTERED * len(self.runs))

    def heart(self, members: NDArray[np.intp]) -> tuple[float, float]:
        """A place in the map's plane with many ``members`` and no others near it: where a letter stands inside."""
        from scipy.spatial import cKDTree

        plane = np.stack([self.values(name) for name in self.plane], axis=1)
        extent = np.ptp(plane, axis=0)
        extent[extent == 0] = 1.0
        points = np.unique(plane[members], axis=0) / extent  # a scan may repeat points
        near = np.array([len(found) for found in cKDTree(points).query_ball_point(points, 0.04)])
        crowded = points[near >= 0.9 * near.max()]
        others = np.delete(plane, members, axis=0) / extent
        room = np.full(len(crowded), 1.0) if not len(others) else cKDTree(others).query(crowded)[0]
        inner = crowded[room >= 0.9 * room.max()]
        x, y = inner[np.argmin(np.sum((inner - inner.mean(axis=0)) ** 2, axis=1))] * extent
        return float(x), float(y)

    def theory_lines(self, across: tuple[float, float], up: tuple[float, float]) -> list[BifurcationLine]:
        """The lines of theory over part of the map's plane; none where the runs differ in a third parameter."""
        fixed = {n: float(self.values(n)[0]) for n in self.plan.parameter_names if n not in self.plane}
        if set(self.varying) - set(self.plane) or len(set(self.plane)) < 2 or np.isnan(list(fixed.values())).any():
            return []
        return bifurcation_lines(self.plan.model, across, up, fixed, names=self.plane)

    def thumbnails(self, sheet: int) -> bytes | None:
        """A sheet of thumbnails as WebP (see :mod:`morphoscope.atlas.thumbnails`), or None past the last one."""
        path = self.folder / sheet_name(sheet)
        return path.read_bytes() if path.is_file() else None

    def points(self) -> list[dict[str, Any]]:
        """One row a reading: parameters, seed, class, probability, margin, descriptors (None where undefined)."""
        names = self.plan.parameter_names
        columns = [self.values(name) for name in names]
        rows = []
        for position, run in enumerate(self.runs):
            row: dict[str, Any] = {n: float(c[position]) for n, c in zip(names, columns, strict=True)}
            row["seed"] = self.plan.runs[run].seed
            row["class"] = self.classes[self.reading.index[position]]
            row["probability"] = round(float(self.reading.probability[position]), 6)
            row["margin"] = round(float(self.reading.margin[position]), 6)
            row["read_by"] = str(self.read_by[position])
            for name, column in self.descriptors.items():
                row[name] = float(f"{column[position]:.6g}") if np.isfinite(column[position]) else None
            rows.append(row)
        return rows

    def agreement(self, other: Atlas) -> Agreement:
        """Compare the classes that two atlases give to the same runs (same parameters and seed).

        Raises UsageError when they share none.
        """
        theirs = dict(zip(other.keys(), other.reading.names, strict=True))
        mine = zip(self.keys(), self.reading.names, strict=True)
        pairs = [(name, theirs[key]) for key, name in mine if key in theirs]
        if not pairs:
            raise UsageError("the two atlases share no run (same parameters and seed); nothing to compare")
        return agreement_of(pairs)

    def keys(self) -> list[tuple[Any, ...]]:
        """What identifies the simulated runs: parameters and seed."""
        return [(self.plan.runs[run].parameters, self.plan.runs[run].seed) for run in self.runs]


def open_atlas(source: str | Path | Atlas) -> Atlas:
    """Open an atlas.

    Parameters
    ----------
    source : Atlas, str or Path
        An atlas (returned as it is), its folder, the folder of the study that made it, or a shipped atlas's name.

    Returns
    -------
    Atlas
        The atlas.

    Raises
    ------
    UsageError
        If there is no atlas, or it is damaged or of a format that this version does not read.

    Examples
    --------
    >>> import morphoscope
    >>> len(morphoscope.open_atlas("gray-scott").runs)
    5481
    """
    return source if isinstance(source, Atlas) else Atlas(source)


def find(source: str | Path) -> Path:
    """The folder of an atlas given as a path, as the folder of the study that made it, or by a shipped name."""
    path = Path(source)
    for folder in (path, path / "atlas", shipped_folder() / str(source)):
        if (folder / ATLAS_FILE).is_file():
            return folder
    if path.exists():
        raise DataError(f"{path} is no atlas (no {ATLAS_FILE} in it); a scan makes one", operation="scan")
    raise DataError(f"{path} is not there; expected an atlas, which a scan makes", operation="scan")


def shipped_folder() -> Path:
    """Where the atlases that come with the package are."""
    return Path(str(importlib.resources.files("morphoscope.atlas"))) / "shipped"


def shipped_names() -> list[str]:
    """Names of the atlases that come with the package."""
    return sorted(p.parent.name for p in shipped_folder().glob(f"*/{ATLAS_FILE}"))


def _annotation_folder(folder: Path) -> Path:
    if not folder.resolve().is_relative_to(shipped_folder().resolve()):
        return folder
    from typer import get_app_dir

    return Path(get_app_dir("morphoscope")) / folder.name


def write_rows(rows: list[dict[str, Any]], path: Path) -> None:
    """Write rows with equal keys as CSV."""
    with staged_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["class"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
