"""How large the values of a plan's runs typically are: what tells a faint pattern from rounding."""

from __future__ import annotations

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.runner import run_job

_TINY = 1e-3  # of models whose values start smaller than this, what is uniform is judged on their own scale


def initial_magnitude(plan: Plan) -> float:
    """The largest magnitude of the first recorded species in the initial state of the plan's first run.

    0 where that state can't be made any more, because the file that it came from is gone.
    """
    try:
        start = run_job(plan, plan.runs[0]).initial
    except UsageError:
        return 0.0
    return float(np.abs(start[plan.model.species.index(plan.record[0])]).max())


def homogeneity_scale(plan: Plan) -> float:
    """The ``magnitude`` for descriptors of a plan's runs: 1, or smaller where the values of the model are tiny.

    Fields around zero, as of the Swift–Hohenberg equation, start from little noise and grow to about 1. Only a start
    below 1e-3 is taken as a sign that the model's unit is small.
    """
    start = initial_magnitude(plan)
    return start if 0 < start < _TINY else 1.0
