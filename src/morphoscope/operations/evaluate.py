"""Compare a classifier with the labels of an ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.evaluation import Evaluation

PathLike = str | Path


def evaluate(classifier: PathLike | Classifier, data: PathLike, out: PathLike | None = None) -> Evaluation:
    """Compare a classifier with the labels of an ensemble; with ``out`` write evaluation.json and figures."""
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import check_readable, load_labelled, seen_in_training
    from morphoscope.learning.evaluation import assess
    from morphoscope.reports.evaluations import check_evaluation_folder, save_evaluation

    trained = open_classifier(classifier)
    source = Ensemble(data)
    check_readable(trained, source)
    if out is not None:
        check_evaluation_folder(Path(out))
    labelled = load_labelled(source)
    evaluation = assess(
        labelled.name,
        trained.predict(labelled.frames),
        labelled.labels,
        seen_in_training(trained, labelled.points),
    )
    if out is not None:
        save_evaluation(evaluation, Path(out))
    return evaluation
