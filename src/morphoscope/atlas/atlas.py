"""An atlas: an ensemble over a parameter space and a classifier's reading of every run in it.

The folder holds atlas.json (what was read, by what), plan.json, probabilities.npy, and points.csv for people.
"""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles import Ensemble, Plan
from morphoscope.errors import DataError, UsageError, nearest
from morphoscope.learning.classifier import Classifier, Prediction
from morphoscope.learning.datasets import check_readable
from morphoscope.storage import read_json, staged_folder, write_json

FORMAT = 1
ATLAS_FILE = "atlas.json"
PLAN_FILE = "plan.json"
PROBABILITIES_FILE = "probabilities.npy"
POINTS_FILE = "points.csv"


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far two atlases agree on the runs that both hold. ``kappa``: Cohen's κ, None where it is undefined."""

    n: int
    share: float
    kappa: float | None
    differences: list[tuple[str, str, int]]  # (class in the first, in the second, runs), most frequent first


class Atlas:
    """Readings of an ensemble: class, all probabilities, margin; and where the patterns are."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.description = read_json(self.folder / ATLAS_FILE, "an atlas")
        if not isinstance(self.description, dict) or self.description.get("format") != FORMAT:
            raise DataError(f"{folder} is no atlas of format {FORMAT}; make it anew with `morphoscope scan`")
        self.plan = Plan.load(self.folder / PLAN_FILE)
        try:
            probabilities = np.load(self.folder / PROBABILITIES_FILE, allow_pickle=False)
            classes = tuple(self.description["classes"])
            self.runs = np.array(self.description["runs"], dtype=np.intp)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DataError(f"{folder} is damaged ({error}); make it anew") from error
        if probabilities.shape != (len(self.runs), len(classes)):
            raise DataError(f"{folder} is damaged: probabilities have shape {probabilities.shape}")
        self.reading = Prediction(classes, probabilities)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classifier's classes, in the order of the probabilities' columns."""
        return self.reading.classes

    def values(self, parameter: str) -> NDArray[np.float64]:
        """A parameter's value at every reading."""
        return np.array(self.plan.values(parameter))[self.runs]

    def members(self, name: str) -> NDArray[np.intp]:
        """Positions of the readings of a class, most certain first; raises UsageError for an unknown class."""
        if name not in self.classes:
            raise UsageError(f"unknown class {name!r}; {nearest(name, self.classes)}")
        positions = np.flatnonzero(self.reading.index == self.classes.index(name))
        return positions[np.argsort(-self.reading.probability[positions], kind="stable")]

    def counts(self) -> dict[str, int]:
        """How many readings each class has."""
        found = np.bincount(self.reading.index, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))

    def ensemble(self) -> Ensemble:
        """The ensemble that was read. Raises DataError when it has been moved or is another one."""
        ensemble = Ensemble(self.folder / self.description["ensemble"])
        if ensemble.plan.hash != self.plan.hash:
            raise DataError(f"{ensemble.folder} is not the ensemble that this atlas was read from")
        return ensemble

    def frames(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """The patterns at some positions, (n, frames, y, x)."""
        return self.ensemble().frames(self.runs[positions])

    def points(self) -> list[dict[str, Any]]:
        """One row a reading: parameters, seed, class, probability, margin."""
        names = self.plan.parameter_names
        columns = [self.values(name) for name in names]
        rows = []
        for position, run in enumerate(self.runs):
            row: dict[str, Any] = {n: float(c[position]) for n, c in zip(names, columns, strict=True)}
            row["seed"] = self.plan.runs[run].seed
            row["class"] = self.classes[self.reading.index[position]]
            row["probability"] = round(float(self.reading.probability[position]), 6)
            row["margin"] = round(float(self.reading.margin[position]), 6)
            rows.append(row)
        return rows

    def agreement(self, other: Atlas) -> Agreement:
        """Compare the classes that two atlases give to the same runs (same parameters and seed).

        Raises UsageError when they share none.   Source of κ: Cohen (1960).
        """
        from sklearn.metrics import cohen_kappa_score

        theirs = dict(zip(other.keys(), other.reading.names, strict=True))
        mine = zip(self.keys(), self.reading.names, strict=True)
        pairs = [(name, theirs[key]) for key, name in mine if key in theirs]
        if not pairs:
            raise UsageError("the two atlases share no run (same parameters and seed); nothing to compare")
        first, second = (list(names) for names in zip(*pairs, strict=True))
        kappa = float(cohen_kappa_score(first, second)) if len({*first, *second}) > 1 else None
        counted: dict[tuple[str, str], int] = {}
        for pair in pairs:
            if pair[0] != pair[1]:
                counted[pair] = counted.get(pair, 0) + 1
        differences = sorted(((a, b, n) for (a, b), n in counted.items()), key=lambda d: -d[2])
        share = sum(a == b for a, b in pairs) / len(pairs)
        return Agreement(len(pairs), share, kappa, differences)

    def keys(self) -> list[tuple[Any, ...]]:
        """What identifies the simulated runs: parameters and seed."""
        return [(self.plan.runs[run].parameters, self.plan.runs[run].seed) for run in self.runs]


def read_ensemble(
    classifier: Classifier,
    ensemble: Ensemble,
    folder: str | Path,
    *,
    overwrite: bool = False,
    tell: Callable[[int], None] | None = None,
) -> Atlas:
    """Let a classifier read every finished run of an ensemble; writes and returns the atlas."""
    check_readable(classifier, ensemble)
    folder = Path(folder)
    runs = ensemble.usable()
    with staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
        reading = classifier.predict(ensemble.frames(runs), tell)
        np.save(part / PROBABILITIES_FILE, reading.probabilities)
        ensemble.plan.save(part / PLAN_FILE)
        place = os.path.relpath(ensemble.folder.resolve(), folder.resolve())
        write_json(
            part / ATLAS_FILE,
            {
                "format": FORMAT,
                "plan_hash": ensemble.plan.hash,
                "ensemble": place,
                "classes": list(reading.classes),
                "runs": runs.tolist(),
                "classifier": {"network": classifier.network, **classifier.summary()},
            },
        )
        atlas = Atlas(part)
        _write_points(atlas, part / POINTS_FILE)
    return Atlas(folder)


def _write_points(atlas: Atlas, path: Path) -> None:
    rows = atlas.points()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["class"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
