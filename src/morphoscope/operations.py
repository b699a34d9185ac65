"""The single steps from runs to a picture, one function each; :mod:`morphoscope.api` is their public face.

Each checks what it is given before it writes anything, raises :class:`~morphoscope.errors.UsageError` for what the
user can mend, and returns an object; the command line only prints it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.errors import UsageError
from morphoscope.progress import SILENT, Reporter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from morphoscope.atlas import Agreement, Atlas
    from morphoscope.learning.classifier import Classifier, Prediction
    from morphoscope.learning.evaluation import Evaluation
    from morphoscope.learning.saliency import Saliency

PathLike = str | Path


def train(
    data: PathLike,
    validation: PathLike,
    out: PathLike | None = None,
    *,
    network: str = "periodic-2d",
    epochs: int | None = None,
    seed: int = 0,
    paper_augmentation: bool = False,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Classifier:
    """Train a network on a labelled ensemble; the validation ensemble chooses the epoch and the temperature."""
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import DESCRIPTION_FILE
    from morphoscope.learning.datasets import load_labelled
    from morphoscope.learning.networks import get_network
    from morphoscope.learning.training import train_classifier
    from morphoscope.storage import check_output

    get_network(network)
    if out is not None:
        check_output(Path(out), DESCRIPTION_FILE, overwrite=overwrite)
    classifier = train_classifier(
        load_labelled(Ensemble(data)),
        load_labelled(Ensemble(validation)),
        network=network,
        epochs=epochs,
        seed=seed,
        paper_augmentation=paper_augmentation,
        progress=progress,
    )
    if out is not None:
        classifier.save(out, overwrite=overwrite)
    return classifier


def evaluate(classifier: PathLike | Classifier, data: PathLike, out: PathLike | None = None) -> Evaluation:
    """Compare a classifier with the labels of an ensemble; with ``out`` write evaluation.json and figures."""
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.datasets import check_readable, load_labelled, seen_in_training
    from morphoscope.learning.evaluation import assess
    from morphoscope.reports.evaluations import check_evaluation_folder, save_evaluation

    trained = _classifier(classifier)
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


def explain(classifier: PathLike | Classifier, data: PathLike, out: PathLike, *, per_class: int = 1) -> Saliency:
    """Show where a classifier looks: saliency of patterns of each class of an ensemble, as figures and arrays."""
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.datasets import check_readable, load_labelled
    from morphoscope.learning.saliency import explain_patterns
    from morphoscope.reports.evaluations import check_saliency_folder, save_saliency

    if per_class < 1:
        raise UsageError(f"per_class={per_class}; use 1 or more")
    trained = _classifier(classifier)
    source = Ensemble(data)
    check_readable(trained, source)
    check_saliency_folder(Path(out))
    labelled = load_labelled(source)
    chosen = labelled.examples(per_class)
    frames = labelled.frames[chosen]
    labels = [labelled.labels[i] for i in chosen]
    saliency = explain_patterns(trained, frames)
    save_saliency(frames, labels, saliency, Path(out), source.plan.shown)
    return saliency


def classify(
    classifier: PathLike | Classifier, data: PathLike | NDArray[np.float32], *, resize: bool = False
) -> Prediction:
    """Read patterns: an array, a file (.npy, .npz, PNG, TIFF), the folder of a run, or an ensemble."""
    import numpy as np

    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.store import PLAN_FILE
    from morphoscope.learning.datasets import check_readable
    from morphoscope.learning.patterns import read_patterns

    trained = _classifier(classifier)
    if isinstance(data, np.ndarray):
        return trained.predict(np.asarray(data, dtype=np.float32))
    if (Path(data) / PLAN_FILE).is_file():
        source = Ensemble(data)
        check_readable(trained, source)
        return trained.predict(source.frames(source.usable()))
    return trained.predict(read_patterns(data, trained.input, resize=resize))


def scan(
    classifier: PathLike | Classifier,
    data: PathLike,
    out: PathLike,
    *,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Atlas:
    """Let a classifier read every run of an ensemble, and describe it; writes an atlas with points.csv."""
    from morphoscope.atlas import read_ensemble
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.datasets import foreign_parameters

    trained, source = _classifier(classifier), Ensemble(data)
    if foreign := foreign_parameters(trained, source.plan):
        progress.say(
            f"the classifier was trained on another model than {source.plan.model.name} "
            f"(with {', '.join(foreign)}); its classes may mean nothing here"
        )
    return read_ensemble(trained, source, out, overwrite=overwrite, progress=progress)


def map(atlas: PathLike | Atlas, out: PathLike, *, color: str = "class", theory: bool = True) -> Path:
    """Draw the class map of an atlas, or one of its variables, as ``margin``, ``P(kappa)``, ``f`` or ``wavelength``."""
    from morphoscope.reports import class_map, save
    from morphoscope.reports.style import check_figure_path

    check_figure_path(out)
    return save(class_map(open_atlas(atlas), color=color, theory=theory), out)


def montage(atlas: PathLike | Atlas, class_name: str, out: PathLike, *, most: int | None = None) -> Path:
    """Draw all patterns that were read as one class."""
    from morphoscope.reports import montage as draw
    from morphoscope.reports import save
    from morphoscope.reports.montage import MOST
    from morphoscope.reports.style import check_figure_path

    check_figure_path(out)
    return save(draw(open_atlas(atlas), class_name, most=MOST if most is None else most), out)


def agree(atlas: PathLike | Atlas, other: PathLike | Atlas) -> Agreement:
    """How far two atlases agree on the runs that both hold."""
    return open_atlas(atlas).agreement(open_atlas(other))


def _classifier(source: PathLike | Classifier) -> Classifier:
    from morphoscope.learning.classifier import Classifier

    return source if isinstance(source, Classifier) else Classifier.load(source)


def open_atlas(source: PathLike | Atlas) -> Atlas:
    """An atlas by its folder, by the folder of its study, or by the name of a shipped one."""
    from morphoscope.atlas import Atlas

    return source if isinstance(source, Atlas) else Atlas(source)
