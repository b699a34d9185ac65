"""Readers of an identifier fitted again with pictures of other points; its network, kinds and posteriors stay."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.columns import Columns
from morphoscope.learning.identifying.compatibility import LEAST, Compatibility, repeatable_directions
from morphoscope.learning.identifying.identifier import Examples, Identifier, model_reader
from morphoscope.learning.identifying.readers import Embedded

Floats = NDArray[np.floating]


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures(Columns):
    """Embeddings of pictures that the network was not trained on.

    ``embeddings``: (n, f); ``models``: the number of their model, or the number of models for pictures that are no
    patterns; ``patterns``: the number of the pattern, among those of its model, −1 for none; ``ordered``: whether the
    pattern grew from a regular lattice.
    """

    embeddings: NDArray[np.float32]
    models: NDArray[np.intp]
    patterns: NDArray[np.intp]
    ordered: NDArray[np.bool_]


def recalibrated(identifier: Identifier, training: Pictures, calibration: Pictures) -> Identifier:
    """An identifier whose readers of models and compatibility are fitted to more pictures, and calibrated again.

    Models and "none" are read by all examples that the identifier keeps and by these. Means, covariances and directions
    of compatibility come from its examples of patterns and from ``training``, p-values from ``calibration`` alone.
    Pictures of ordered patterns have fits of their own.
    """
    known = identifier.examples
    embeddings = np.concatenate([known.embeddings, training.embeddings, calibration.embeddings]).astype(np.float16)
    models = np.concatenate([known.models, training.models, calibration.models]).astype(np.uint8)
    held = np.concatenate([
        known.held, np.zeros(len(training.models), bool), np.ones(len(calibration.models), bool)
    ])  # fmt: skip
    examples = Examples(embeddings, models, held)
    names = [one.model for one in identifier.candidates]
    return dataclasses.replace(
        identifier,
        models=model_reader(names, examples),
        examples=examples,
        compatibility=_compatibility(names, known, training, calibration),
    )


def _compatibility(names: Sequence[str], known: Examples, training: Pictures, calibration: Pictures) -> Compatibility:
    usual = training.at((training.models < len(names)) & ~training.ordered)
    patterns = usual.models * (1 + usual.patterns.max()) + usual.patterns
    both = Embedded(
        np.concatenate([known.embeddings.astype(np.float32), usual.embeddings]),
        np.concatenate([known.models.astype(np.intp), usual.models]),
    )
    judged = calibration.at(~calibration.ordered)
    made = Compatibility.of(
        names, both, Embedded(judged.embeddings, judged.models), repeatable_directions(usual.embeddings, patterns)
    )

    def ordered(pictures: Pictures, number: int) -> Floats:
        return pictures.embeddings[pictures.ordered & (pictures.models == number)]

    numbers = np.unique(training.models[training.ordered]).tolist()
    fits = {names[n]: made.fit_of(ordered(training, n), ordered(calibration, n)) for n in numbers}
    return dataclasses.replace(made, ordered=fits)


def measured(identifier: Identifier, pictures: Pictures) -> Mapping[str, Any]:
    """How well pictures of patterns, and some without, are read: shares, and models compatible with a pattern."""
    probabilities = identifier.models.probabilities(pictures.embeddings)
    shown = pictures.models < len(identifier.candidates)
    none = probabilities[:, -1] > 0.5
    order = np.argsort(-probabilities[shown, :-1], axis=1)
    truth = pictures.models[shown]
    found: dict[str, Any] = {
        "model_top1": float((order[:, 0] == truth).mean()),
        "model_top3": float((order[:, :3] == truth[:, None]).any(axis=1).mean()),
        "none_of_patterns": float(none[shown].mean()),
    }
    if not shown.all():
        found["none_of_none"] = float(none[~shown].mean())
    if identifier.compatibility is not None:
        names = list(identifier.compatibility.fits)
        rows = [identifier.compatibility.p_values(each) for each in pictures.embeddings[shown]]
        p = np.array([[row[name] for name in names] for row in rows])
        found["compatible_with_own"] = float((p[np.arange(len(truth)), truth] >= LEAST).mean())
        found["compatible_models"] = float((p >= LEAST).sum(axis=1).mean())
    return found
