"""Since when the readings of an atlas's runs have not changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.over_time import read_over_time, readable_times, settled

OVER_TIME = "over_time"  # the entry of atlas.json
SETTLED = "settled"  # the variable, and the column of points.csv


def check_readable_over_time(classifier: Classifier, ensemble: Ensemble) -> None:
    """Raise UsageError unless the runs of an ensemble have the classifier's frames at two times or more."""
    plan, expected = ensemble.plan, classifier.input
    times = readable_times(plan, expected)
    if len(times) < 2:
        have = ", ".join(f"{time:g}" for time in plan.times[:6]) + ", …" * (len(plan.times) > 6)
        raise UsageError(
            f"{ensemble.folder} has frames at {have}; the classifier reads {expected.frames} frames "
            f"{expected.spaced()}, which end at {len(times)} of these times; simulate with those before each time"
        )


def settled_runs(
    classifier: Classifier, ensemble: Ensemble, runs: NDArray[np.intp], progress: Reporter
) -> dict[str, Any]:
    """The times at which runs were read, and for each run the time from which on its class does not change."""
    times, names = read_over_time(classifier, ensemble, runs, progress=progress)
    return {"times": list(times), SETTLED: settled(times, names).tolist()}
