"""Train a classifier on a labelled ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier

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
    progress: Reporter = AUTO,
) -> Classifier:
    """Train a network on a labelled ensemble.

    Parameters
    ----------
    data
        The folder of a labelled ensemble to train on.
    validation
        The folder of another labelled ensemble with the same grid and times and other seeds. It determines which epoch
        is kept (the last one whose accuracy is within one standard error of the best) and calibrates the probabilities.
    out
        Folder for the classifier. Default: it is not saved.
    network
        ``periodic-2d`` or ``scholz2022-2d``.
    epochs
        Number of epochs. Default: the network's own number, which is smaller for large sets.
    seed
        Seed of the initial weights, the order of the runs, and the augmentation.
    paper_augmentation
        Whether to also rotate by any angle, shear and zoom at random, as Scholz & Scholz (2022) do. Shifts, reflections
        and rotations by right angles, which are exact symmetries, are always used.
    overwrite
        Whether to replace an earlier classifier in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Classifier
        The network with its classes, their homogeneous steady states, its calibration and its provenance.

    Raises
    ------
    UsageError
        If no labelled run is done, if there are fewer than 2 classes or fewer than 2 runs per class, if the validation
        set has another grid or other classes, or if the network can't read the runs.

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
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import METADATA_FILE
    from morphoscope.learning.datasets import load_labelled
    from morphoscope.learning.networks import get_network
    from morphoscope.learning.training import train_classifier

    get_network(network)
    folder = None if out is None else Path(out)
    with reserved(folder, METADATA_FILE, "training", overwrite=overwrite):
        classifier = train_classifier(
            load_labelled(Ensemble(data)),
            load_labelled(Ensemble(validation)),
            network=network,
            epochs=epochs,
            seed=seed,
            paper_augmentation=paper_augmentation,
            progress=progress,
        )
        if folder is not None:
            classifier.save(folder, overwrite=overwrite)
    return classifier
