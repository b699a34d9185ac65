"""Descriptors of motion: activity, drift speed, period."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.spectrum import PERIODIC, SMALLEST_SPREAD, is_homogeneous

MIN_FRAMES = 8  # with fewer frames, no period is computed
_UNEXPLAINED = 0.05  # largest fraction of the variance that a drift or a period may leave unexplained
_TOLERANCE = 0.02  # a small displacement is preferred if its E exceeds that of a larger one by no more than this
_SEARCHED = 1 / 8  # largest displacement along a side that is not periodic, as a fraction of the side
_FLAT = 1e-4  # relative curvature below which a direction has no displacement, such as along stripes
_ROUNDING = 1e-9  # rounding error of E


def activity(frames: NDArray[np.floating], times: NDArray[np.float64]) -> float:
    """√⟨(c(t₂) − c(t₁))²⟩ / (t₂ − t₁) for the last two frames (time, y, x); NaN for a single frame."""
    if len(frames) < 2:
        return math.nan
    change = np.asarray(frames[-1], dtype=np.float64) - frames[-2]
    return math.sqrt(float(np.mean(change**2))) / float(times[-1] - times[-2])


def drift_speed(
    frames: NDArray[np.floating],
    times: NDArray[np.float64],
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> float:
    """|displacement| / time between the last two frames (time, y, x).

    NaN if the second frame is not a displaced copy of the first, if it is homogeneous, or if there is one frame. If
    several displacements explain it, for example multiples of a wavelength, the smallest is taken. A displacement along
    stripes can't be seen and counts as 0.
    """
    if len(frames) < 2 or is_homogeneous(frames[-1], magnitude):
        return math.nan
    if np.array_equal(frames[-1], frames[-2]):
        return 0.0
    moved = displacement(frames[-2], frames[-1], periodic, magnitude)
    return math.nan if moved is None else math.hypot(*moved) * spacing / float(times[-1] - times[-2])


def displacement(
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> tuple[float, float] | None:
    """s = (y, x), in cells, with second(x) = first(x − s); None if no s explains 95 % of the variance.

    s minimises E(s) = ⟨w (second − first(· − s))²⟩ / ⟨w (second − ⟨second⟩)²⟩. E is computed by Fourier transforms: at
    whole cells directly, and between them from the trigonometric polynomial. The window w is 1 along periodic axes.
    Along other axes it vanishes near the ends, so that values from outside the grid do not count.
    """
    error = _Mismatch(first, second, periodic, magnitude)
    if error.homogeneous:
        return None
    moved, residual = error.refined(error.descend())
    if residual > _TOLERANCE:
        other = error.refined(error.global_minimum())
        moved, residual = other if other[1] < residual - _TOLERANCE else (moved, residual)
    return (float(moved[0]), float(moved[1])) if residual <= _UNEXPLAINED else None


class _Mismatch:
    """E(s) of :func:`displacement`, its derivatives and its minima."""

    def __init__(
        self,
        first: NDArray[np.floating],
        second: NDArray[np.floating],
        periodic: tuple[bool, bool],
        magnitude: float,
    ) -> None:
        shape = first.shape
        tapers = [_taper(n, whole) for n, whole in zip(shape, periodic, strict=True)]
        window = tapers[0][:, None] * tapers[1][None, :]
        b = np.asarray(second, dtype=np.float64)
        centre = float(np.sum(window * b) / window.sum())
        b = b - centre
        a = np.asarray(first, dtype=np.float64) - centre
        scale = float(np.sum(window * b**2))
        self.homogeneous = scale <= (SMALLEST_SPREAD * max(magnitude, abs(centre))) ** 2 * float(window.sum())
        scale = 1.0 if self.homogeneous else scale
        # Σ w b² − 2 Σ w b a(· − s) + Σ w a²(· − s), as transforms over s
        against, towards = np.fft.rfft2(window * b), np.fft.rfft2(a)
        total = -2 * against * towards.conj()
        if all(periodic):
            total[0, 0] += a.size * np.sum(a**2)
        else:
            total += np.fft.rfft2(window) * np.fft.rfft2(a**2).conj()
        total[0, 0] += a.size * scale
        total /= scale
        self.map = np.fft.irfft2(total, s=shape)
        self.ky = 2 * np.pi * np.fft.fftfreq(shape[0])
        self.kx = 2 * np.pi * np.fft.rfftfreq(shape[1])
        weight = np.full(len(self.kx), 2.0)
        weight[0] = 1.0
        if shape[1] % 2 == 0:
            weight[-1] = 1.0
        self.waves = total * weight / a.size
        self.shape = shape
        self.reach = [n // 2 if whole else max(1, int(n * _SEARCHED)) for n, whole in zip(shape, periodic, strict=True)]

    def descend(self) -> tuple[int, int]:
        """The local minimum at whole cells that steepest descent reaches from no displacement."""
        here = (0, 0)
        while True:
            neighbours = [(here[0] + dy, here[1] + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
            inside = [p for p in neighbours if abs(p[0]) <= self.reach[0] and abs(p[1]) <= self.reach[1]]
            lowest = min(inside, key=self._at)
            if self._at(lowest) >= self._at(here) - _ROUNDING:
                return here
            here = lowest

    def _at(self, place: tuple[int, int]) -> float:
        return float(self.map[place[0] % self.shape[0], place[1] % self.shape[1]])

    def global_minimum(self) -> tuple[int, int]:
        """The minimum over all whole cells within reach."""
        sides = [np.rint(np.fft.fftfreq(n) * n).astype(int) for n in self.shape]
        inside = [np.flatnonzero(np.abs(side) <= reach) for side, reach in zip(sides, self.reach, strict=True)]
        part = self.map[np.ix_(*inside)]
        y, x = np.unravel_index(int(np.argmin(part)), part.shape)
        return int(sides[0][inside[0][y]]), int(sides[1][inside[1][x]])

    def refined(self, start: tuple[int, int]) -> tuple[NDArray[np.float64], float]:
        """The minimum next to ``start``, to a fraction of a cell, by Newton's method; and its E."""
        place = np.array(start, dtype=np.float64)
        value, gradient, hessian = self._local(place)
        for _ in range(20):
            curvatures, directions = np.linalg.eigh(hessian)
            curved = np.abs(curvatures) > _FLAT * np.abs(curvatures).max()
            step = -directions[:, curved] @ (directions[:, curved].T @ gradient / np.abs(curvatures[curved]))
            step /= max(1.0, float(np.hypot(*step)) / 0.5)
            following = self._local(place + step)
            if following[0] >= value:  # no decrease beyond rounding
                break
            place, (value, gradient, hessian) = place + step, following
            if np.hypot(*step) < 1e-7:
                break
        return self._shortest(place, value, hessian)

    def _shortest(
        self, place: NDArray[np.float64], value: float, hessian: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """The displacement without its component along a direction in which E has no curvature."""
        curvatures, directions = np.linalg.eigh(hessian)
        curved = directions[:, np.abs(curvatures) > _FLAT * np.abs(curvatures).max()]
        shorter = curved @ (curved.T @ place)
        found = self._local(shorter)[0]
        return (shorter, found) if found <= value + _FLAT else (place, value)

    def _local(self, place: NDArray[np.float64]) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Value, gradient and Hessian of E at a displacement between whole cells."""
        up = np.exp(1j * self.ky * place[0]) * np.stack([self.ky**0, 1j * self.ky, -(self.ky**2)])
        across = np.exp(1j * self.kx * place[1]) * np.stack([self.kx**0, 1j * self.kx, -(self.kx**2)])
        found = (up @ self.waves @ across.T).real
        hessian = np.array([[found[2, 0], found[1, 1]], [found[1, 1], found[0, 2]]])
        return float(found[0, 0]), np.array([found[1, 0], found[0, 1]]), hessian


def _taper(n: int, periodic: bool) -> NDArray[np.float64]:
    """1, or a squared sine that is 0 wherever a displaced frame could contain values from outside the grid."""
    if periodic or n == 1:
        return np.ones(n)
    margin = min(max(1, int(n * _SEARCHED)), (n - 1) // 2)
    inner = n - 2 * margin
    return np.pad(np.sin(np.pi * (np.arange(inner) + 0.5) / inner) ** 2, margin)


def period(frames: NDArray[np.floating], times: NDArray[np.float64], magnitude: float = 1.0) -> float:
    """The time after which frames (time, y, x) repeat, interpolated between the intervals of the frames.

    r(τ) = ⟨δc(t) δc(t + τ)⟩ / √(⟨δc(t)²⟩ ⟨δc(t + τ)²⟩), with δc the deviation from each cell's mean over time. The
    period is the first maximum of r above 0.95 after r has fallen below 0.5, refined by the maxima at its multiples.
    NaN with fewer than 8 frames or unequal intervals, and if nothing changes or nothing repeats.
    """
    n = len(frames)
    intervals = np.diff(times)
    if n < MIN_FRAMES or np.ptp(intervals) > 1e-6 * intervals.max():
        return math.nan
    cells = np.asarray(frames, dtype=np.float64).reshape(n, -1)
    deviations = cells - cells.mean(axis=0)
    gram: Any = deviations @ deviations.T / cells.shape[1]
    if np.trace(gram) / n <= 1e-12 * max(magnitude**2, float(np.mean(cells)) ** 2):
        return math.nan
    r = np.array([_correlation(gram, lag) for lag in range(n - 1)])
    fallen = np.flatnonzero(r < 0.5)
    if not len(fallen):
        return math.nan
    maxima = [i for i in range(fallen[0] + 1, n - 2) if r[i] >= max(r[i - 1], r[i + 1]) and r[i] > r[fallen[0]]]
    first = next((i for i in maxima if _vertex(r, i)[1] >= 1 - _UNEXPLAINED), None)
    return math.nan if first is None else _refined(r, first) * float(intervals.mean())


def _correlation(gram: NDArray[np.float64], lag: int) -> float:
    """r at a lag, from the matrix of scalar products between frames."""
    squares = np.diagonal(gram)
    early, late = squares[: len(gram) - lag].sum(), squares[lag:].sum()
    return float(np.diagonal(gram, lag).sum() / max(math.sqrt(early * late), 1e-300))


def _vertex(r: NDArray[np.float64], i: int) -> tuple[float, float]:
    """Position and height of the maximum of the cosine A cos(ω (τ − τ₀)) through three neighbouring values."""
    before, here, after = r[i - 1], r[i], r[i + 1]
    cosine = (before + after) / (2 * here) if here > 0 else 1.0
    if not -1 < cosine < 1:
        return float(i), float(here)
    omega = math.acos(cosine)
    offset = math.atan2(after - before, 2 * here * math.sin(omega)) / omega
    return i + offset, here / math.cos(omega * offset)


def _refined(r: NDArray[np.float64], first: int) -> float:
    """The period in frames, from the last maximum at a multiple of the lag of the first one."""
    found = _vertex(r, first)[0]
    multiple = 2
    while True:
        guess = round(multiple * found)
        nearby = [i for i in range(guess - 1, guess + 2) if i < len(r) - 1 and r[i] >= max(r[i - 1], r[i + 1])]
        if not nearby or r[nearby[0]] < 0.5:
            return found
        found = _vertex(r, nearby[0])[0] / multiple
        multiple += 1
