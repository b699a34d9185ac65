"""Open a link in the browser without showing it to other users of the computer.

A browser is a program, and everybody on a computer can see the command lines of programs. So the browser is given a
file, which only its owner can read, and the file leads to the link.
"""

from __future__ import annotations

import contextlib
import html
import os
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path

_PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>Morphoscope</title>
</head>
<body><a href="{url}">Open Morphoscope</a></body>
</html>
"""


@contextlib.contextmanager
def redirect_file(url: str) -> Iterator[Path]:
    """An HTML file of mode 0600, in a folder of mode 0700, that leads to ``url``; it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="morphoscope-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, "open.html")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(url=html.escape(url)))
        yield path


@contextlib.contextmanager
def opened_in_browser(url: str) -> Iterator[None]:
    """Open ``url`` in the browser, in a thread, as some browsers come back only when they are closed."""
    with redirect_file(url) as path:
        threading.Thread(target=webbrowser.open, args=(path.as_uri(),), daemon=True).start()
        yield
