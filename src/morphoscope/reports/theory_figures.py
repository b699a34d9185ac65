"""The figure of a model's theory at one point: nullclines with the steady states, and the dispersion relation."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates
from morphoscope.rendering.style import figure_style, new_figure
from morphoscope.theory import Mode, Overview, SteadyState, dispersion
from morphoscope.theory.equations import preserves_nonnegativity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe & Ito; safe for colour blindness
_SAMPLES = 400
_CHARACTERS = 58  # of the title over one panel


def theory_figure(overview: Overview) -> Figure:
    """Nullclines (two species) or the rate (one species) next to the growth rates of waves, for each steady state.

    Filled marks are steady states that are stable to homogeneous perturbations; hollow ones are unstable. Growth rates
    are solid lines for the continuum, and dashed lines on the grid, up to its shortest wavelength, 2 dx.
    """
    model = overview.model
    with figure_style():
        local = len(model.species) <= 2 and any(rate != 0 for rate in local_rates(model).values())
        figure = new_figure(9.6 if local else 5.2, 4.2)
        axes = figure.subplots(1, 2 if local else 1, squeeze=False)[0]
        if local and len(model.species) == 2:
            _draw_nullclines(axes[0], overview)
        elif local:
            _draw_rate(axes[0], overview)
        _draw_dispersion(axes[-1], overview)
        given = ", ".join(f"{name}={value:g}" for name, value in overview.parameters.items())
        title = f"{model.title}: {overview.kind}  ({given})"
        figure.suptitle("\n".join(textwrap.wrap(title, _CHARACTERS * (2 if local else 1), break_on_hyphens=False)))
    return figure


def _ends(overview: Overview, species: str) -> tuple[float, float]:
    """The range of a species' axis: around the steady states or, without any, the background and the perturbation."""
    model = overview.model
    values = [state.values[species] for state in overview.states]
    if not any(values):
        values += [model.background[species], model.perturbation[species]]
    low, high = min(values), max(values)
    span = max(high - low, 0.9 * max(abs(low), abs(high)), 1e-3)
    start = low - 0.35 * span
    return max(start, -0.04 * span) if preserves_nonnegativity(model) else start, high + 0.6 * span


def _draw_nullclines(axes: Axes, overview: Overview) -> None:
    model, (first, second) = overview.model, overview.model.species
    x, y = (np.linspace(*_ends(overview, s), _SAMPLES) for s in (first, second))
    values = {**overview.parameters, first: x[None, :], second: y[:, None]}
    for (species, rate), colour in zip(local_rates(model).items(), ("#555555", "#e69f00"), strict=True):
        with np.errstate(all="ignore"):
            field = np.broadcast_to(evaluate(rate, values), (_SAMPLES, _SAMPLES)).astype(float)
        # The sign also changes at a pole, but there the values are large.
        limit = 50 * np.nanmedian(np.abs(field))
        shown = np.ma.masked_where(~np.isfinite(field) | (np.abs(field) > limit), field)
        if shown.count() and shown.min() < 0 < shown.max():
            axes.contour(x, y, shown, levels=[0.0], colors=[colour], linewidths=1.6)
        axes.plot([], [], color=colour, label=f"∂{species}/∂t = 0 without space")
    for state, colour in zip(overview.states, _cycle(len(overview.states)), strict=True):
        _mark(axes, state.values[first], state.values[second], state, colour)
    axes.set(xlabel=first, ylabel=second, title="nullclines", xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    axes.legend(loc="upper right", framealpha=0.8, edgecolor="none")


def _draw_rate(axes: Axes, overview: Overview) -> None:
    (species,) = overview.model.species
    x = np.linspace(*_ends(overview, species), _SAMPLES)
    with np.errstate(all="ignore"):
        rate = evaluate(local_rates(overview.model)[species], {**overview.parameters, species: x})
    axes.plot(x, np.broadcast_to(rate, x.shape), color="#555555", lw=1.6)
    axes.axhline(0, color="black", lw=0.7)
    for state, colour in zip(overview.states, _cycle(len(overview.states)), strict=True):
        _mark(axes, state.values[species], 0.0, state, colour)
    axes.set(xlabel=species, ylabel=f"∂{species}/∂t without space", title="rate of a homogeneous state")


def _cycle(count: int) -> list[str]:
    return [_COLOURS[index % len(_COLOURS)] for index in range(count)]


def _mark(axes: Axes, x: float, y: float, state: SteadyState, colour: str) -> None:
    axes.plot(x, y, "o", ms=7, mec=colour, mfc=colour if state.stable else "white", mew=1.8, zorder=5)


def _draw_dispersion(axes: Axes, overview: Overview) -> None:
    end = np.pi / overview.spacing
    last = _last_wavenumber(overview, end)
    q = np.linspace(0, last, _SAMPLES)
    highest = lowest = 0.0
    triples = zip(overview.states, overview.modes, overview.grid_modes, strict=True)
    for (state, mode, on_grid), colour in zip(triples, _cycle(len(overview.states)), strict=True):
        smooth = _growth(overview, state, q, mode.direction)
        inside = q <= end
        stepped = _growth(overview, state, q[inside], on_grid.direction, on_grid=True)
        values = ", ".join(f"{s}={value:.3g}" for s, value in state.values.items())
        axes.plot(q, smooth, color=colour, lw=1.6, label=f"{values} ({state.kind})")
        axes.plot(q[inside], stepped, color=colour, lw=1.2, ls="--")
        if mode.q:
            axes.plot(mode.q, mode.growth, "o", color=colour, ms=5)
            axes.annotate(f" length {mode.wavelength:.3g}", (mode.q, mode.growth), color=colour, va="bottom")
        highest = max(highest, float(smooth.max()))
        lowest = min(lowest, float(smooth[0]))
    reach = max(highest, -lowest) or 1.0
    axes.axhline(0, color="black", lw=0.7)
    axes.plot([], [], color="gray", ls="--", label=f"on the grid, dx={overview.spacing:g}")
    axes.set(
        xlabel="wavenumber q, 1/length",
        ylabel="growth rate Re λ, 1/time",
        title="dispersion relation",
        xlim=(0, last),
        ylim=(-2.0 * reach, max(1.3 * highest, 0.25 * reach)),
    )
    axes.legend(loc="lower left", framealpha=0.8, edgecolor="none")


def _growth(
    overview: Overview, state: SteadyState, q: NDArray[np.float64], direction: float, *, on_grid: bool = False
) -> NDArray[np.float64]:
    """The largest Re λ, (n,)."""
    options = {"symbols": overview.symbols} if on_grid else {}
    rates = dispersion(overview.model, state, q, direction=direction, parameters=overview.parameters, **options)
    return rates[:, 0].real


def _last_wavenumber(overview: Overview, end: float) -> float:
    """The last wavenumber of the axis: well beyond the fastest-growing waves, or where all waves decay fast."""
    peaks: list[Mode] = [mode for mode in overview.modes if mode.q > 0]
    if peaks:
        return 2.5 * max(mode.q for mode in peaks)
    for q in np.geomspace(end / 100, end, 60):
        rates = [_growth(overview, state, np.array([0.0, q]), 0.0) for state in overview.states]
        if rates and all(rate[1] < -1.5 * max(abs(r[0]) for r in rates) for rate in rates):
            return float(q)
    return float(end)
