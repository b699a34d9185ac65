"""Train a classifier on a labelled ensemble, or an estimator on runs with known parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.datasets import DataSet
    from morphoscope.learning.encoder import Encoder
    from morphoscope.learning.estimating.estimator import Estimator

PathLike = str | Path
_NETWORK = "periodic-2d"


def train(
    data: PathLike | Ensemble | Atlas,
    validation: PathLike | Ensemble | None = None,
    out: PathLike | None = None,
    *,
    target: str | Sequence[str] | None = None,
    network: str = _NETWORK,
    pretrained: PathLike | Encoder | Classifier | None = None,
    freeze: bool = False,
    epochs: int | None = None,
    seed: int = 0,
    paper_augmentation: bool = False,
    preparation: Preparation | None = None,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Classifier | Any:
    """Train a network on a labelled ensemble; with ``target``, on the parameters of any ensemble.

    Parameters
    ----------
    data
        A labelled ensemble to train on, or its folder, or that of a confirmed chart (see :func:`morphoscope.regroup`),
        whose runs are divided into training and validation set; with ``target``, of any ensemble over a region of
        parameters. Annotations of an ensemble (see :func:`morphoscope.annotate`) are labels, too; an annotated ensemble
        is divided like a chart if ``validation`` is left out. Or a folder of photographs, one subfolder a class, or
        with a table (CSV) that has the columns ``file`` and ``class``: they are prepared, and every fourth is
        for validation unless another such folder is given.
    validation
        Another labelled ensemble, or its folder, with the same grid and times and other seeds. It determines which
        epoch is kept (the last one whose accuracy is within one standard error of the best) and calibrates the
        probabilities. With ``target`` it may be left out: then a tenth of the points is held out.
    out
        Folder for the classifier or estimator. Default: it is not saved.
    target
        Names of parameters, as in ``"f,k"``: train an estimator of their posterior, for :func:`morphoscope.infer`.
    network
        ``periodic-2d``, ``scholz2022-2d``, ``encoder-linear`` or, for runs with ten frames, ``scholz2022-3d``,
        ``sequence-2d`` or ``encoder-windows``.
    pretrained
        Start from a trained network instead: an encoder or its folder, ``"shipped"`` for the encoder that comes with
        the package (the result is an ``encoder-linear`` network; for five frames or more ``encoder-windows``, which
        averages over windows of four frames), or a classifier, its folder or its name (the result is of its kind), or
        ``"timm:NAME"`` for a network of the package timm, whose weights timm downloads;
        ``"timm:NAME@FILE.safetensors"`` has them in a file. Its last layer is fitted to the new classes, then all
        layers are trained with a tenth of the learning rate.
    freeze
        Whether to fit only the last layer of ``pretrained``, which takes seconds and needs few labels. Then validation
        runs may be left out; they would only calibrate the probabilities.
    epochs
        Number of epochs. Default: the network's own number, which is smaller for large sets.
    seed
        Seed of the initial weights, the order of the runs, and the augmentation.
    paper_augmentation
        Whether to also rotate by any angle, shear and zoom at random, as Scholz & Scholz (2022) do. Shifts, reflections
        and rotations by right angles, which are exact symmetries, are always used.
    preparation
        How photographs are prepared, see :func:`morphoscope.prepare`. Default: ``Preparation()``.
    overwrite
        Whether to replace an earlier classifier in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Classifier or Estimator
        The network with its classes, their homogeneous steady states, its calibration and its provenance. With
        ``target``, an :class:`morphoscope.Estimator`.

    Raises
    ------
    UsageError
        If no labelled run is done, if there are fewer than 2 classes or fewer than 2 runs per class, if the validation
        set has another grid or other classes, if the network can't read the runs, if there is no such ``pretrained``
        network, or if a target is no parameter that
        varies in the ensemble.

    Examples
    --------
    >>> import morphoscope
    >>> from pathlib import Path
    >>> _ = Path("points.csv").write_text("f,k,class,runs\\n0.046,0.063,spots,3\\n0.005,0.05,homogeneous,3\\n")
    >>> for name, seed in (("train", 1), ("validation", 2)):
    ...     plan = morphoscope.scan_plan("gray-scott", points="points.csv", size=(40, 40), until=2000, seed=seed)
    ...     _ = morphoscope.ensemble(plan, name)
    >>> classifier = morphoscope.train("train", "validation", "classifier", epochs=2)
    >>> classifier
    Classifier('classifier', periodic-2d, 2 classes)
    >>> [known.name for known in classifier.homogeneous]
    ['homogeneous']
    """
    require("learn")
    from morphoscope.core.storage import reserved
    from morphoscope.learning.classifier import METADATA_FILE
    from morphoscope.learning.networks import get_network
    from morphoscope.learning.training import train_classifier
    from morphoscope.learning.transfer import open_pretrained
    from morphoscope.operations.photograph_sets import are_photographs, photograph_sets

    get_network(network)
    data, validation = _folder(data), None if validation is None else _folder(validation)
    if target is not None:
        if network != _NETWORK or paper_augmentation or pretrained is not None:
            raise UsageError(f"estimators are trained with {_NETWORK} and exact symmetries only; leave the others out")
        return _train_estimator(data, validation, out, target, epochs, seed, overwrite, progress)
    if pretrained is not None and network != _NETWORK:
        raise UsageError(f"the network to start from is not {network!r}; give one of both", parameter="pretrained")
    if freeze and pretrained is None:
        raise UsageError("nothing to freeze; name the network to start from", parameter="pretrained")
    photographs = not _is_atlas(data) and are_photographs(data)
    if preparation is not None and not photographs:
        raise UsageError(f"{data} is no folder of photographs; leave the preparation out")
    divided = _is_atlas(data) or photographs or (validation is None and not freeze and _is_annotated(data))
    if validation is None and not freeze and not divided:
        raise UsageError("a classifier needs another labelled ensemble to validate with", parameter="validation")
    folder = None if out is None else Path(out)
    with reserved(folder, METADATA_FILE, "training", overwrite=overwrite):
        start = None if pretrained is None else open_pretrained(pretrained)
        sets: tuple[DataSet, DataSet | None]
        if photographs:
            sets = photograph_sets(data, validation, preparation, seed, progress)
        elif divided:
            sets = _divided_sets(data, validation, seed, progress)
        else:
            sets = _labelled(data), None if validation is None else _labelled(validation)
        classifier = train_classifier(
            *sets,
            network=network,
            pretrained=start,
            freeze=freeze,
            epochs=epochs,
            seed=seed,
            paper_augmentation=paper_augmentation,
            progress=progress,
        )
        if folder is not None:
            classifier.save(folder, overwrite=overwrite)
    return classifier


def _folder(data: PathLike | Ensemble | Atlas) -> PathLike:
    return data if isinstance(data, str | Path) else data.folder


def _is_atlas(data: PathLike) -> bool:
    from morphoscope.atlas.files import ATLAS_FILE

    return any((Path(data) / folder / ATLAS_FILE).is_file() for folder in ("", "atlas"))


def _is_annotated(data: PathLike) -> bool:
    """Whether people have given runs of an ensemble classes."""
    from morphoscope.atlas.annotations import FILE
    from morphoscope.atlas.training_set import annotations_of
    from morphoscope.ensembles import Ensemble

    return (Path(data) / FILE).is_file() and bool(annotations_of(Ensemble(data)))


def _labelled(data: PathLike) -> DataSet:
    """The labelled and annotated runs of an ensemble."""
    from morphoscope.atlas.training_set import annotated_labels
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.datasets import load_labelled

    ensemble = Ensemble(data)
    return load_labelled(ensemble, annotated_labels(ensemble))


def _divided_sets(
    data: PathLike, validation: PathLike | None, seed: int, progress: Reporter
) -> tuple[DataSet, DataSet]:
    """The training and validation set of a confirmed chart or an annotated ensemble."""
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.training_set import annotated_sets, training_sets
    from morphoscope.ensembles import Ensemble

    if not _is_atlas(data):
        return annotated_sets(Ensemble(data), seed, progress)
    if validation is not None:
        raise UsageError("a chart is divided into training and validation set; omit the second", parameter="validation")
    return training_sets(open_atlas(data), seed, progress)


def _train_estimator(
    data: PathLike,
    validation: PathLike | None,
    out: PathLike | None,
    target: str | Sequence[str],
    epochs: int | None,
    seed: int,
    overwrite: bool,
    progress: Reporter,
) -> Estimator:
    from morphoscope.core.storage import reserved
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.description import ESTIMATOR_FILE
    from morphoscope.learning.estimating.targets import load_targets
    from morphoscope.learning.estimating.training import train_estimator

    folder = None if out is None else Path(out)
    with reserved(folder, ESTIMATOR_FILE, "training", overwrite=overwrite):
        judged = None if validation is None else load_targets(Ensemble(validation), target)
        runs = load_targets(Ensemble(data), target)
        estimator = train_estimator(runs, judged, epochs=epochs, seed=seed, progress=progress)
        if folder is not None:
            estimator.save(folder, overwrite=overwrite)
    return estimator
