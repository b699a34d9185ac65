"""How far two readings agree, be they networks' or people's."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How far two readings agree on what both have read. ``kappa``: Cohen's κ, None where it is undefined."""

    n: int
    share: float
    kappa: float | None
    differences: list[tuple[str, str, int]]  # (class in the first, in the second, runs), most frequent first


def agreement_of(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Compare pairs of classes, (first reading, second reading), at least one.   Source of κ: Cohen (1960)."""
    from sklearn.metrics import cohen_kappa_score

    first, second = (list(names) for names in zip(*pairs, strict=True))
    kappa = float(cohen_kappa_score(first, second)) if len({*first, *second}) > 1 else None
    counted = Counter(pair for pair in pairs if pair[0] != pair[1])
    differences = [(a, b, n) for (a, b), n in counted.most_common()]
    return Agreement(len(pairs), sum(a == b for a, b in pairs) / len(pairs), kappa, differences)
