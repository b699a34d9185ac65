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
) -> dict[str, float]:
    """Every descriptor of one run's frames (time, y, x) of a species, by name; NaN where undefined.

    ``times``: of the frames, by default 0, 1, 2 …; ``spacing``: side of a cell; ``periodic``: along y, along x.
    Raises UsageError for arrays of another shape and for numbers that are not finite.
    """
    frames = np.asarray(frames)
    when = np.arange(len(frames), dtype=np.float64) if times is None else np.array(times, dtype=np.float64)
    if frames.ndim != 3 or not frames.size or max(frames.shape[1:]) < 4:
        raise UsageError(f"frames have shape {frames.shape}; expected (time, y, x) with 4 cells or more along x")
    if when.shape != (len(frames),) or np.any(np.diff(when) <= 0):
        raise UsageError(f"{len(frames)} frames, {when.size} times; expected one ascending time a frame")
    if not np.isfinite(frames).all():
        raise UsageError("frames hold numbers that are not finite; only finished runs have descriptors")
    last = frames[-1].astype(np.float64)
    waves = spectrum(last, spacing, periodic)
    cut = shapes(last, spacing, periodic)
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
        "drift_speed": motion.drift_speed(frames, when, spacing, periodic),
        "period": motion.period(frames, when),
    }
