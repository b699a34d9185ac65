"""The browser's command line shows no token."""

import html
import stat

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.web import redirect
from morphoscope.web.explorer import shown_by

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


SHOWN = "#atlas=gray-scott&run=1782&tab=pattern&colour=class"


@pytest.mark.parametrize(
    "link", [SHOWN, SHOWN[1:], f"http://127.0.0.1:43123/{SHOWN}", f"file:///home/a/page/index.html{SHOWN}"]
)
def test_a_link_that_was_sent_shows_the_same_on_another_server(link):
    assert shown_by(link) == SHOWN
    assert shown_by("") == ""


@pytest.mark.parametrize(
    "link", ["http://127.0.0.1:43123/", "#", "atlas=x", f"{SHOWN} ", f"{SHOWN}\n", "#atlas=a&run=é"]
)
def test_another_text_is_no_link(link):
    with pytest.raises(UsageError, match="tab Share") as caught:
        shown_by(link)
    assert "\n" not in str(caught.value)
