"""Sphinx directive for the live page of an atlas: exported when the site is built, and shown in a frame."""

from __future__ import annotations

from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import morphoscope

FOLDER = "atlas"  # in the built site
_FRAME = """<iframe class="live-atlas" src="{page}" title="The map of {name}, live" allow="clipboard-write"></iframe>
<p><a href="{page}">The same page in a window of its own</a></p>"""


class LiveAtlas(SphinxDirective):
    """``.. live-atlas:: gray-scott``: what ``morphoscope export gray-scott`` writes; ``live_atlases`` lists it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The frame, and a link to what is in it."""
        name = self.arguments[0]
        if name not in self.config.live_atlases:
            raise self.error(f"atlas {name!r} is not in live_atlases of conf.py: {self.config.live_atlases}")
        up = "../" * self.env.docname.count("/")
        return [nodes.raw("", _FRAME.format(page=f"{up}{FOLDER}/{name}/index.html", name=escape(name)), format="html")]


def export_atlases(app: Sphinx, exception: Exception | None) -> None:
    """Write the pages that the frames show into the built site."""
    if exception is not None or app.builder.format != "html":
        return
    for name in app.config.live_atlases:
        (Path(app.outdir) / FOLDER).mkdir(exist_ok=True)
        morphoscope.export(name, Path(app.outdir) / FOLDER / name, overwrite=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the setting."""
    app.add_config_value("live_atlases", [], "html", list)
    app.add_directive("live-atlas", LiveAtlas)
    app.connect("build-finished", export_atlases)
    return {"parallel_read_safe": True}
