"""The explorer: the page of an atlas, served to a browser or shown in a notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import panel as pn

from morphoscope.atlas import Atlas
from morphoscope.web.page import Page, sheet_texts, sheet_urls
from morphoscope.web.redirect import opened_in_browser
from morphoscope.web.serving import Address, serve
from morphoscope.web.style import PALETTES, asset
from morphoscope.web.workspace import Workspace


def make_template(workspace: Workspace, who: str) -> Any:
    """The HTML page for a new session."""
    page = Page(workspace, sheet_urls(workspace.atlas), who)
    page.attach(pn.state.curdoc)
    template = pn.Template(asset("page.html.jinja").replace("{{ theme }}", _document_colours()))
    template.add_panel("page", page.view)
    return template


def _document_colours() -> str:
    """Colours of the document around the page, which are needed before scripts run."""

    def block(theme: str) -> str:
        return f"--page:{PALETTES[theme]['page']};color-scheme:{theme};"

    return (
        f":root{{{block('light')}}} @media (prefers-color-scheme: dark) {{:root{{{block('dark')}}}}} "
        f":root[data-theme=light]{{{block('light')}}} :root[data-theme=dark]{{{block('dark')}}}"
    )


def thumbnail_source(atlas: Atlas) -> Callable[[int], tuple[bytes, str] | None]:
    """The sheets of thumbnails for the server."""

    def source(number: int) -> tuple[bytes, str] | None:
        sheet = atlas.thumbnails(number)
        return None if sheet is None else (sheet, "image/webp")

    return source


def serve_explorer(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    who: str,
    browser: bool,
    report: Callable[[str], None],
) -> None:
    """Serve the explorer until it is interrupted; ``report`` is called with its address."""
    atlas = workspace.atlas

    def started(address: Address) -> None:
        report(f"{atlas.folder.name}: {len(atlas.runs)} runs; annotations are saved in {atlas.annotations.path}")
        report(f"open {address.url}")
        if address.open_to_others:
            report(
                f"anyone who can reach {address.host}:{address.port} and has this link can view, annotate and train, "
                "over unencrypted HTTP"
            )
        report("press Ctrl+C to stop")
        if browser:
            open_page.enter_context(opened_in_browser(address.url))

    with contextlib.ExitStack() as open_page:
        serve(
            lambda: make_template(workspace, who),
            host=host,
            port=port,
            files={"thumbnails": thumbnail_source(atlas)},
            title=f"Morphoscope: {atlas.plan.model.title}",
            started=started,
        )


def notebook_view(workspace: Workspace, who: str = "anonymous") -> Any:
    """The page as a Panel object for the cell of a notebook. Its scripts and thumbnails are sent with it."""
    pn.extension(inline=True)  # scripts from this package instead of a CDN, which needs internet
    page = Page(workspace, sheet_texts(workspace.atlas), who)
    page.attach(None)
    return page.view
