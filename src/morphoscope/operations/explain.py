"""Show where a classifier looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.saliency import Saliency

PathLike = str | Path


def explain(classifier: PathLike | Classifier, data: PathLike, out: PathLike, *, per_class: int = 1) -> Saliency:
    """Show where a classifier looks: saliency of patterns of each class of an ensemble, as figures and arrays."""
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import check_readable, load_labelled
    from morphoscope.learning.saliency import explain_patterns
    from morphoscope.rendering.scale import range_of_runs
    from morphoscope.reports.evaluations import check_saliency_folder, save_saliency

    if per_class < 1:
        raise UsageError(f"per_class={per_class}; use 1 or more")
    trained = open_classifier(classifier)
    source = Ensemble(data)
    check_readable(trained, source)
    check_saliency_folder(Path(out))
    labelled = load_labelled(source)
    chosen = labelled.examples(per_class)
    frames = labelled.frames[chosen]
    labels = [labelled.labels[i] for i in chosen]
    saliency = explain_patterns(trained, frames)
    ends = range_of_runs(labelled.frames, shown=source.plan.shown)
    save_saliency(frames, labels, saliency, Path(out), ends)
    return saliency
