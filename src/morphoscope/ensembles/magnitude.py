"""The typical magnitude of the values of a plan's runs, which tells a faint pattern from rounding errors."""

from __future__ import annotations

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.jobs import run_job
from morphoscope.ensembles.plan import Plan

_TINY = 1e-3  # for initial values below it, homogeneity is judged on the scale of these values


def initial_magnitude(plan: Plan) -> float:
    """The largest magnitude of the first recorded species in the initial state of the plan's first run.

    0 if that state can't be made again because its file is missing.
    """
    try:
        start = run_job(plan, plan.runs[0]).initial
    except UsageError:
        return 0.0
    return float(np.abs(start[plan.model.species.index(plan.record[0])]).max())


def homogeneity_scale(plan: Plan) -> float:
    """The ``magnitude`` for descriptors of a plan's runs: 1, or smaller if the values of the model are tiny.

    Fields around zero, as in the Swift–Hohenberg equation, grow from weak noise to about 1. So the values of a model
    count as tiny only if its initial values are below 1e-3.
    """
    start = initial_magnitude(plan)
    return start if 0 < start < _TINY else 1.0
