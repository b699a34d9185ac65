"""Read patterns from arrays, files, runs and ensembles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from morphoscope.learning.classifier import Classifier, Prediction

PathLike = str | Path


def classify(
    classifier: PathLike | Classifier, data: PathLike | NDArray[np.float32], *, resize: bool = False
) -> Prediction:
    """Read patterns: an array, a file (.npy, .npz, PNG, TIFF), the folder of a run, or an ensemble."""
    import numpy as np

    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.store import PLAN_FILE
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.datasets import check_readable
    from morphoscope.learning.patterns import read_patterns

    trained = open_classifier(classifier)
    if isinstance(data, np.ndarray):
        return trained.predict(np.asarray(data, dtype=np.float32))
    if (Path(data) / PLAN_FILE).is_file():
        source = Ensemble(data)
        check_readable(trained, source)
        return trained.predict(source.frames(source.usable()))
    return trained.predict(read_patterns(data, trained.input, resize=resize))
