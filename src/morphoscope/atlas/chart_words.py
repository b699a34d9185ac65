"""What a group of patterns is, in words, from the descriptors of its runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.descriptors import Columns
from morphoscope.descriptors import BY_NAME
from morphoscope.learning.homogeneous import AT_REST

RESTING, MOVING = 0.01, 0.1  # change between the last two frames, in standard deviations of the pattern
_FEW = 4  # spots or holes of a run below which it has none to speak of
_STRIPED = 0.6  # anisotropy of stripes
_COMPARED = ("wavelength", "mean", "variance", "anisotropy", "spots", "holes", "spot_area", "hole_area", "activity")
_APART = 1.5  # sum of the half interquartile ranges by which a group differs from the other runs


def median_of(columns: Columns, name: str, members: NDArray[np.bool_]) -> float | None:
    """The median of a descriptor over the members that have it; None if fewer than half of them do."""
    values = columns[name][members] if name in columns else np.array([])
    known = values[np.isfinite(values)]
    return float(f"{np.median(known):.4g}") if len(known) and 2 * len(known) >= len(values) else None


def words_of(columns: Columns, members: NDArray[np.bool_], times: tuple[float, ...]) -> str:
    """The form, the wavelength and the movement of most members, and up to two descriptors that set them apart."""
    wavelength = median_of(columns, "wavelength", members)
    if wavelength is None:
        low, high = (float(end(columns["mean"][members])) for end in (np.min, np.max)) if "mean" in columns else (0, 0)
        changes = len(times) > 1 and "activity" in columns and "mean" in columns
        change = columns["activity"][members] * (times[-1] - times[-2]) if changes else np.zeros(1)
        moving = changes and float(np.median(change)) > AT_REST * float(np.median(np.abs(columns["mean"][members])))
        return f"homogeneous, {'changing, ' if moving else ''}mean {low:.3g}" + (
            f" to {high:.3g}" if f"{low:.3g}" != f"{high:.3g}" else ""
        )
    moves = _movement(columns, members, times)
    parts = [_form(columns, members, moves), f"wavelength {wavelength:.3g}", *([moves] if moves else [])]
    apart = _apart(columns, members)
    return ", ".join(parts) + (f"; {' and '.join(apart)} than elsewhere" if apart else "")


def _form(columns: Columns, members: NDArray[np.bool_], moves: str) -> str:
    """Spots are compact: their mean area is at most the square of the wavelength. Islands of labyrinths are longer."""
    spots, holes = (median_of(columns, name, members) or 0.0 for name in ("spots", "holes"))
    cell = (median_of(columns, "wavelength", members) or 0.0) ** 2
    bright, dark = (
        number >= _FEW and 0 < (median_of(columns, area, members) or 0.0) <= cell
        for number, area in ((spots, "spot_area"), (holes, "hole_area"))
    )
    if bright and spots >= 3 * holes:
        return "bright spots"
    if dark and holes >= 3 * spots:
        return "dark spots"
    if bright or dark:
        return "spots and stripes"
    if (median_of(columns, "anisotropy", members) or 0.0) >= _STRIPED:
        return "stripes"
    return "waves" if moves == "moving" else "labyrinth"


def _movement(columns: Columns, members: NDArray[np.bool_], times: tuple[float, ...]) -> str:
    if len(times) < 2 or not {"activity", "variance"} <= columns.keys():
        return ""
    spread = np.sqrt(columns["variance"][members])
    change = float(np.nanmedian(columns["activity"][members] * (times[-1] - times[-2]) / np.maximum(spread, 1e-30)))
    return "at rest" if change < RESTING else "moving slowly" if change < MOVING else "moving"


def _apart(columns: Columns, members: NDArray[np.bool_]) -> list[str]:
    """The descriptors in which the members differ most from the other runs with a pattern, as in ``lower mean``."""
    found = []
    others = ~members & np.isfinite(columns.get("wavelength", np.full(len(members), np.nan)))
    for name in _COMPARED:
        own, rest = (_scale(columns, name, chosen) for chosen in (members, others))
        if min(len(own), len(rest)) < max(2, 0.5 * members.sum()):
            continue
        quartiles = [np.percentile(values, (25, 50, 75)) for values in (own, rest)]
        width = sum(float(q[2] - q[0]) / 2 for q in quartiles)
        difference = float(quartiles[0][1] - quartiles[1][1])
        if abs(difference) > _APART * max(width, 1e-9):
            meaning = {"spot_area": "spot area", "hole_area": "hole area"}.get(name, name)
            size = {"spots": ("fewer", "more"), "holes": ("fewer", "more")}.get(name, ("lower", "higher"))
            found.append((abs(difference) / max(width, 1e-9), f"{size[difference > 0]} {meaning}"))
    return [text for _, text in sorted(found, reverse=True)[:2]]


def _scale(columns: Columns, name: str, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The values of a descriptor that are defined, as logarithms where ratios are compared."""
    if name not in columns:
        return np.array([])
    values = columns[name][chosen]
    values = values[np.isfinite(values)]
    return np.asarray(np.log10(np.maximum(values, 1e-12)) if BY_NAME[name].ratios else values)
