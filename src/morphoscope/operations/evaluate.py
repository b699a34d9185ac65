"""Compare a classifier with the labels of an ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.evaluation import Evaluation

PathLike = str | Path


def evaluate(
    classifier: PathLike | Classifier,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    progress: Reporter = AUTO,
) -> Evaluation:
    """Compare a classifier with the labels of an ensemble.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        A labelled ensemble or its folder; runs that are not labelled or not done are left out.
    out
        Folder for evaluation.json and the confusion matrix as table and figure.
    progress
        Reporter that shows notes and warnings about the comparison. Default: Python warnings.

    Returns
    -------
    Evaluation
        All numbers are of the network alone, except ``combined``: the accuracy of :func:`morphoscope.classify`, in
        which theory determines the class of homogeneous runs.

    Raises
    ------
    UsageError
        If no labelled run is done, for labels that the classifier does not know, or if it can't read the runs.

    Examples
    --------
    >>> import morphoscope
    >>> from pathlib import Path
    >>> _ = Path("points.csv").write_text("f,k,class,runs\\n0.005,0.05,H,2\\n")
    >>> plan = morphoscope.scan_plan("gray-scott", points="points.csv", size=(64, 64), until=3000)
    >>> ensemble = morphoscope.ensemble(plan, "labelled")
    >>> found = morphoscope.evaluate("gray-scott-second-pass", ensemble)
    >>> found.accuracy.value, found.combined.value, found.homogeneous
    (1.0, 1.0, 2)
    """
    from morphoscope.core.progress import warn
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import labelled_runs, seen_in_training
    from morphoscope.learning.evaluation import assess
    from morphoscope.learning.patterns import of_ensemble
    from morphoscope.learning.reading import network_alone, with_theory
    from morphoscope.reports.evaluations import check_evaluation_folder, save_evaluation

    trained = open_classifier(classifier)
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    runs = labelled_runs(source)
    if out is not None:
        check_evaluation_folder(Path(out))
    patterns = of_ensemble(trained, source, runs)
    for doubt in patterns.doubts:
        warn(progress, doubt)
    for note in patterns.notes:
        progress.message(note)
    labels = [str(source.labels()[run]) for run in runs]
    network = network_alone(trained, patterns)
    evaluation = assess(
        source.plan.name,
        network,
        labels,
        seen_in_training(trained, [source.plan.runs[run].parameters.given for run in runs]),
        combined=with_theory(trained, patterns, network.probabilities.__getitem__),
    )
    if out is not None:
        save_evaluation(evaluation, Path(out))
    return evaluation
