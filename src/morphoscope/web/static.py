"""An atlas as a folder of web pages that need neither Python nor a network: map, thumbnails, montage."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from bokeh.embed import components
from bokeh.models import CustomJS
from bokeh.resources import Resources
from jinja2 import Environment

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.files import POINTS_FILE, write_rows
from morphoscope.atlas.thumbnails import PER_SHEET, sheet_name
from morphoscope.core.provenance import __version__
from morphoscope.core.storage import staged_folder
from morphoscope.web.map_view import MapView
from morphoscope.web.style import asset, sheets_css, theme_css
from morphoscope.web.workspace import Workspace

PAGE = "index.html"


def export_atlas(atlas: Atlas, folder: Path, *, overwrite: bool = False) -> Path:
    """Write index.html, its sheets of thumbnails and points.csv into ``folder``; returns the page.

    Raises UsageError if the folder contains other files, or an earlier export unless ``overwrite``.
    """
    with staged_folder(folder, PAGE, overwrite=overwrite) as part:
        sheets = [sheet_name(i) for i in range(-(-len(atlas.runs) // PER_SHEET))]
        for number, name in enumerate(sheets):
            (part / name).write_bytes(atlas.thumbnails(number) or b"")
        write_rows(atlas.points(), part / POINTS_FILE)
        (part / PAGE).write_text(_page(atlas, sheets), encoding="utf-8")
    return folder / PAGE


def _page(atlas: Atlas, sheets: list[str]) -> str:
    workspace = Workspace(atlas)
    chart = MapView(atlas, workspace.labels)
    chart.draw_theory()
    chart.place_letters()
    chart.restyle("light")
    # The page's script shows the selection of the map in the montage.
    select = CustomJS(code="window.morphoscope && window.morphoscope.select(cb_obj.indices)")
    chart.source.selected.js_on_change("indices", select)
    script, div = components(chart.figure)
    template = Environment(autoescape=False).from_string(asset("static.html.jinja"))  # all values are escaped below
    return template.render(
        title=html.escape(f"{atlas.plan.model.title}: {len(atlas.runs)} runs"),
        equations="<br>".join(html.escape(line) for line in atlas.plan.model.equations()),
        made=html.escape(f"Made with Morphoscope {__version__}."),
        css="\n".join([theme_css("light"), sheets_css(sheets), asset("montage.css")]),
        bokeh="\n".join(f"<script>{text}</script>" for text in _bokeh_scripts()),
        script=script,
        div=div,
        montage=asset("montage.js").replace("export ", ""),
        data=_as_script(workspace.montage_data()),
        classes=_as_script(_counted(workspace.labels, atlas.all_classes())),
        first=_as_script(workspace.largest_class()),
    )


def _as_script(values: Any) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(values, ensure_ascii=True).replace("<", "\\u003c")


def _counted(labels: list[str], classes: tuple[str, ...]) -> list[tuple[str, str]]:
    """The classes that occur, in alphabetical order: name, and title with the number of runs."""
    return [(name, f"{titled(name)} ({labels.count(name)})") for name in classes if name in labels]


def _bokeh_scripts() -> list[str]:
    """BokehJS itself, without additions by other packages."""
    return list(Resources(mode="inline", components=["bokeh"]).js_raw)
