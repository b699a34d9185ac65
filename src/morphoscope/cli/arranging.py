"""The command ``arrange``: which patterns look alike?"""

from __future__ import annotations

from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, app, example
from morphoscope.cli.progress import reporter


@app.command(epilog=example("morphoscope arrange atlas"))
def arrange(
    atlas: Annotated[str, typer.Argument(help="An atlas, the folder of a study, a shipped atlas, or an ensemble.")],
    encoder: Annotated[str, typer.Option(help="An encoder; 'shipped' is the one of the package.")] = "shipped",
    json: Json = False,
) -> None:
    """Lay out patterns so that those that look alike lie near each other; `explore` shows them so.

    The places are stored beside the atlas and not computed again.
    """
    found = morphoscope.arrange(atlas, encoder=encoder, progress=reporter())
    if json:
        places = zip(found.runs.tolist(), found.coordinates.round(5).tolist(), strict=True)
        rows = [{"run": run, "x": x, "y": y} for run, (x, y) in places]
        show.as_json({"trustworthiness": found.trustworthiness, "laid_out": found.laid_out, "places": rows})
        return
    rest = len(found.runs) - found.laid_out
    placed = f" and {rest} placed between their neighbours" if rest else ""
    show.line(
        f"{found.laid_out} patterns are laid out{placed}; trustworthiness {found.trustworthiness:.3f} (at most 1)"
    )
    show.line(f"to see them: morphoscope explore {atlas}, then *similarity* above the map")
