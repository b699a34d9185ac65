"""The reading of patterns: classes, probabilities, and what determined them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NETWORK, THEORY, VARIANCE, CHART = "network", "theory", "variance", "chart"
INFERRED = "inferred"  # from simulated neighbours: there is no pattern
UNKNOWN = "unknown"
LEAST_KNOWN = 0.5  # the known score below which a pattern is unknown


class Outputs(NamedTuple):
    """What a network tells of n patterns: probabilities (n, classes), and known scores (n,) if it has them."""

    probabilities: NDArray[np.float32]
    known: NDArray[np.float32] | None = None


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The classes of n patterns.

    Parameters
    ----------
    classes
        Names of the classes.
    probabilities
        (n, classes); calibrated, rows sum to 1. A class from theory has probability 1.
    read_by
        What determined each pattern's class, (n,): ``network``; ``theory``, for a homogeneous run of a known model;
        ``variance``, for a homogeneous pattern of unknown origin; ``chart``, for a group without labels.
        Default: ``network`` for all.
    notes
        How the patterns were prepared, and warnings about reading them; one line each.
    known
        The known score of each pattern, (n,), between 0 and 1; below 0.5 it is *unknown*: unlike the patterns that the
        network was trained on, so that its class is a guess. NaN for patterns that the network did not read. None if
        the classifier has no such score.
    sets
        Conformal sets: whether each class belongs to the set of each pattern, (n, classes). None if the classifier
        stores no scores for them.
    coverage
        The share of the validation patterns whose set contains their class.

    Examples
    --------
    >>> import numpy as np
    >>> from morphoscope import Prediction
    >>> found = Prediction(("spots", "stripes"), np.array([[0.9, 0.1], [0.25, 0.75]], dtype=np.float32))
    >>> found
    Prediction(2 patterns: spots 1, stripes 1)
    >>> found.names, found.probability.tolist(), found.margin.tolist()
    (['spots', 'stripes'], [0.8999999761581421, 0.75], [0.7999999523162842, 0.5])
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    read_by: NDArray[np.str_] = dataclasses.field(default_factory=lambda: np.array([], dtype=np.str_))
    notes: tuple[str, ...] = ()
    known: NDArray[np.float32] | None = None
    sets: NDArray[np.bool_] | None = None
    coverage: float | None = None

    def __post_init__(self) -> None:
        if len(self.read_by) != len(self.probabilities):
            object.__setattr__(self, "read_by", np.full(len(self.probabilities), NETWORK))

    def __len__(self) -> int:
        return len(self.probabilities)

    def __repr__(self) -> str:
        counted = ", ".join(f"{name} {count}" for name, count in Counter(self.names).most_common())
        notes = "".join(f"; {note}" for note in self.notes)
        unknown = f"; {count} of them unknown" if (count := int(self.unknown.sum())) else ""
        return f"Prediction({len(self)} pattern{'s' * (len(self) != 1)}{': ' * bool(counted)}{counted}{unknown}{notes})"

    def at(self, chosen: NDArray[Any]) -> Prediction:
        """The readings of some patterns."""
        columns = ("probabilities", "read_by", "known", "sets")
        kept = {name: values[chosen] for name in columns if (values := getattr(self, name)) is not None}
        return dataclasses.replace(self, **kept)

    @property
    def index(self) -> NDArray[np.intp]:
        """The index of the most probable class of each pattern."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def names(self) -> list[str]:
        """The most probable class of each pattern."""
        return [self.classes[i] for i in self.index]

    @property
    def probability(self) -> NDArray[np.float32]:
        """The probability of the most probable class."""
        return np.max(self.probabilities, axis=1)

    @property
    def margin(self) -> NDArray[np.float32]:
        """The difference between the two largest probabilities of each pattern."""
        if len(self.classes) == 1:  # a chart whose runs are all alike
            return self.probability
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return two[:, 1] - two[:, 0]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Whether each pattern is unknown; none is if the classifier has no known score."""
        if self.known is None:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(self.known < LEAST_KNOWN)  # NaN is not

    def nearest(self, position: int, count: int = 2) -> list[str]:
        """The most probable classes of a pattern."""
        return [self.classes[i] for i in np.argsort(-self.probabilities[position], kind="stable")[:count]]

    def set_of(self, position: int) -> list[str] | None:
        """The conformal set of a pattern, most probable class first; None without sets."""
        if self.sets is None:
            return None
        order = np.argsort(-self.probabilities[position], kind="stable")
        return [self.classes[i] for i in order if self.sets[position, i]]

    @property
    def decided_without_network(self) -> int:
        """The number of homogeneous patterns, whose class was determined without the network."""
        return int(np.sum(self.read_by != NETWORK))
