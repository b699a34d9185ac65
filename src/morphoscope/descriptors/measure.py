"""All descriptors of a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.descriptors import motion
from morphoscope.descriptors.shapes import shapes
from morphoscope.descriptors.spectrum import PERIODIC, spectrum


def measure(
    frames: NDArray[np.floating],
    *,
    times: Sequence[float] | None = None,
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> dict[str, float]:
    """Compute all descriptors of one run.

    Parameters
    ----------
    frames
        Snapshots of one species, (time, y, x).
    times
        Time of each frame; by default 0, 1, 2 …
    spacing
        Side of a cell.
    periodic
        Whether the grid is periodic along y and along x.
    magnitude
        Typical magnitude of the values. A frame is homogeneous if its standard deviation is at most 1e-4 of this or of
        its mean.

    Returns
    -------
    dict
        A number for each of :data:`morphoscope.descriptors.DESCRIPTORS`, by name; NaN if it is undefined.

    Raises
    ------
    UsageError
        For arrays of another shape, times that are not ascending, and values that are not finite.

    Examples
    --------
    Stripes with a wavelength of 16 cells, with cells of length 0.5:

    >>> import numpy as np
    >>> from morphoscope.descriptors import measure
    >>> stripes = np.cos(2 * np.pi * np.arange(64) / 16) * np.ones((64, 1))
    >>> found = measure(stripes[None], spacing=0.5)
    >>> round(found["wavelength"], 6), round(found["wavenumber"], 6)
    (8.0, 0.785398)
    """
    frames = np.asarray(frames)
    when = np.arange(len(frames), dtype=np.float64) if times is None else np.array(times, dtype=np.float64)
    if frames.ndim != 3 or not frames.size or max(frames.shape[1:]) < 4:
        raise UsageError(f"frames have shape {frames.shape}; expected (time, y, x) with 4 cells or more along x")
    if when.shape != (len(frames),) or np.any(np.diff(when) <= 0):
        raise UsageError(f"{len(frames)} frames, {when.size} times; expected one ascending time per frame")
    if not np.isfinite(frames).all():
        raise UsageError("frames contain values that are not finite; only finished runs have descriptors")
    last = frames[-1].astype(np.float64)
    waves = spectrum(last, spacing, periodic, magnitude)
    cut = shapes(last, spacing, periodic, magnitude)
    return {
        "wavelength": waves.wavelength,
        "wavenumber": waves.wavenumber,
        "spectral_width": waves.width,
        "anisotropy": waves.anisotropy,
        "mean": float(last.mean()),
        "variance": float(last.var()),
        "minimum": float(last.min()),
        "maximum": float(last.max()),
        "spots": float(cut.spots),
        "spot_area": cut.spot_area,
        "holes": float(cut.holes),
        "hole_area": cut.hole_area,
        "euler": float(cut.euler),
        "activity": motion.activity(frames, when),
        "drift_speed": motion.drift_speed(frames, when, spacing, periodic, magnitude),
        "period": motion.period(frames, when, magnitude),
    }
