"""The explorer: the page of an atlas, served to a browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

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
        serve(ExplorerSite(workspace, who), host=host, port=port, started=started)
