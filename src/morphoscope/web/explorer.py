"""The explorer: the page of an atlas, served to a browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

from morphoscope.core.errors import UsageError
from morphoscope.web.redirect import opened_in_browser
from morphoscope.web.server.explorer_site import ExplorerSite
from morphoscope.web.server.listening import Address, serve
from morphoscope.web.workspace import Workspace


def serve_explorer(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    who: str,
    link: str,
    browser: bool,
    report: Callable[[str], None],
) -> None:
    """Serve the explorer until it is interrupted; ``report`` is called with its address."""
    atlas, shown = workspace.atlas, shown_by(link)

    def started(address: Address) -> None:
        report(f"{atlas.folder.name}: {len(atlas.runs)} runs; annotations are saved in {atlas.annotations.path}")
        report(f"open {address.url}{shown}")
        if address.open_to_others:
            report(
                f"anyone who can reach {address.host}:{address.port} and has this link can view, annotate and train, "
                "over unencrypted HTTP"
            )
        report("press Ctrl+C to stop")
        if browser:
            open_page.enter_context(opened_in_browser(address.url + shown))

    with contextlib.ExitStack() as open_page:
        serve(ExplorerSite(workspace, who), host=host, port=port, started=started)


def shown_by(link: str) -> str:
    """The part of a link that says what the page shows: # and what follows; "" for "".

    Raises UsageError for a text that is no link of the page.
    """
    found = re.fullmatch(r"([!-~]*#)?(?P<shown>atlas=[!-~]+&run=[!-~]+)", link)
    if found is None and link:
        raise UsageError(
            f"link {link!r} has no atlas and run after a #; copy the whole link of the tab Share, and put it in quotes",
            parameter="link",
        )
    return "" if found is None else f"#{found['shown']}"
