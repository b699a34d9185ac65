"""An atlas as one HTML file that opens from disk: the page, its data, the model's shaders and the classifier."""

from __future__ import annotations

import base64
import gzip
import html
import importlib.resources
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from morphoscope.atlas import Atlas
from morphoscope.atlas.files import POINTS_FILE, write_rows
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import staged_folder
from morphoscope.theory.program import theory_program
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.network import network_of
from morphoscope.web.server.pattern_data import PatternData
from morphoscope.web.server.program import program
from morphoscope.web.workspace import Workspace

PAGE = "index.html"
_WHO = "anonymous"
_LEVEL = 9
_MOST_SLICES = 12
#: The page asks nobody for anything; its scripts, styles and WebAssembly are inside it.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; media-src blob:; base-uri 'none'; form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<link rel="icon" href="data:image/svg+xml;base64,{mark}">
<style>{style}</style>
<div id="morphoscope"></div>
<noscript>This page draws an atlas of patterns with JavaScript, which is switched off here.</noscript>
{parts}
<script>{script}</script>
</html>
"""


def export_atlas(atlas: Atlas, folder: Path, *, overwrite: bool = False) -> Path:
    """Write index.html, which needs no other file, and points.csv into ``folder``; returns the page.

    Raises UsageError if the folder contains other files, or an earlier export unless ``overwrite``.
    """
    with staged_folder(folder, PAGE, overwrite=overwrite) as part:
        write_rows(atlas.points(), part / POINTS_FILE)
        (part / PAGE).write_text(page(atlas), encoding="utf-8")
    return folder / PAGE


def page(atlas: Atlas) -> str:
    """The page of an atlas as text."""
    scripts = importlib.resources.files("morphoscope.web").joinpath("assets/app")
    script = scripts.joinpath("app.js").read_text(encoding="utf-8")
    style = scripts.joinpath("app.css").read_text(encoding="utf-8")
    return _PAGE.format(
        policy=html.escape(_POLICY),
        title=html.escape(f"Morphoscope: {atlas.plan.model.title}"),
        mark=base64.b64encode(scripts.joinpath("mark.svg").read_bytes()).decode(),
        style=style.replace("</", "<\\/"),
        script=script.replace("</script", "<\\/script").replace("<!--", "<\\!--"),
        parts="\n".join(_element(name, content) for name, content in parts_of(atlas)),
    )


def parts_of(atlas: Atlas) -> Iterator[tuple[str, bytes]]:
    """The parts that ``data/file.ts`` reads, by name."""
    workspace = Workspace(atlas)
    data = AtlasData(workspace, _WHO)
    shader = _program(atlas)
    manifest = data.described()
    manifest["capabilities"] = {
        "labels": True, "live": shader is not None, "train": False, "details": False, "export": False,
        "groups": False, "proposals": False,
    }  # fmt: skip
    manifest["annotations"] = manifest["edition"] = ""
    manifest["similarity"] = manifest["similarity"] if manifest["similarity"] == "there" else ""
    manifest["compared"] = manifest["estimator"] = None
    yield "manifest", json.dumps(manifest).encode()
    yield "table", data.table().content
    yield "labels", data.labels().content
    if (inferred := data.inferred()) is not None:
        yield "inferred", inferred.content
    if (similarity := data.similarity()) is not None:
        yield "similarity", similarity.content
    for number, _ in enumerate(manifest["variables"]):
        if (column := data.column(number)) is not None:
            yield f"column-{number}", column.content
    plane = manifest["plane"]
    if set(plane) <= set(atlas.plan.parameter_names):
        slices = [{"at": at, "lines": data.theory(plane, at)} for at in _slices(atlas, plane, manifest["first"])]
        yield "theory", json.dumps(slices).encode()
    for number in range(manifest["sheets"]["count"]):
        if (sheet := data.thumbnails(number)) is not None:
            yield f"sheet-{number}", sheet.content
    if shader is not None:
        yield "program", shader
        run = int(atlas.runs[manifest["first"]])
        if (start := PatternData(workspace).start(run)) is not None:
            yield "start", start.content
            yield "start-run", json.dumps(run).encode()
    if (network := network_of(workspace.classifier)) is not None:
        yield "network", network


def _slices(atlas: Atlas, plane: Sequence[str], first: int) -> list[dict[str, float]]:
    """The slices of a plane whose theory the page has: all if they are few, else that of the first pattern."""
    others = {name: atlas.values(name) for name in atlas.varying if name not in plane}
    found = list(itertools.product(*(np.unique(column).tolist() for column in others.values())))
    if len(found) > _MOST_SLICES:
        found = [tuple(float(column[first]) for column in others.values())]
    return [dict(zip(others, values, strict=True)) for values in found]


def _program(atlas: Atlas) -> bytes | None:
    """The shaders and the theory of the model; None for an atlas whose runs can't be simulated in a browser."""
    plan = atlas.plan
    if plan.imported is not None or not plan.model.known:
        return None
    try:
        return json.dumps({**program(plan.model), "theory": theory_program(plan.model)}).encode()
    except UsageError:
        return None


def _element(name: str, content: bytes) -> str:
    """A part as an element: base64, of gzip where that is shorter."""
    packed = gzip.compress(content, _LEVEL, mtime=0)
    smaller = len(packed) < len(content)
    kind = ' data-packed="gzip"' if smaller else ""
    text = base64.b64encode(packed if smaller else content).decode()
    return f'<script type="application/octet-stream" id="morphoscope-{name}"{kind}>{text}</script>'
