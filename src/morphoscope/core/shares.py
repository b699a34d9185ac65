"""The share of some cases, with its interval."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Share:
    """The share of cases in which something holds, with the 95 % Wilson interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, holds: NDArray[np.bool_]) -> Share:
        """From one flag per case."""
        from scipy.stats import binomtest

        interval = binomtest(int(holds.sum()), len(holds)).proportion_ci(0.95, "wilson")
        return cls(float(holds.mean()), float(interval.low), float(interval.high))

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"
