"""Compare a classifier with the labels of an ensemble, or an estimator with its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.estimating.calibration import EstimatorEvaluation
    from morphoscope.learning.estimating.estimator import Estimator
    from morphoscope.learning.evaluation import Evaluation
    from morphoscope.learning.over_time import OverTime

PathLike = str | Path


@overload
def evaluate(
    classifier: PathLike | Classifier,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    over_time: Literal[True],
    times: float | Sequence[float] | None = None,
    progress: Reporter = AUTO,
) -> OverTime: ...
@overload
def evaluate(
    classifier: Estimator,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    over_time: Literal[False] = False,
    times: None = None,
    progress: Reporter = AUTO,
) -> EstimatorEvaluation: ...
@overload
def evaluate(
    classifier: Classifier,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    over_time: Literal[False] = False,
    times: None = None,
    progress: Reporter = AUTO,
) -> Evaluation: ...
@overload
def evaluate(
    classifier: PathLike,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    over_time: bool = False,
    times: float | Sequence[float] | None = None,
    progress: Reporter = AUTO,
) -> Evaluation | Any: ...
def evaluate(
    classifier: PathLike | Classifier | Estimator,
    data: PathLike | Ensemble,
    out: PathLike | None = None,
    *,
    over_time: bool = False,
    times: float | Sequence[float] | None = None,
    progress: Reporter = AUTO,
) -> Evaluation | EstimatorEvaluation | OverTime:
    """Compare a classifier with the labels of an ensemble.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one; or an estimator or its folder.
    data
        A labelled ensemble or its folder, for an estimator any ensemble of its model; runs that are
        not labelled or not done are left out. Annotations (see :func:`morphoscope.annotate`) are labels, too.
    out
        Folder for evaluation.json and the confusion matrix as table and figure; for an estimator, the ranks; for an
        evaluation over time, over_time.json, over_time.csv and the figure.
    over_time
        Whether to read the runs at several times: the accuracy against the time, and when readings settle.
    times
        With ``over_time``: when to read. Default: at the snapshots of the runs or, if the classifier finds its frames
        at one of them only, at 30 times up to the end. Runs without snapshots at these times are simulated again.
    progress
        Reporter that shows notes and warnings about the comparison. Default: Python warnings.

    Returns
    -------
    Evaluation, EstimatorEvaluation or OverTime
        Of an estimator: errors, and ranks and coverage by simulation-based calibration. Of a classifier: all numbers
        are of the network alone, except ``combined``: the accuracy of :func:`morphoscope.classify`, in which
        theory determines the class of homogeneous runs. With ``over_time``, all numbers are of that reading.
        Accuracies have 95 % intervals: the bootstrap's or, if all runs are right or none is, Wilson's.

    Raises
    ------
    UsageError
        If no labelled run is done, for labels that the classifier does not know, if it can't read the runs, and for
        times that the runs do not have.

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
    >>> early = morphoscope.evaluate("gray-scott-second-pass", ensemble, over_time=True, times=[500, 3000])
    >>> early.read.tolist(), early.settled.tolist()
    ([['H', 'H'], ['H', 'H']], [500.0, 500.0])
    """
    from morphoscope.atlas.training_set import annotated_labels
    from morphoscope.core.progress import warn
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import labelled_runs, seen_in_training
    from morphoscope.learning.estimating.estimator import Estimator
    from morphoscope.learning.evaluation import assess
    from morphoscope.learning.patterns import of_ensemble
    from morphoscope.learning.prediction import Outputs
    from morphoscope.learning.reading import network_alone, with_theory
    from morphoscope.reports.evaluations import check_evaluation_folder, save_evaluation

    if times is not None and not over_time:
        raise UsageError("times are given, but the runs are to be read once", parameter="over_time")
    estimator = _estimator(classifier)
    if estimator is not None:
        if over_time:
            raise UsageError("an estimator is not evaluated over time, only a classifier; leave that out")
        return _evaluate_estimator(estimator, data, out)
    assert not isinstance(classifier, Estimator)
    trained = open_classifier(classifier)
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    classes = annotated_labels(source)
    runs = labelled_runs(source, classes)
    labels = [str(classes[run]) for run in runs]
    if over_time:
        return _evaluate_over_time(trained, source, runs, labels, out, times, progress)
    if out is not None:
        check_evaluation_folder(Path(out))
    patterns = of_ensemble(trained, source, runs)
    for doubt in patterns.doubts:
        warn(progress, doubt)
    for note in patterns.notes:
        progress.message(note)
    network = network_alone(trained, patterns)
    evaluation = assess(
        source.plan.name,
        network,
        labels,
        seen_in_training(trained, [source.plan.runs[run].parameters.given for run in runs]),
        combined=with_theory(trained, patterns, lambda places: Outputs(network.probabilities[places])),
    )
    if out is not None:
        save_evaluation(evaluation, Path(out))
    return evaluation


def _evaluate_over_time(
    classifier: Classifier,
    source: Ensemble,
    runs: NDArray[np.intp],
    labels: Sequence[str],
    out: PathLike | None,
    times: float | Sequence[float] | None,
    progress: Reporter,
) -> OverTime:
    from morphoscope.learning.evaluation import check_labels
    from morphoscope.learning.over_time import OverTime, read_over_time
    from morphoscope.reports.over_time import check_over_time_folder, save_over_time

    if out is not None:
        check_over_time_folder(Path(out))
    check_labels(labels, classifier.classes)
    chosen = None if times is None else [float(t) for t in ([times] if isinstance(times, int | float) else times)]
    read_at, names = read_over_time(classifier, source, runs, chosen, progress=progress)
    found = OverTime(source.plan.name, read_at, tuple(labels), names)
    if out is not None:
        save_over_time(found, Path(out))
    return found


def _estimator(source: Any) -> Estimator | None:
    """The estimator that is given, itself or by its folder; None for a classifier."""
    from morphoscope.learning.estimating.estimator import Estimator, is_estimator_folder, open_estimator

    if isinstance(source, Estimator):
        return source
    return open_estimator(source) if isinstance(source, str | Path) and is_estimator_folder(source) else None


def _evaluate_estimator(estimator: Estimator, data: PathLike | Ensemble, out: PathLike | None) -> EstimatorEvaluation:
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.estimating.calibration import assess_estimator
    from morphoscope.learning.estimating.targets import load_targets
    from morphoscope.reports.estimates import save_calibration
    from morphoscope.reports.evaluations import check_evaluation_folder

    if out is not None:
        check_evaluation_folder(Path(out))
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    evaluation = assess_estimator(estimator, load_targets(source, estimator.targets))
    if out is not None:
        save_calibration(evaluation, Path(out))
    return evaluation
