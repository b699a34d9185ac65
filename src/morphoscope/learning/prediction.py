"""The reading of patterns: classes, probabilities, and what determined them."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
from numpy.typing import NDArray

NETWORK, THEORY, VARIANCE = "network", "theory", "variance"


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
        ``variance``, for a homogeneous pattern of unknown origin. Default: ``network`` for all.
    notes
        How the patterns were prepared, and warnings about reading them; one line each.

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

    def __post_init__(self) -> None:
        if len(self.read_by) != len(self.probabilities):
            object.__setattr__(self, "read_by", np.full(len(self.probabilities), NETWORK))

    def __len__(self) -> int:
        return len(self.probabilities)

    def __repr__(self) -> str:
        counted = ", ".join(f"{name} {count}" for name, count in Counter(self.names).most_common())
        notes = "".join(f"; {note}" for note in self.notes)
        return f"Prediction({len(self)} pattern{'s' * (len(self) != 1)}{': ' * bool(counted)}{counted}{notes})"

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
        two = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return two[:, 1] - two[:, 0]

    @property
    def decided_without_network(self) -> int:
        """The number of homogeneous patterns, whose class was determined without the network."""
        return int(np.sum(self.read_by != NETWORK))
