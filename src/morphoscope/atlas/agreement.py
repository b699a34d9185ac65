"""The agreement of two readings, of classifiers or of people."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Agreement:
    """The agreement of two readings on the runs that both contain.

    Attributes
    ----------
    n : int
        Number of runs that both contain.
    share : float
        Share of these runs that have the same class in both.
    kappa : float or None
        Cohen's κ, the agreement beyond chance; None if it is undefined because only one class occurs.
    differences : list
        Class in the first reading, class in the second, and number of runs; the most frequent first.
    """

    n: int
    share: float
    kappa: float | None
    differences: list[tuple[str, str, int]]


def agreement_of(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Compare pairs of classes, (first reading, second reading), at least one.

    κ = (share − c)/(1 − c), with c the share that agrees by chance.   Source: Cohen (1960).
    """
    n = len(pairs)
    first, second = (Counter(names) for names in zip(*pairs, strict=True))
    share = sum(a == b for a, b in pairs) / n
    by_chance = sum(first[name] * second[name] for name in first) / n**2
    kappa = (share - by_chance) / (1 - by_chance) if len({*first, *second}) > 1 else None
    counted = Counter(pair for pair in pairs if pair[0] != pair[1])
    return Agreement(n, share, kappa, [(a, b, times) for (a, b), times in counted.most_common()])
