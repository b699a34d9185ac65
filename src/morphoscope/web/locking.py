"""When Bokeh's models may be changed: under the document's lock, which Panel's callbacks mostly do not hold."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import panel as pn


def under_lock(method: Callable[..., None]) -> Callable[..., None]:
    """Run a method that changes Bokeh models at the next tick of its page, with the lock; the order is kept.

    At once while a page is being made, and where there is no server, as in a notebook.
    """

    @functools.wraps(method)
    def wrapper(*arguments: Any) -> None:
        document = pn.state.curdoc
        if document is None or document.session_context is None or not pn.state.loaded:
            method(*arguments)
        else:
            document.add_next_tick_callback(lambda: method(*arguments))

    return wrapper
