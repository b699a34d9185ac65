"""The explorer: the page of an atlas, served to a browser or shown in a notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import panel as pn

from morphoscope.atlas import Atlas
from morphoscope.web.page import Page, sheet_texts, sheet_urls
from morphoscope.web.serving import Address, serve
from morphoscope.web.style import PALETTES, asset
from morphoscope.web.workplace import Workplace


def make_template(place: Workplace, who: str) -> Any:
    """A new visitor's page as a whole HTML page."""
    page = Page(place, sheet_urls(place.atlas), who)
    page.attach(pn.state.curdoc)
    template = pn.Template(asset("page.html.jinja").replace("{{ theme }}", _around()))
    template.add_panel("page", page.view)
    return template


def _around() -> str:
    """The colours of what is around the page, before anything has run."""

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
    atlas: Atlas,
    beside: Atlas | None,
    *,
    host: str,
    port: int,
    who: str,
    browser: bool,
    say: Callable[[str], None],
) -> None:
    """Serve the explorer until it is interrupted; ``say`` is told where it is."""
    place = Workplace(atlas, beside)

    def started(address: Address) -> None:
        say(f"{atlas.folder.name}: {len(atlas.runs)} runs; annotations are kept in {atlas.annotations.path}")
        say(f"open {address.url}")
        if address.open_to_others:
            say(
                f"anybody who reaches {address.host}:{address.port} and has this link can look, annotate and start "
                "trainings, over unencrypted HTTP"
            )
        say("Ctrl+C ends it")
        if browser:
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(address.url,), daemon=True).start()

    serve(
        lambda: make_template(place, who),
        host=host,
        port=port,
        files={"thumbnails": thumbnail_source(atlas)},
        title=f"Morphoscope: {atlas.plan.model.title}",
        started=started,
    )


def notebook_view(atlas: Atlas, beside: Atlas | None = None, who: str = "anonymous") -> Any:
    """The page as a Panel object, for a notebook's cell; thumbnails travel with it."""
    pn.extension()
    page = Page(Workplace(atlas, beside), sheet_texts(atlas), who)
    page.complete()
    return page.view
