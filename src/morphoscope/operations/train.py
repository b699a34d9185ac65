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
    """Train a network on a labelled ensemble; the validation ensemble chooses the epoch and the temperature."""
    require("learn")
    from morphoscope.core.storage import check_output
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import DESCRIPTION_FILE
    from morphoscope.learning.datasets import load_labelled
    from morphoscope.learning.networks import get_network
    from morphoscope.learning.training import train_classifier

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
