"""The command identify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, app, example
from morphoscope.cli.progress import reporter

if TYPE_CHECKING:
    from morphoscope.learning.identifying.identification import Identification

_LEAST = 0.01  # probability of a model that is listed


@app.command(epilog=example("morphoscope identify gel.png --scale 0.1mm --out identified"))
def identify(
    picture: Annotated[Path, typer.Argument(help="A photograph or another file with a pattern, as for `import`.")],
    out: OutFolder,
    model: Annotated[
        list[str] | None, typer.Option(help="A model that gets a posterior in any case; can be repeated.")
    ] = None,
    ensemble: Annotated[
        list[Path] | None, typer.Option(help="An ensemble of your own model, to compare with; can be repeated.")
    ] = None,
    scale: Annotated[str | None, typer.Option(help="The side of a pixel, as in 0.1mm.")] = None,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT of a picture that is stored as one long column.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of each posterior that are simulated; 0 for none.")] = 4,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Tell which models could have made a picture, with which parameters, or that none of them did."""
    found = morphoscope.identify(
        picture,
        out,
        models=model or (),
        ensembles=ensemble or (),
        scale=scale,
        size=parsing.size(size),
        draws=draws,
        seed=seed,
        overwrite=overwrite,
        progress=reporter(),
    )
    if json:
        show.as_json(found.to_dict())
        return
    _show(found)
    show.line(f"page: {out / 'identification.html'}")


def _show(found: Identification) -> None:
    from morphoscope.reports.identification import compatible_words, p_value_words

    show.line(f"{found.name}: {found.words}, wavelength {found.wavelength:.4g} {found.unit}")
    medians = {
        one.model: ", ".join(
            f"{name} {middle:.3g} ({low:.3g} … {high:.3g})" for name, (low, middle, high) in one.quantiles().items()
        )
        for one in found.posteriors
    }
    shown = ("none", found.models[0], *medians, *found.compatible)
    rows = [
        (name, f"{p:.1%}", p_value_words(found, name), medians.get(name, ""))
        for name, p in found.probabilities.items()
        if p >= _LEAST or name in shown
    ]
    show.table(("model", "probability", "compatible", "median (90 % interval)"), rows)
    if found.compatibility:
        show.line(compatible_words(found))
    if found.gray_scott_set:
        show.line(f"as a pattern of Gray–Scott: class {' or '.join(found.gray_scott_set)}")
