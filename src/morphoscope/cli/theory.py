"""The command that analyzes the equations of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, app, example
from morphoscope.cli.run_options import Diffusion, Reaction

if TYPE_CHECKING:
    from morphoscope.theory import CriticalValue, Mode, Overview


@app.command(epilog=example("morphoscope theory gray-scott -p f=0.03 -p k=0.055 --out theory.png"))
def theory(
    model: Annotated[
        str | None, typer.Argument(help="A model's name or a model file (.toml); or use --reaction.")
    ] = None,
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=NUMBER; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also draw nullclines and dispersion relation: .png, .svg or .pdf.")
    ] = None,
    stencil: Annotated[int, typer.Option(help="9 or 5 points, for the dispersion relation on the grid.")] = 9,
    spacing: Annotated[float | None, typer.Option(help="Cell size of that grid. Default: the model's.")] = None,
    json: Json = False,
) -> None:
    """Analyze a parameter point: steady states, their stability, thresholds.

    Prints the steady states, their stability, the fastest-growing wave, critical parameter values, and the type of the
    point. Define a new model as for `morphoscope simulate`: --reaction "u: a - u + u**2*v" --reaction
    "v: b - u**2*v" --diffusion u=1 --diffusion v=40 -p a=0.1 -p b=0.9.
    """
    given = parsing.parameters(parameter)
    named = parsing.model(model, reaction, diffusion, given)
    found = morphoscope.analyze(named, given, out=out, stencil=stencil, spacing=spacing)
    if json:
        show.as_json(found.to_json())
        return
    point = ", ".join(f"{name}={value:g}" for name, value in found.parameters.items())
    show.line(f"{found.model.title}{' at ' if point else ''}{point}: {found.kind}")
    _print_states(found)
    for name, values in found.critical.items():
        low, high = found.model.ranges[name]
        crossings = ", ".join(_crossing(c, 1e-8 * (high - low)) for c in values)
        show.line(f"along {name}: {crossings or 'no critical value'}")
    for form in found.closed_forms:
        show.line(f"closed form: {', '.join(f'{s} = {value}' for s, value in form.items())}")
    if out is not None:
        show.line(f"see {out}")


def _print_states(found: Overview) -> None:
    if not found.states:
        show.line("no homogeneous steady state")
    for state, mode, on_grid in zip(found.states, found.modes, found.grid_modes, strict=True):
        place = ", ".join(f"{s} = {value:.5g}" for s, value in state.values.items())
        show.line(f"{place}: {state.kind}; eigenvalues {_rates(state.eigenvalues)}")
        show.line(f"  fastest-growing wave {_wave(mode)}; on the grid (dx = {found.spacing:g}) {_wave(on_grid)}")


def _rates(rates: Iterable[complex]) -> str:
    """Complex pairs once, as ``0.0054 ± 0.0343i``."""
    texts = [f"{x.real:.4g} ± {x.imag:.4g}i" if x.imag else f"{x.real:.4g}" for x in rates if x.imag >= 0]
    return ", ".join(texts)


def _wave(mode: Mode) -> str:
    """As ``grows 0.0577, length 7.42``."""
    how = "grows" if mode.growth > 0 else "decays"
    length = f"length {mode.wavelength:.4g}" if mode.q else "homogeneous"
    oscillation = f", oscillates {abs(mode.rate.imag):.3g}" if mode.oscillates else ""
    return f"{how} {abs(mode.growth):.3g}, {length}{oscillation}"


def _crossing(critical: CriticalValue, nothing: float) -> str:
    value = 0.0 if abs(critical.value) < nothing else critical.value
    length = f" (length {critical.wavelength:.4g})" if critical.wavelength is not None else ""
    return f"{critical.kind} at {value:.6g}{length}"
