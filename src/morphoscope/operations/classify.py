"""Read patterns from arrays, files, runs and ensembles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.simulation import Simulation
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.prediction import Prediction

PathLike = str | Path
_MIN_FOR_PROGRESS = 100  # with fewer patterns, no progress bar is shown


def classify(
    classifier: PathLike | Classifier,
    data: PathLike | ArrayLike | Simulation | Ensemble | Any,
    *,
    cell_size: float | None = None,
    resize: bool = False,
    coverage: float = 0.9,
    progress: Reporter = AUTO,
) -> Prediction:
    """Read patterns: determine the class of each one, and its probability.

    Homogeneous patterns are not read by the network. The class of a run follows from its steady state by theory, that
    of an array from its mean.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        What to read: an array (y, x), (frames, y, x) or (n, frames, y, x); an xarray.DataArray with dimensions y, x
        and, optionally, time and one more; a Simulation; an Ensemble; or the path of a file (.npy, .npz, PNG, TIFF), of
        a run's folder, or of an ensemble. 8- and 16-bit integers are grey levels, whose largest value is concentration
        1. A single frame, or a grey picture, is read as a pattern that does not change.
    cell_size
        For arrays and pictures: the side of a cell, in the same unit as that of the training runs
        (``classifier.trained_on.spacing``). Default: the value of the training runs or, for a DataArray, that of its
        coordinates x and y. Runs and ensembles have their own.
    resize
        For arrays and pictures of another size: stretch them by the same factor in both directions to the classifier's
        grid. This changes their wavelengths; if the cell size is known, give it instead.
    coverage
        Of the conformal sets of classes: the share of patterns like those of the validation set whose set contains
        their class.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Prediction
        Names and probabilities of the classes, what determined each class, and notes on the preparation. If the
        classifier stores what they need: the known score, by which patterns that are unlike those of the training are
        ``unknown``, and the conformal sets.

    Raises
    ------
    UsageError
        For data that can't be read: a species or times that the classifier does not read, NaN, colour photographs, or
        another grid with unknown cell size.

    Notes
    -----
    A network depends on the size of patterns in cells. Patterns whose cell size h/√D differs from that in training (h:
    side of a cell, D: diffusion coefficient of the species) are interpolated to that of the training. Larger fields are
    read in windows whose probabilities are averaged; smaller ones are repeated periodically.

    Examples
    --------
    >>> import morphoscope
    >>> run = morphoscope.simulate("gray-scott", {"f": 0.05, "k": 0.07}, size=(40, 40), until=500)
    >>> found = morphoscope.classify("gray-scott-second-pass", run)
    >>> found.names, found.read_by.tolist()
    (['H'], ['theory'])
    >>> import numpy as np
    >>> y, x = np.mgrid[:100, :100]
    >>> spots = 0.6 + 0.3 * np.cos(2 * np.pi * x / 12.5) * np.cos(2 * np.pi * y / 12.5)
    >>> found = morphoscope.classify("gray-scott-second-pass", spots, cell_size=1)
    >>> found.read_by.tolist(), len(found.notes)
    (['network'], 2)
    """
    from morphoscope.core.progress import warn
    from morphoscope.learning.classifier import open_classifier
    from morphoscope.learning.reading import read
    from morphoscope.learning.sources import patterns_from

    trained = open_classifier(classifier)
    patterns = patterns_from(data, trained, cell_size=cell_size, resize=resize)
    for doubt in patterns.doubts:
        warn(progress, doubt)
    for note in patterns.notes:
        progress.message(note)
    if len(patterns.frames) < _MIN_FOR_PROGRESS:
        return read(trained, patterns, coverage=coverage)
    with progress.task("classify", len(patterns.frames), "patterns") as task:
        return read(trained, patterns, task.advance, coverage=coverage)
