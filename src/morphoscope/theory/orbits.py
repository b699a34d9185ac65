"""Orbits of the reactions without diffusion, integrated for many initial states at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates

_MAX_EVALUATIONS = 20_000  # evaluations of the rates
_FAR = 1e4  # relative to the size of the initial states; orbits beyond are frozen


class _TookTooLong(Exception):  # noqa: N818
    """The integration needs too many evaluations."""


def orbits(
    model: Model, parameters: Mapping[str, float], starts: NDArray[np.float64], until: float, frames: int = 400
) -> NDArray[np.float64] | None:
    """Integrate c' = R(c) from many initial states (orbits, species) → (frames, orbits, species).

    The orbits are integrated together by LSODA with a relative tolerance of 1e-6. An orbit that grows beyond 10⁴ times
    the size of the initial states is frozen there. Returns None if the integration takes too long.
    """
    from scipy.integrate import solve_ivp

    size, reach = len(model.species), _FAR * (1 + np.abs(starts).max())
    rates, evaluations = local_rates(model), 0

    def rate(_: float, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        nonlocal evaluations
        evaluations += 1
        if evaluations > _MAX_EVALUATIONS:
            raise _TookTooLong
        state = flat.reshape(-1, size)
        values = {**parameters, **{s: state[:, i] for i, s in enumerate(model.species)}}
        with np.errstate(all="ignore"):
            found = np.stack([np.broadcast_to(evaluate(r, values), len(state)) for r in rates.values()], axis=1)
        frozen = (np.abs(state) > reach).any(axis=1) | ~np.isfinite(found).all(axis=1)
        return np.where(frozen[:, None], 0.0, found).ravel()

    try:
        solved = solve_ivp(
            rate,
            (0.0, until),
            starts.ravel(),
            method="LSODA",
            t_eval=np.geomspace(until * 1e-4, until, frames),
            rtol=1e-6,
            atol=1e-8 * (1e-3 + np.abs(starts).max()),
            lband=size - 1,
            uband=size - 1,
        )
    except _TookTooLong:
        return None
    if not solved.success:
        return None
    return solved.y.T.reshape(-1, *starts.shape)
