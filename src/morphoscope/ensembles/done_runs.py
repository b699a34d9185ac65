"""The finished runs of an ensemble without its ledger: what workers of a cluster open."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.places import place_of
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.store import PLAN_FILE, open_arrays, read_frames


@dataclasses.dataclass(frozen=True)
class DoneRuns:
    """Runs that the ledger calls done, as the calling process knows: a ledger is opened on one computer only.

    Parameters
    ----------
    folder
        The folder of the ensemble.
    plan
        Its plan.
    arrays
        Its Zarr arrays by species.
    """

    folder: Path
    plan: Plan
    arrays: dict[str, Any]

    @classmethod
    def open(cls, folder: str) -> DoneRuns:
        """Open the folder of an ensemble."""
        plan = Plan.load(Path(folder) / PLAN_FILE)
        return cls(Path(folder), plan, open_arrays(plan, place_of(Path(folder))))

    def frames(self, runs: Sequence[int] | NDArray[np.intp], species: str | None = None) -> NDArray[np.float32]:
        """As :meth:`.Ensemble.frames`, for runs that are done."""
        return read_frames(self.folder, self.arrays[species or self.plan.record[0]], runs, lambda run: True)
