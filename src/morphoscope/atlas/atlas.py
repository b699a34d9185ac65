"""An atlas: an ensemble over a parameter space, a classifier's reading of every run in it, and people's annotations.

The folder contains atlas.json (metadata: ensemble, classifier, classes), plan.json, probabilities.npy, descriptors.npz,
thumbnails, the tables points.csv and occupancy.csv and, after the first annotation, annotations.sqlite.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.agreement import Agreement, agreement_of
from morphoscope.atlas.annotations import FILE, Annotations
from morphoscope.atlas.classes import class_colours, ordered, symbol
from morphoscope.atlas.coexistence import Occupancy, occupancy_of
from morphoscope.atlas.descriptors import DESCRIPTORS_FILE, describe_readings, is_current, load, save
from morphoscope.atlas.files import (
    ATLAS_FILE,
    FORMAT,
    PLAN_FILE,
    POINTS_FILE,
    REMEDY,
    annotation_folder,
    atlas_folder,
    write_rows,
)
from morphoscope.atlas.label_position import label_position
from morphoscope.atlas.points import point_rows, table_rows
from morphoscope.atlas.settled import OVER_TIME, SETTLED
from morphoscope.atlas.stored_reading import stored_inferred, stored_reading
from morphoscope.atlas.thumbnails import sheet_name
from morphoscope.atlas.verification import Verification, load_verification
from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.core.recorded_files import RecordedFiles
from morphoscope.core.storage import read_json
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.ensembles.runners.base import Cluster
from morphoscope.learning.prediction import Prediction
from morphoscope.rendering.scale import Range, range_of_runs, shared_range
from morphoscope.theory import BifurcationLine, bifurcation_lines

_SAMPLED = 16  # runs whose frames give the colour range of an atlas that stores neither a range nor descriptors
_MIN_LABELLED = 0.002  # fraction of the readings that a class needs to get its symbol in a map


class Atlas:
    """A map of a parameter space: the class of every run of an ensemble, and people's annotations.

    Parameters
    ----------
    source
        The folder of an atlas, the folder of the study that made it, or the name of a shipped atlas.

    Raises
    ------
    DataError
        If the folder is not an atlas, or is damaged.

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
        folder = self.folder = atlas_folder(source)
        self._columns: dict[str, NDArray[np.float64]] = {}
        self.metadata = read_json(self.folder / ATLAS_FILE, "an atlas")
        if not isinstance(self.metadata, dict) or self.metadata.get("format") != FORMAT:
            raise DataError(f"{folder} is not an atlas of format {FORMAT}; scan the ensemble again", operation="scan")
        self._files = RecordedFiles(folder, ATLAS_FILE, self.metadata, REMEDY)
        self.plan = Plan.load(self.folder / PLAN_FILE)
        self.runs, self.reading = stored_reading(folder, self.metadata, self._files)

    @property
    def read_by(self) -> NDArray[np.str_]:
        """What determined the class of each reading: ``theory``, ``variance`` or ``network``.

        Homogeneous runs are read by theory, or by their variance if theory does not apply (parameters that vary in
        space, a model that the classifier does not know). Atlases of older versions were read by the network alone.
        """
        return self.reading.read_by

    @functools.cached_property
    def settled(self) -> NDArray[np.float64] | None:
        """The time from which on each reading does not change any more; None if the runs were read at one time only."""
        stored = self.metadata.get(OVER_TIME)
        if stored is None:
            return None
        by_run = dict(zip(self.metadata["runs"], stored[SETTLED], strict=True))
        return np.array([by_run[run] for run in self.runs.tolist()], dtype=np.float64)

    @functools.cached_property
    def inferred(self) -> tuple[NDArray[np.intp], Prediction] | None:
        """The runs that an adaptive scan did not simulate, with their inferred classes; None without any.

        They are no readings: only maps and points.csv show them, marked. Raises DataError for a damaged file.
        """
        if "inferred" not in self.metadata:
            return None
        return stored_inferred(self.folder, self.metadata, self._files, self.classes)

    @property
    def notes(self) -> list[str]:
        """Notes of the scan, for example on cell sizes or on another model."""
        return list(self.metadata.get("notes", []))

    def __repr__(self) -> str:
        runs, model = len(self.runs), self.plan.model.name
        return f"Atlas({self.folder.name!r}, {runs} runs of {model}, {len(self.classes)} classes)"

    @functools.cached_property
    def colour_range(self) -> Range:
        """The values that pictures draw as the first and the last colour: one scale for all runs.

        Atlases of older versions do not store it. For these it is derived from the descriptors, or from a few runs.
        """
        shown, stored = self.plan.shown, self.metadata.get("colour_range")
        if stored is not None:
            return float(stored[0]), float(stored[1])
        if {"minimum", "maximum"} <= self.descriptors.keys():
            return shared_range(self.descriptors["minimum"], self.descriptors["maximum"], shown=shown)
        sample = np.unique(np.linspace(0, len(self.runs) - 1, min(_SAMPLED, len(self.runs))).astype(np.intp))
        return range_of_runs(self.frames(sample), shown=shown)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the probabilities' columns.

        They are those of the classifier, and additional ones for homogeneous runs.
        """
        return self.reading.classes

    def values(self, parameter: str) -> NDArray[np.float64]:
        """The value of a parameter for every reading."""
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
        """The two parameters of a map, abscissa first: the default plane if both vary, else the first that do.

        If only one varies, the map is a row of points along it. Raises UsageError for a model without two parameters.
        """
        default, varying = self.plan.model.plane, self.varying
        if len(default) < 2:
            raise UsageError(f"{self.plan.model.name} has no parameters; there is no plane to map")
        if len(varying) > 1 and not set(default) <= set(varying):
            return varying[0], varying[1]
        if len(varying) == 1 and varying[0] not in default:
            return varying[0], default[1]
        return default[0], default[1]

    @functools.cached_property
    def occupancy(self) -> Occupancy:
        """P(class | parameters, initial condition): the shares of classes at each distinct point and start."""
        runs = (self.plan.runs[run] for run in self.runs)
        return occupancy_of(self.reading, [(run.parameters, run.initial) for run in runs])

    @functools.cached_property
    def in_plane(self) -> Occupancy:
        """The shares of classes at each point of the plane, over all values of the parameters that are not its axes."""
        if not set(self.varying) - set(self.plane):
            return self.occupancy
        axes = [self.values(name).tolist() for name in self.plane]
        return occupancy_of(self.reading, list(zip(*axes, strict=True)))

    @property
    def initials(self) -> tuple[str, ...]:
        """The initial conditions of the runs as texts, in the order of their first runs."""
        if not self.plan.table.initials:
            return (str(self.plan.initial),)
        return tuple(dict.fromkeys(str(self.plan.initial_of(run)) for run in self.runs.tolist()))

    def members(self, name: str) -> NDArray[np.intp]:
        """Positions of the readings of a class, most probable first. Raises UsageError for an unknown class."""
        if name not in self.classes:
            raise UsageError(f"unknown class {name!r}; {nearest(name, self.classes)}")
        positions = np.flatnonzero(self.reading.index == self.classes.index(name))
        return positions[np.argsort(-self.reading.probability[positions], kind="stable")]

    def counts(self) -> dict[str, int]:
        """The number of readings of each class."""
        found = np.bincount(self.reading.index, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))

    def variables(self) -> dict[str, NDArray[np.float64]]:
        """The variables that a map can be coloured by, one value per reading, by name.

        ``margin``, ``probability`` of the most probable class, ``entropy`` of the probabilities in bits, the ``known``
        score if the classifier had one, NaN for runs that theory read, the probability of each class as ``P(class)``,
        the parameters that the runs set, and the descriptors, if they were computed (see :meth:`describe`), NaN if
        undefined. After :func:`morphoscope.verify` also ``survives``, the
        number of checks in which a run keeps its class, NaN for runs that were not drawn. If points have several runs,
        also ``states``, the number of classes that coexist at the point, and ``coexistence``, the entropy of their
        shares in bits. If they were read over time, also ``settled``, see :attr:`settled`.
        """
        p = self.reading.probabilities.astype(np.float64)
        entropy = -np.sum(p * np.log2(np.maximum(p, 1e-300)), axis=1)
        occupancy, point = self.occupancy, self.occupancy.point_index
        coexistence = {"states": occupancy.states[point].astype(np.float64), "coexistence": occupancy.entropy[point]}
        return {
            "margin": self.reading.margin.astype(np.float64),
            "probability": self.reading.probability.astype(np.float64),
            "entropy": np.maximum(entropy, 0.0),
            **({} if self.reading.known is None else {"known": self.reading.known.astype(np.float64)}),
            **{f"P({name})": p[:, self.classes.index(name)] for name in ordered(list(self.classes))},
            **(coexistence if occupancy.repeated else {}),
            **({} if self.verification is None else {"survives": self.verification.survival(self.runs)}),
            **({} if self.settled is None else {SETTLED: self.settled}),
            **{name: self.values(name) for name in self.plan.parameter_names},
            **{name: column for name, column in self.descriptors.items() if np.isfinite(column).any()},
        }

    @functools.cached_property
    def verification(self) -> Verification | None:
        """The latest result of :func:`morphoscope.verify`; None without one. Raises DataError for a damaged file."""
        reading = dict(zip(self.runs.tolist(), self.reading.names, strict=True))
        return load_verification(annotation_folder(self.folder), self.plan.hash, reading)

    def verified(self) -> None:
        """Read the verification again and write points.csv with it, unless the atlas is a shipped one."""
        self.__dict__.pop("verification", None)
        if annotation_folder(self.folder) == self.folder:
            with self._files.rewriting("verifying", POINTS_FILE):
                write_rows(table_rows(self), self.folder / POINTS_FILE)

    @functools.cached_property
    def descriptors(self) -> dict[str, NDArray[np.float64]]:
        """The descriptors of every reading by name; empty before :meth:`describe`.

        Raises DataError for a damaged file.
        """
        self._files.verify(DESCRIPTORS_FILE)
        return load(self.folder, len(self.runs))

    def describe(
        self, *, workers: int | None = None, cluster: Cluster | None = None, progress: Reporter = AUTO
    ) -> dict[str, NDArray[np.float64]]:
        """Compute the descriptors if the atlas has none, store them, and write points.csv again.

        Threads compute them, or a cluster that :func:`morphoscope.describe` has connected to. Descriptors of an earlier
        method are converted. Raises DataError if the folder can't be written.
        """
        if not self.descriptors:
            with self._files.rewriting("measuring descriptors", DESCRIPTORS_FILE, POINTS_FILE):
                options: dict[str, Any] = {"workers": workers, "cluster": cluster, "progress": progress}
                describe_readings(self.folder, self.plan, self.runs, self.ensemble, **options)
                del self.descriptors
                write_rows(table_rows(self), self.folder / POINTS_FILE)
        elif not is_current(self.folder):
            with self._files.rewriting("measuring descriptors", DESCRIPTORS_FILE, POINTS_FILE):
                save(self.folder, self.descriptors)
                write_rows(table_rows(self), self.folder / POINTS_FILE)
        return self.descriptors

    @functools.cached_property
    def ensemble(self) -> Ensemble | None:
        """The ensemble that was read; None if the atlas was copied without it, or it was moved.

        Raises DataError if another ensemble is at its path.
        """
        path = self.metadata["ensemble"]
        if path is None or not (self.folder / path).is_dir():
            return None
        ensemble = Ensemble(self.folder / path)
        if ensemble.plan.hash != self.plan.hash:
            raise DataError(f"{ensemble.folder} is not the ensemble that this atlas was read from")
        return ensemble

    def frames(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The patterns at some positions, (n, frames, y, x); simulated again if there is no ensemble."""
        if self.ensemble is not None:
            return self.ensemble.frames(self.runs[positions])
        return repeat_runs(self.plan, self.runs[positions])

    @functools.cached_property
    def annotations(self) -> Annotations:
        """The annotations. Those of a shipped atlas are stored in a folder of the user."""
        return Annotations(
            annotation_folder(self.folder) / FILE, self.plan.hash, former_hash=self.metadata.get("plan_hash")
        )

    def all_classes(self) -> tuple[str, ...]:
        """The classes that an annotation can give: the classifier's, in alphabetical order, then those of people.

        Last are classes that runs have after an undo and that nobody has created, such as a group's former name.
        """
        made = [c.name for c in self.annotations.classes()]
        given = sorted({each.new for each in self.annotations.current().values() if each.new})
        others = dict.fromkeys(name for name in (*made, *given) if name not in self.classes)
        return (*ordered(list(self.classes)), *others)

    def class_styles(self) -> dict[str, tuple[str, str]]:
        """Symbol and colour (#rrggbb) of each of :meth:`all_classes`; people may choose them."""
        classes, chart = self.all_classes(), self.metadata.get("chart") or {}
        groups, symbols = chart.get("colours", {}), chart.get("symbols", {})  # which they keep under other names
        made = {c.name: (c.symbol, c.colour) for c in self.annotations.classes() if c.name not in groups}
        colours = class_colours([name for name in classes if name not in made])  # as before people added theirs
        return {
            name: made.get(name) or (symbols.get(name) or symbol(name), groups.get(name) or colours[name])
            for name in classes
        }

    def labels(self) -> list[str]:
        """The class of every reading after the latest annotations; empty for runs rejected as ambiguous."""
        annotated = self.annotations.current()
        pairs = zip(self.runs.tolist(), self.reading.names, strict=True)
        return [annotated[run].new if run in annotated else read for run, read in pairs]

    def positions(self, point: dict[str, float], count: int = 1) -> NDArray[np.intp]:
        """Positions of the ``count`` readings nearest to a point, relative to each parameter's range, nearest first.

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
    def min_labelled(self) -> float:
        """How many readings a class must have to get its symbol in a map."""
        return max(3, _MIN_LABELLED * len(self.runs))

    def label_position(self, members: NDArray[np.intp]) -> tuple[float, float]:
        """Where in the map's plane to write the symbol of a class with these readings."""
        return label_position(np.stack([self.values(name) for name in self.plane], axis=1), members)

    def theory_lines(
        self,
        across: tuple[float, float],
        up: tuple[float, float],
        *,
        at: Mapping[str, float] | None = None,
        samples: int | None = None,
    ) -> list[BifurcationLine]:
        """The bifurcation lines in a part of the map's plane.

        ``at``: values of parameters that are not axes. None if the runs differ in a further parameter that is not
        given. ``samples``: as of :func:`morphoscope.theory.bifurcation_lines`.
        """
        given = dict(at or {})
        if not self.plan.model.known or len(set(self.plane)) < 2 or set(self.varying) - set(self.plane) - given.keys():
            return []
        others = (name for name in self.plan.parameter_names if name not in self.plane)
        fixed = {name: float(given.get(name, self.values(name)[0])) for name in others}
        if np.isnan(list(fixed.values())).any():
            return []
        return bifurcation_lines(self.plan.model, across, up, fixed, names=self.plane, samples=samples)

    def verify(self, name: str) -> None:
        """Raise DataError if a file of the folder is not the one that was written."""
        self._files.verify(name)

    def thumbnails(self, sheet: int) -> bytes | None:
        """A sheet of thumbnails as WebP (see :mod:`morphoscope.atlas.thumbnails`); None after the last one."""
        path = self.folder / sheet_name(sheet)
        self._files.verify(path.name)
        return path.read_bytes() if path.is_file() else None

    def points(self) -> list[dict[str, Any]]:
        """One row per reading: parameters, seed, class, probability, margin, descriptors (None if undefined)."""
        return point_rows(self)

    def agreement(self, other: Atlas) -> Agreement:
        """Compare the classes that two atlases give to the same runs (same parameters and seed).

        Raises UsageError if they have no run in common.
        """
        theirs = dict(zip(other.keys(), other.reading.names, strict=True))
        mine = zip(self.keys(), self.reading.names, strict=True)
        pairs = [(name, theirs[key]) for key, name in mine if key in theirs]
        if not pairs:
            raise UsageError("the two atlases have no run in common (same parameters and seed); nothing to compare")
        return agreement_of(pairs)

    def keys(self) -> list[tuple[Any, ...]]:
        """What identifies each run: its parameters, its seed, and its initial condition if it has one of its own."""
        runs = (self.plan.runs[run] for run in self.runs)
        return [(run.parameters, run.seed, run.initial) for run in runs]
