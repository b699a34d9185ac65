"""What an estimator finds: draws from the posterior over parameters for each pattern, or why there are none."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Status of a pattern. ``unfamiliar``: unlike all training patterns; ``homogeneous``: no pattern, so no estimate.
ESTIMATED, UNFAMILIAR, UNDETERMINED = "estimated", "unfamiliar", "homogeneous"
_WIDE = 0.8  # of the width over all training runs: a posterior that is wider does not determine a parameter


@dataclasses.dataclass(frozen=True, eq=False)
class Estimates:
    """Posteriors over parameters for some patterns.

    :func:`morphoscope.infer` returns one.

    Attributes
    ----------
    targets
        Names of the parameters.
    samples
        Draws from each posterior, (patterns, draws, parameters); NaN for homogeneous patterns.
    log_density
        The logarithm of the posterior density at each draw, up to a constant of the pattern, (patterns, draws).
    status
        Of each pattern: ``estimated``; ``unfamiliar`` if it is unlike the training patterns, so that its estimate is
        not to be trusted; ``homogeneous`` if it does not determine the parameters.
    distance
        The distance of each pattern from the training patterns, divided by the largest one that is familiar; NaN for
        homogeneous patterns.
    inside
        The share of the raw draws that were inside the training region. The others were rejected.
    prior
        The 5 % and the 95 % quantile of each parameter over the training runs, (parameters, 2).
    notes
        How the patterns were prepared, and warnings; one line each.
    """

    targets: tuple[str, ...]
    samples: Floats
    log_density: Floats
    status: NDArray[np.str_]
    distance: Floats
    inside: Floats
    prior: Floats
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        counted = ", ".join(f"{name} {count}" for name, count in Counter(self.status.tolist()).most_common())
        return f"Estimates({len(self)} pattern{'s' * (len(self) != 1)} of {', '.join(self.targets)}: {counted})"

    @property
    def median(self) -> Floats:
        """The median of each parameter, (patterns, parameters)."""
        return np.asarray(np.median(self.samples, axis=1))

    def interval(self, probability: float = 0.9) -> Floats:
        """The central interval of each parameter with this probability, (patterns, parameters, 2)."""
        tail = (1 - probability) / 2
        return np.asarray(np.moveaxis(np.quantile(self.samples, (tail, 1 - tail), axis=1), 0, -1))

    def undetermined(self) -> list[list[str]]:
        """For each pattern, the parameters that it does not narrow down: their 90 % interval is about the prior's."""
        widths, whole = np.diff(self.interval())[..., 0], np.diff(self.prior)[..., 0]
        return [[name for name, wide in zip(self.targets, row, strict=True) if wide] for row in widths > _WIDE * whole]

    def remark(self, index: int) -> str:
        """What must be known about the estimate of a pattern; empty if nothing."""
        status = self.status[index]
        if status == UNDETERMINED:
            return "homogeneous: does not determine the parameters"
        if status == UNFAMILIAR:
            if self.distance[index] > 1:
                return f"unlike the training patterns ({self.distance[index]:.1f} times as far as is usual)"
            return f"its posterior lies outside the training region ({self.inside[index]:.0%} of the draws inside)"
        names = self.undetermined()[index]
        return f"does not determine {', '.join(names)}" if names else ""

    def rows(self) -> list[dict[str, Any]]:
        """One row for each pattern: status, distance, median and 90 % interval of each parameter."""
        median, interval = self.median, self.interval()
        found = []
        for i in range(len(self)):
            row: dict[str, Any] = {"pattern": i, "status": str(self.status[i])}
            for j, name in enumerate(self.targets):
                values = (median[i, j], interval[i, j, 0], interval[i, j, 1])
                keys = (name, f"{name}_low", f"{name}_high")
                row |= {key: None if np.isnan(v) else float(v) for key, v in zip(keys, values, strict=True)}
            distance = self.distance[i]
            found.append({**row, "distance": None if np.isnan(distance) else float(distance), "remark": self.remark(i)})
        return found
