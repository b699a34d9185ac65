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
_FEWEST_SHOWN = 100  # patterns from which a progress bar is worth its line


def classify(
    classifier: PathLike | Classifier,
    data: PathLike | ArrayLike | Simulation | Ensemble | Any,
    *,
    cell_size: float | None = None,
    resize: bool = False,
    progress: Reporter = AUTO,
) -> Prediction:
    """Read patterns: which class each one is, and how certain that is.

    Homogeneous patterns need no network: of a run, theory says which steady state it is in; of an array, its mean does.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        What to read: an array (y, x), (frames, y, x) or (n, frames, y, x); an xarray.DataArray with dimensions y, x and
        perhaps time and one more; a Simulation; an Ensemble; or the path of a file (.npy, .npz, PNG, TIFF), of a run's
        folder, or of an ensemble. 8- and 16-bit integers are grey levels, whose largest value is concentration 1. A
        single frame, or a grey picture, stands for a pattern at rest.
    cell_size
        For arrays and pictures: the side of a cell, in the unit in which the classifier's training has its own
        (``classifier.trained_on.spacing``). Default: the training's, or what x and y of a DataArray say. Runs and
        ensembles know theirs.
    resize
        For arrays and pictures of another size: stretch them, in both directions alike, to the classifier's grid. Their
        wavelengths change with that; where the cell size is known, give it instead.
    progress
        Shows how far the work is. Default: a bar in notebooks only.

    Returns
    -------
    Prediction
        Names and probabilities of the classes, what decided each, and notes on what was done before.

    Raises
    ------
    UsageError
        For data that can't be read: another species or other times than the classifier reads, NaN, colour photographs,
        a grid of unknown cell size.

    Notes
    -----
    A network knows patterns by their size in cells. Patterns whose cells have another size h/√D than in training (h
    the side of a cell, D the species' diffusion coefficient) are interpolated to that size; larger fields are read in
    windows whose probabilities are averaged, smaller ones are repeated periodically.

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
    if len(patterns.frames) < _FEWEST_SHOWN:
        return read(trained, patterns)
    with progress.task("classify", len(patterns.frames), "patterns") as task:
        return read(trained, patterns, task.advance)
