"""Evaluation of a classifier on labelled patterns: accuracy with intervals, precision and recall, calibration."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.shares import Share
from morphoscope.learning.prediction import Prediction

BOOTSTRAP_SAMPLES = 2000
CALIBRATION_BINS = 15


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """The share of correctly read runs, with its 95 % interval; None if there are no runs.

    The interval is the bootstrap's over runs. If all runs are right, or none is, every resampled set gives the same
    share, and the interval is Wilson's: 12 of 12 have [75.75 %, 100 %].
    """

    n: int
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, right: NDArray[np.bool_], seed: int = 0) -> Accuracy:
        """From one flag per run: correct or not.

        Sources: Efron & Tibshirani (1993), percentile interval; Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
        """
        n = len(right)
        if n == 0:
            return cls(0, None, None, None)
        if right.all() or not right.any():
            alike = Share.of(right)
            return cls(n, alike.value, alike.low, alike.high)
        rng = np.random.default_rng(seed)
        # The number of correct runs among n drawn with replacement is binomial, so no resampling is needed.
        resampled = rng.binomial(n, right.mean(), size=BOOTSTRAP_SAMPLES) / n
        low, high = np.quantile(resampled, [0.025, 0.975])
        return cls(n, float(right.mean()), float(low), float(high))

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "no runs"
        return f"{self.value:.2%} [{self.low:.2%}, {self.high:.2%}], n = {self.n}"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation. All numbers are of the network alone, except ``combined``.

    Parameters
    ----------
    name
        The data set.
    classes
        The classifier's classes.
    accuracy, seen, unseen
        The share of correctly read runs: of all runs, at points in the training set, and at other points.
    precision, recall, support
        By class; None if undefined.
    confusion
        ``confusion[i][j]``: number of runs of class i that were read as class j.
    expected_calibration_error
        See :func:`expected_calibration_error`.
    combined
        Accuracy if theory determines the class of homogeneous runs and the network reads the others; None in files of
        older versions.
    homogeneous
        Number of homogeneous runs whose class was determined without the network.
    """

    name: str
    classes: tuple[str, ...]
    accuracy: Accuracy
    seen: Accuracy
    unseen: Accuracy
    precision: dict[str, float | None]
    recall: dict[str, float | None]
    support: dict[str, int]
    confusion: list[list[int]]
    expected_calibration_error: float
    combined: Accuracy | None = None
    homogeneous: int = 0

    def __repr__(self) -> str:
        return f"Evaluation({self.name!r}, accuracy {self.accuracy})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Evaluation:
        """Inverse of :meth:`to_dict`."""
        found = ("accuracy", "seen", "unseen", "combined")
        accuracies = {name: Accuracy(**values[name]) for name in found if values.get(name) is not None}
        return cls(**{**values, "classes": tuple(values["classes"]), **accuracies})

    def confused(self, most: int = 5) -> list[tuple[str, str, int]]:
        """The most frequent (true, read as, runs) confusions."""
        matrix = np.array(self.confusion)
        np.fill_diagonal(matrix, 0)
        order = np.argsort(matrix, axis=None)[::-1][:most]
        pairs = [np.unravel_index(i, matrix.shape) for i in order]
        return [(self.classes[i], self.classes[j], int(matrix[i, j])) for i, j in pairs if matrix[i, j]]


def check_labels(labels: Sequence[str], classes: Sequence[str]) -> None:
    """Raise UsageError for labels that are no classes of a classifier."""
    if extra := sorted(set(labels) - set(classes)):
        raise UsageError(
            f"classifier knows {len(classes)} classes, the data set has others "
            f"(extra: {', '.join(extra)}); retrain with them"
        )


def assess(
    name: str,
    prediction: Prediction,
    labels: list[str],
    seen: NDArray[np.bool_],
    combined: Prediction | None = None,
) -> Evaluation:
    """Compare the classes of a network with labels.

    ``seen``: whether each run is at a point of the training set. ``combined``: the classes of network and theory
    together. Raises UsageError for labels that the classifier does not know.
    """
    from sklearn.metrics import confusion_matrix

    check_labels(labels, prediction.classes)
    if not labels:
        raise UsageError(f"{name} has no labelled runs that are done; nothing to evaluate")
    right = _right(prediction, labels)
    matrix = confusion_matrix(labels, prediction.names, labels=list(prediction.classes))
    columns, rows, hits = matrix.sum(axis=0), matrix.sum(axis=1), np.diag(matrix)
    return Evaluation(
        name=name,
        classes=prediction.classes,
        accuracy=Accuracy.of(right),
        seen=Accuracy.of(right[seen]),
        unseen=Accuracy.of(right[~seen]),
        precision=_ratios(prediction.classes, hits, columns),
        recall=_ratios(prediction.classes, hits, rows),
        support=dict(zip(prediction.classes, rows.tolist(), strict=True)),
        confusion=matrix.tolist(),
        expected_calibration_error=expected_calibration_error(prediction.probability, right),
        combined=None if combined is None else Accuracy.of(_right(combined, labels)),
        homogeneous=0 if combined is None else combined.decided_without_network,
    )


def _right(prediction: Prediction, labels: list[str]) -> NDArray[np.bool_]:
    return np.array([a == b for a, b in zip(prediction.names, labels, strict=True)])


def _ratios(classes: tuple[str, ...], part: Any, whole: Any) -> dict[str, float | None]:
    pairs = zip(classes, part, whole, strict=True)
    return {name: float(a / b) if b else None for name, a, b in pairs}


def expected_calibration_error(probability: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Σ_bins (n_bin / n) |share right − mean probability| over 15 bins of equal width.

    probability, right: (n,).   Source: Guo et al., ICML (2017), eq. 3.
    """
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    count = np.bincount(bins, minlength=CALIBRATION_BINS)
    gaps = np.bincount(bins, right - probability.astype(np.float64), minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / count.sum())


def fit_temperature(logits: NDArray[np.float32], targets: NDArray[np.intp]) -> float:
    """The temperature T that minimises the mean −log softmax(logits / T)[target]; between 0.05 and 20.

    If every target has the largest logit, the mean decreases with T down to T = 0 and has no minimum. Then T is 1, as
    in training, since a small T would give every pattern a probability near 1.
    logits: (n, classes); targets: (n,).   Source: Guo et al., ICML (2017), §4.2.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    if (logits.argmax(axis=1) == targets).all():
        return 1.0
    rows = np.arange(len(targets))

    def loss(log_temperature: float) -> float:
        scores = logits.astype(np.float64) / np.exp(log_temperature)
        return float(-log_softmax(scores, axis=1)[rows, targets].mean())

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(best.x))
