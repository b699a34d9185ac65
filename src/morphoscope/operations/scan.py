"""Let a classifier read an ensemble into an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.learning.classifier import Classifier

PathLike = str | Path


def scan(
    classifier: PathLike | Classifier,
    data: PathLike,
    out: PathLike,
    *,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Atlas:
    """Let a classifier read every run of an ensemble, and describe it; writes an atlas with points.csv."""
    from morphoscope.atlas import read_ensemble
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import foreign_parameters

    trained, source = open_classifier(classifier), Ensemble(data)
    if foreign := foreign_parameters(trained, source.plan):
        progress.say(
            f"the classifier was trained on another model than {source.plan.model.name} "
            f"(with {', '.join(foreign)}); its classes may mean nothing here"
        )
    return read_ensemble(trained, source, out, overwrite=overwrite, progress=progress)
