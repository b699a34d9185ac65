"""The browser's command line shows no token."""

import html
import stat

from morphoscope.web import redirect

URL = "http://127.0.0.1:5006/?token=secret&x=<"


def test_the_browser_gets_a_private_file(monkeypatch):
    opened = []
    monkeypatch.setattr(redirect.webbrowser, "open", opened.append)
    monkeypatch.setattr(redirect.threading, "Thread", Immediately)
    with redirect.opened_in_browser(URL):
        (link,) = opened
        assert link.startswith("file:///")
        assert "secret" not in link
        path = redirect.Path(link.removeprefix("file://"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert f'content="0; url={html.escape(URL)}"' in path.read_text()
    assert not path.parent.exists()


class Immediately:
    def __init__(self, target, args, daemon):
        self.start = lambda: target(*args)
