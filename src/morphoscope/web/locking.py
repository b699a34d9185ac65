"""Changes to Bokeh models under the document's lock, which most of Panel's callbacks do not hold."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import panel as pn


def soon(change: Callable[[], None]) -> None:
    """Run ``change`` at the next tick of the page that is being served, after all earlier requests.

    It runs at once while the page is being built, and if there is no server, as in a notebook.
    """
    document = pn.state.curdoc
    context = None if document is None else document.session_context
    if context is None or context.session is None:
        change()
    else:
        document.add_next_tick_callback(change)


def under_lock(method: Callable[..., None]) -> Callable[..., None]:
    """Run a method that changes Bokeh models by :func:`soon`, that is, with the lock and in order."""

    @functools.wraps(method)
    def wrapper(*arguments: Any) -> None:
        soon(lambda: method(*arguments))

    return wrapper
