"""The command ``prepare``, and the options of a preparation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, app, example
from morphoscope.cli.progress import reporter

Scale = Annotated[
    str | None, typer.Option(help="Side of a pixel, as in 0.1mm.", show_default="as in the file, or 1 pixel")
]


@app.command(epilog=example("morphoscope prepare photograph.jpg --scale 0.1mm --rotation 2 --out photograph"))
def prepare(
    pictures: Annotated[
        list[Path],
        typer.Argument(help="Photographs, or other files that can be imported, or folders: a subfolder is a class."),
    ],
    out: OutFolder,
    scale: Scale = None,
    channel: Annotated[
        str, typer.Option(help="colour-axis (of the largest difference in the pattern), grey, red, green or blue.")
    ] = "colour-axis",
    region: Annotated[
        str | None, typer.Option(help="LEFT,TOP,WIDTH,HEIGHT in pixels.", show_default="the whole picture")
    ] = None,
    rotation: Annotated[float, typer.Option(help="Degrees, counter-clockwise.")] = 0.0,
    square: Annotated[bool, typer.Option(help="Cut out the largest square in the middle.")] = True,
    cells: Annotated[
        str, typer.Option(help="Cells along the longer side; auto: as the pixels, or 512 if these are more.")
    ] = "auto",
    dust: Annotated[str, typer.Option(help="Width of the widest specks in cells, auto or none.")] = "auto",
    noise: Annotated[str, typer.Option(help="Width of the median filter in cells, auto or none.")] = "auto",
    light: Annotated[
        str, typer.Option(help="Length over which the light changes, in cells; auto (1.5 wavelengths) or none.")
    ] = "auto",
    contrast: Annotated[str, typer.Option(help="standard, range or none.")] = "standard",
    invert: Annotated[bool, typer.Option("--invert", help="Exchange bright and dark.")] = False,
    edges: Annotated[
        str, typer.Option(help="Filters see a reflection beyond edges: reflection, valid (cut off), window (faded).")
    ] = "reflection",
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT of a picture that is one long column.")] = None,
    table: Annotated[
        Path | None, typer.Option(help="CSV file with a column 'file', and 'class' or numbers, for folders.")
    ] = None,
    json: Json = False,
) -> None:
    """Make fields of photographs, as an ensemble with figures of every step; originals are kept."""
    settings = morphoscope.Preparation(
        channel=channel, region=_region(region), rotation=rotation, square=square, cells=cells, dust=dust, noise=noise,
        light=light, contrast=contrast, invert=invert, edges=edges,
    )  # fmt: skip
    made = morphoscope.import_patterns(
        pictures,
        out,
        scale=scale,
        size=parsing.size(size),
        table=table,
        preparation=settings,
        progress=reporter(),
    )
    found = _record(made.folder)
    if json:
        show.as_json({"plan_hash": made.plan.hash, **found})
        return
    for picture in found["pictures"][:_SHOWN]:
        show.line(f"{picture['file']}: {_POLARITY[picture['polarity']]}")
        for step in picture["steps"]:
            show.line(f"  {step['name']}: {step['done']}")
    if len(found["pictures"]) > _SHOWN:
        show.line(f"… {len(found['pictures']) - _SHOWN} more")
    grid = made.plan.grid
    unit = made.plan.imported.unit if made.plan.imported else ""
    show.line(
        f"{made.folder}: {len(made.plan.runs)} runs, {grid.width}x{grid.height} cells of {grid.spacing:.6g} {unit}; "
        f"every step is drawn in {made.folder / 'preparation'}"
    )


_SHOWN = 5
_POLARITY = {
    "bright": "bright spots on dark ground",
    "dark": "dark spots on bright ground",
    "neither": "neither bright nor dark spots",
}


def _record(folder: Path) -> dict[str, Any]:
    from morphoscope.core.storage import read_json
    from morphoscope.ensembles.photographs.sources import FOLDER, SETTINGS_FILE

    return dict(read_json(folder / FOLDER / SETTINGS_FILE, "the record of a preparation"))


def _region(text: str | None) -> Any:
    """``10,20,400,300`` as four parts; anything else is left to the check of the settings."""
    if text is None:
        return None
    parts = text.split(",")
    return tuple(int(part) if part.strip().isdecimal() and len(part) < 9 else part for part in parts)
