"""All descriptors of a run, and of many."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.descriptors import motion
from morphoscope.ensembles.descriptors.shapes import shapes
from morphoscope.ensembles.descriptors.spectrum import PERIODIC, spectrum
from morphoscope.ensembles.plan import Plan
from morphoscope.errors import UsageError


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


def measure_runs(
    plan: Plan, runs: Sequence[int], read: Callable[[int], NDArray[np.floating]], workers: int | None = None
) -> Iterator[dict[str, float]]:
    """The descriptors of a plan's runs in turn, by threads; ``read`` gives a run's frames (time, y, x)."""
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    periodic = (plan.grid.along("y") == "periodic", plan.grid.along("x") == "periodic")

    def work(run: int) -> dict[str, float]:
        return measure(read(run), times=plan.times, spacing=plan.grid.spacing, periodic=periodic)

    pool = concurrent.futures.ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="describe")
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        yield from pool.map(work, runs)
