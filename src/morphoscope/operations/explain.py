"""Show which parts of patterns the output of a network depends on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.saliency import Saliency

PathLike = str | Path


def explain(
    classifier: PathLike | Classifier, data: PathLike | Ensemble, out: PathLike, *, per_class: int = 1
) -> Saliency:
    """Compute saliency maps, which show the parts of patterns that the output of a network depends on.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        A labelled ensemble or its folder, with the grid that the classifier was trained on.
    out
        Folder for saliency.npz (arrays) and saliency.png and .svg (a gallery). Earlier maps in it are replaced.
    per_class
        Number of patterns of each class; the first ones of the ensemble are used.

    Returns
    -------
    Saliency
        The class that each pattern is read as, smoothed gradients and integrated gradients.

    Raises
    ------
    UsageError
        If no labelled run is done, for runs of another grid or cell size, and if ``out`` contains other files.

    Examples
    --------
    >>> import morphoscope
    >>> from pathlib import Path
    >>> _ = Path("points.csv").write_text("f,k,class\\n0.046,0.063,kappa\\n")
    >>> plan = morphoscope.scan_plan("gray-scott", points="points.csv", until=200, times=(140, 170, 200))
    >>> ensemble = morphoscope.ensemble(plan, "labelled")
    >>> found = morphoscope.explain("gray-scott-second-pass", ensemble, "saliency")
    >>> found.integrated_gradients.shape, Path("saliency/saliency.png").is_file()
    ((1, 128, 128), True)
    """
    from morphoscope.atlas.training_set import annotated_labels
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import first_of_each_class, labelled_runs
    from morphoscope.learning.patterns import of_ensemble
    from morphoscope.learning.saliency import explain_patterns
    from morphoscope.rendering.scale import range_of_runs
    from morphoscope.reports.evaluations import check_saliency_folder, save_saliency

    if per_class < 1:
        raise UsageError(f"per_class={per_class}; use 1 or more")
    trained = open_classifier(classifier)
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    classes = annotated_labels(source)
    labelled = labelled_runs(source, classes)
    runs = first_of_each_class(classes, labelled, per_class)
    check_saliency_folder(Path(out))
    patterns = of_ensemble(trained, source, runs)
    if not patterns.fit(trained.input):
        raise UsageError(
            f"{source.folder} has another grid or cell size than the classifier was trained on "
            f"({trained.input.accepts()}); saliency maps need the same size"
        )
    labels = [str(classes[run]) for run in runs]
    saliency = explain_patterns(trained, patterns.frames)
    ends = range_of_runs(source.frames(labelled), shown=source.plan.shown)
    save_saliency(patterns.frames, labels, saliency, Path(out), ends)
    return saliency
