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
from morphoscope.atlas.thumbnails import PER_SHEET, sheet_name
from morphoscope.core.provenance import __version__
from morphoscope.core.storage import staged_folder
from morphoscope.web.map_view import MapView
from morphoscope.web.style import asset, sheets_css, theme_css
from morphoscope.web.workspace import Workspace

PAGE = "index.html"


def export_atlas(atlas: Atlas, folder: Path, *, overwrite: bool = False) -> Path:
    """Write index.html, its sheets of thumbnails and points.csv into ``folder``; returns the page.

    Raises UsageError where the folder holds something else, or an earlier export unless ``overwrite``.
    """
    with staged_folder(folder, PAGE, overwrite=overwrite) as part:
        sheets = [sheet_name(i) for i in range(-(-len(atlas.runs) // PER_SHEET))]
        for number, name in enumerate(sheets):
            (part / name).write_bytes(atlas.thumbnails(number) or b"")
        (part / "points.csv").write_bytes((atlas.folder / "points.csv").read_bytes())
        (part / PAGE).write_text(_page(atlas, sheets), encoding="utf-8")
    return folder / PAGE


def _page(atlas: Atlas, sheets: list[str]) -> str:
    workspace = Workspace(atlas)
    chart = MapView(atlas, workspace.labels)
    chart.draw_theory()
    chart.place_letters()
    chart.restyle("light")
    # What is selected on the map is shown in the montage by the page's script.
    tell = CustomJS(code="window.morphoscope && window.morphoscope.select(cb_obj.indices)")
    chart.source.selected.js_on_change("indices", tell)
    script, div = components(chart.figure)
    template = Environment(autoescape=False).from_string(asset("static.html.jinja"))  # everything is escaped below
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
    """JSON that can stand inside a script element."""
    return json.dumps(values, ensure_ascii=True).replace("<", "\\u003c")


def _counted(labels: list[str], classes: tuple[str, ...]) -> list[tuple[str, str]]:
    """The classes that occur, in the order of the alphabet: name, and what the page calls it."""
    return [(name, f"{titled(name)} ({labels.count(name)})") for name in classes if name in labels]


def _bokeh_scripts() -> list[str]:
    """BokehJS itself, without what other packages add to it."""
    return list(Resources(mode="inline", components=["bokeh"]).js_raw)
