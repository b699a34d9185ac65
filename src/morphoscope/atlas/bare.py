"""An ensemble as an atlas that no classifier has read: descriptors and people's annotations, but no classes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotations import FILE, Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.descriptors import Columns, compute_readings
from morphoscope.atlas.thumbnails import PER_SHEET, sheet_of
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.describing import describe_ensemble
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.learning.homogeneous import HOMOGENEOUS
from morphoscope.learning.patterns import finished_runs
from morphoscope.learning.prediction import VARIANCE, Prediction
from morphoscope.rendering.scale import shared_range

PATTERN = "pattern"  # the class of every run that is not homogeneous
_SPECTRAL = ("wavelength", "wavenumber", "spectral_width", "anisotropy")  # undefined for homogeneous runs


class BareAtlas(Atlas):
    """The finished runs of an ensemble, which need neither labels nor a classifier.

    Their classes are only ``homogeneous`` and ``pattern``, by the variance of the last frame. Annotations are stored in
    the ensemble's folder, descriptors with its arrays; if it can't be written, they are computed again each time.

    Parameters
    ----------
    ensemble
        The ensemble.
    progress
        Shows the progress of the descriptors that are missing.

    Raises
    ------
    UsageError
        If no run is done.
    """

    def __init__(self, ensemble: Ensemble, progress: Reporter = SILENT) -> None:
        self.folder, self.plan = ensemble.folder, ensemble.plan
        self.runs, note = finished_runs(ensemble)
        if note:
            progress.message(note.replace(" and read", ""))
        self._columns = {}
        self.metadata = {"plan_hash": self.plan.hash, "notes": [note] if note else []}
        self.__dict__["ensemble"] = ensemble
        self.__dict__["descriptors"] = columns = _descriptors(ensemble, self.runs, progress)
        if {"minimum", "maximum"} <= columns.keys():
            ends, shown = (columns["minimum"], columns["maximum"]), self.plan.shown
            self.metadata["colour_range"] = shared_range(*ends, shown=shown, magnitude=initial_magnitude(self.plan))
        undefined = np.isnan(next(columns[name] for name in _SPECTRAL if name in columns))
        probabilities = np.stack([undefined, ~undefined], axis=1).astype(np.float32)
        self.reading = Prediction((HOMOGENEOUS, PATTERN), probabilities, np.full(len(self.runs), VARIANCE))

    def __repr__(self) -> str:
        return f"BareAtlas({self.folder.name!r}, {len(self.runs)} runs of {self.plan.model.name}, not read)"

    @functools.cached_property
    def annotations(self) -> Annotations:
        """The annotations, in the ensemble's folder."""
        return Annotations(self.folder / FILE, self.plan.hash)

    def describe(self, **options: Any) -> Columns:
        """The descriptors, which were computed when the ensemble was opened."""
        return self.descriptors

    def thumbnails(self, sheet: int) -> bytes | None:
        """A sheet of thumbnails as WebP, drawn from the runs; None after the last one."""
        chosen = np.arange(sheet * PER_SHEET, min((sheet + 1) * PER_SHEET, len(self.runs)))
        if not len(chosen):
            return None
        if sheet not in self._sheets:
            frames = (self.frames(np.array([position]))[0] for position in chosen)
            self._sheets[sheet] = sheet_of(frames, len(chosen), self.colour_range)
        return self._sheets[sheet]

    @functools.cached_property
    def _sheets(self) -> dict[int, bytes]:
        return {}


def _descriptors(ensemble: Ensemble, runs: NDArray[np.intp], progress: Reporter) -> Columns:
    """The descriptors of some runs, stored with the ensemble if it can be written."""
    try:
        return {name: column[runs] for name, column in describe_ensemble(ensemble, progress=progress).items()}
    except UsageError as error:
        progress.message(f"descriptors are not stored: {error}")
        return compute_readings(ensemble.plan, runs, ensemble, progress=progress)
