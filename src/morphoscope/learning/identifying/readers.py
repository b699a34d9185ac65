"""Calibrated linear readers of embeddings: which class, with a set of classes; which model, or none of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.conformal import COVERAGE, ConformalScores, in_sets
from morphoscope.learning.known import KnownScore

Floats = NDArray[np.floating]
Arrays = dict[str, NDArray[Any]]
_PENALTIES = (0.003, 0.03, 0.3)  # of the logistic regression, as its C


class Embedded(NamedTuple):
    """Embeddings of pictures, (n, f), and the numbers of their classes or models, (n,)."""

    values: Floats
    targets: NDArray[np.intp]

    def at(self, rows: NDArray[Any]) -> Embedded:
        """Those of some pictures: their numbers, or a mask."""
        return Embedded(self.values[rows], self.targets[rows])


@dataclasses.dataclass(frozen=True, eq=False)
class LinearReader:
    """Multinomial logistic regression on embeddings, with a temperature from validation embeddings.

    ``weights``: (embedding + 1, classes), the last row is the offset.
    """

    classes: tuple[str, ...]
    weights: NDArray[np.float32]
    temperature: float

    @classmethod
    def of(cls, classes: Sequence[str], training: Embedded, validation: Embedded) -> LinearReader:
        """The penalty and the temperature with the smallest log loss on validation embeddings."""
        from scipy.optimize import minimize_scalar
        from sklearn.linear_model import LogisticRegression

        found: list[tuple[float, LinearReader]] = []
        for strength in _PENALTIES:
            fitted = LogisticRegression(C=strength, max_iter=400).fit(training.values, training.targets)
            weights = np.vstack([fitted.coef_.T, fitted.intercept_[None]]).astype(np.float32)
            plain = cls(tuple(classes), weights, 1.0)
            logits = plain.logits(validation.values)

            def loss(log_temperature: float, logits: Floats = logits) -> float:
                return _log_loss(logits / np.exp(log_temperature), validation.targets)

            best = minimize_scalar(loss, bounds=(-2, 2), method="bounded")
            found.append((float(best.fun), dataclasses.replace(plain, temperature=float(np.exp(best.x)))))
        return min(found, key=lambda pair: pair[0])[1]

    def logits(self, embeddings: Floats) -> Floats:
        """(n, classes)."""
        return np.asarray(embeddings @ self.weights[:-1] + self.weights[-1], dtype=np.float64)

    def probabilities(self, embeddings: Floats) -> NDArray[np.float32]:
        """(n, classes)."""
        return _softmax(self.logits(embeddings) / self.temperature).astype(np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class ClassReader:
    """A reader that abstains: a pattern has a class if its conformal set has exactly one.

    Source: as :class:`.ConformalScores`.
    """

    linear: LinearReader
    conformal: ConformalScores

    @classmethod
    def of(cls, classes: Sequence[str], training: Embedded, validation: Embedded) -> ClassReader:
        """From embeddings with the numbers of their classes."""
        linear = LinearReader.of(classes, training, validation)
        return cls(linear, ConformalScores.of(linear.probabilities(validation.values), validation.targets))

    def read(self, embeddings: Floats, coverage: float = COVERAGE) -> tuple[list[str], NDArray[np.float32]]:
        """The class of each embedding, "" where it abstains, and the probabilities (n, classes)."""
        sets, probabilities = self.sets(embeddings, coverage)
        return [names[0] if len(names) == 1 else "" for names in sets], probabilities

    def sets(self, embeddings: Floats, coverage: float = COVERAGE) -> tuple[list[tuple[str, ...]], NDArray[np.float32]]:
        """The classes in the conformal set of each embedding, likely ones first, and all probabilities (n, classes)."""
        probabilities = self.linear.probabilities(embeddings)
        inside = in_sets(probabilities, self.conformal.least_probability(coverage))
        orders = np.argsort(-probabilities, axis=1, kind="stable")
        classes = self.linear.classes
        found = [tuple(classes[i] for i in o.tolist() if row[i]) for o, row in zip(orders, inside, strict=True)]
        return found, probabilities

    def arrays(self) -> Arrays:
        """What is stored, besides the names."""
        return {"weights": self.linear.weights, "conformal": self.conformal.scores}


@dataclasses.dataclass(frozen=True, eq=False)
class ModelReader:
    """Which of some models, or none of them.

    The probability of "none" is a logistic function of two numbers: how much the reader prefers its own class "none",
    which was trained with pictures that are no patterns, over all models; and the logarithm of the distance from the
    patterns of the nearest model (:class:`.KnownScore`). It is calibrated on validation embeddings of both kinds, in
    equal shares. The rest is divided among the models.
    """

    linear: LinearReader  # of the models and, last, "none"
    known: KnownScore
    none: tuple[float, float, float]  # offset, weight of the preference, weight of the log distance

    @classmethod
    def of(cls, models: Sequence[str], training: Embedded, validation: Embedded) -> ModelReader:
        """From embeddings whose target is the number of a model, or len(models) for none of them."""
        from sklearn.linear_model import LogisticRegression

        count = len(models)
        linear = LinearReader.of((*models, "none"), training, validation)
        patterns, judged = training.targets < count, validation.targets < count
        known = KnownScore.of(
            training.values[patterns].astype(np.float32),
            training.targets[patterns],
            validation.values[judged].astype(np.float32),
        )
        draft = cls(linear, known, (0.0, 1.0, 1.0))
        evidence, none = draft._evidence(validation.values), validation.targets == count
        fitted = LogisticRegression(class_weight="balanced").fit(evidence, none)
        preference, distance = (float(w) for w in fitted.coef_[0])
        return dataclasses.replace(draft, none=(float(fitted.intercept_[0]), preference, distance))

    @property
    def models(self) -> tuple[str, ...]:
        """Without "none"."""
        return self.linear.classes[:-1]

    def _evidence(self, embeddings: Floats) -> Floats:
        logits = self.linear.logits(embeddings) / self.linear.temperature
        preference = logits[:, -1] - np.logaddexp.reduce(logits[:, :-1], axis=1)
        distance = np.log(np.maximum(self.known.distance(embeddings.astype(np.float32)), 1e-6))
        return np.stack([np.clip(preference, -30, 30), distance], axis=1)

    def probabilities(self, embeddings: Floats) -> NDArray[np.float64]:
        """(n, models + 1), the last is "none"."""
        offset, *weights = self.none
        none = 1 / (1 + np.exp(-(offset + self._evidence(embeddings) @ np.array(weights))))
        models = _softmax(self.linear.logits(embeddings)[:, :-1] / self.linear.temperature)
        return np.concatenate([models * (1 - none)[:, None], none[:, None]], axis=1)

    def arrays(self) -> Arrays:
        """What is stored, besides numbers and names."""
        known = self.known
        return {
            "weights": self.linear.weights, "centre": known.centre, "whitening": known.whitening, "means": known.means,
        }  # fmt: skip

    def numbers(self) -> dict[str, Any]:
        """What JSON says of it."""
        return {"temperature": self.linear.temperature, "none": list(self.none), "limit": self.known.limit}

    @classmethod
    def from_arrays(
        cls, models: Sequence[str], arrays: Mapping[str, NDArray[Any]], numbers: Mapping[str, Any]
    ) -> ModelReader:
        """Inverse of :meth:`arrays` and :meth:`numbers`."""
        linear = LinearReader((*models, "none"), arrays["weights"], float(numbers["temperature"]))
        known = KnownScore(arrays["centre"], arrays["whitening"], arrays["means"], float(numbers["limit"]))
        offset, preference, distance = (float(value) for value in numbers["none"])
        return cls(linear, known, (offset, preference, distance))


def _softmax(logits: Floats) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _log_loss(logits: Floats, truth: NDArray[np.intp]) -> float:
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(truth)), truth]))
