"""The server from a user's view: started, opened in a browser, left, stopped."""

import http.server
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.web.server.listening import make_server
from morphoscope.web.server.site import Body, PageSite
from tests.web.clients import TOKEN, ask, running


def picture(number):
    return Body(b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="30"/>', "image/svg+xml")


@pytest.fixture(scope="module")
def server():
    with running(data={"pictures": picture}) as running_server:
        yield running_server


@pytest.fixture
def context(chromium):
    fresh = chromium.new_context()
    fresh.set_default_timeout(20_000)
    yield fresh
    fresh.close()


def test_the_token_is_out_of_reach_of_scripts(server, context):
    tab = context.new_page()
    tab.goto(server.address.url)
    assert tab.url == f"http://127.0.0.1:{server.address.port}/"
    assert TOKEN not in tab.content()
    assert tab.evaluate("document.cookie") == ""


EVIL = """<a id=link href="{own}/">link</a><script>
const tried = {{}}
const kept = (name, works) => {{ tried[name] = works }}
const socket = new WebSocket("{own}/ws".replace("http", "ws"))
socket.onopen = () => kept("websocket", true); socket.onerror = () => kept("websocket", false)
for (const [tag, path] of [["img", "/data/pictures/3"], ["script", "/app/app.js"]]) {{
  const element = document.createElement(tag); element.src = "{own}" + path
  element.onload = () => kept(tag, true); element.onerror = () => kept(tag, false)
  document.documentElement.append(element)
}}
fetch("{own}/", {{credentials: "include"}}).then(() => kept("fetch", true), () => kept("fetch", false))
const frame = document.createElement("iframe"); frame.src = "{own}/"; document.documentElement.append(frame)
frame.onload = () => kept("frame", false)
</script>"""


@pytest.fixture
def neighbour(server):
    """A hostile page on another port: the same site, so the browser sends the cookie."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(EVIL.format(own=f"http://127.0.0.1:{server.address.port}").encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield other.server_port
        other.shutdown()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_page_of_another_site_gets_nothing(server, context, neighbour, name):
    context.new_page().goto(server.address.url)
    tab = context.new_page()
    tab.goto(f"http://{name}:{neighbour}/")
    tab.wait_for_function("Object.keys(tried).length == 5")
    assert set(tab.evaluate("tried").values()) == {False}
    assert not any(frame.locator("#own").count() for frame in tab.frames)
    tab.locator("#link").click()  # a link is followed, with the cookie
    tab.get_by_role("heading", name="Morphoscope").wait_for()


def test_the_link_works_from_another_site(server, context, neighbour):
    tab = context.new_page()
    tab.goto(f"http://localhost:{neighbour}/")
    tab.evaluate(f"document.getElementById('link').href = '{server.address.url}'")
    tab.locator("#link").click()
    tab.get_by_role("heading", name="Morphoscope").wait_for()


def bound(**options):
    server = make_server(PageSite("test", {}, {}), **options)
    server.stop()
    return server.address


def test_addresses():
    here = bound()
    assert (here.host, here.open_to_others) == ("127.0.0.1", False)
    assert here.url == f"http://127.0.0.1:{here.port}/?token={here.token}"
    assert len(here.token) >= 32
    assert bound().token != here.token
    assert here.token not in repr(here)
    everywhere = bound(host="0.0.0.0")
    assert everywhere.open_to_others
    assert everywhere.url.startswith("http://127.0.0.1:")
    assert everywhere.url_at("fe80::1").startswith("http://[fe80::1]:")
    assert not bound(host="localhost").open_to_others
    assert not bound(host="127.0.0.9").open_to_others


def test_addresses_that_cannot_be_used():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"can't listen at 127\.0\.0\.1, port {port}.*choose another") as raised:
            bound(port=port)
        assert "\n" not in str(raised.value)
    for options, words in (
        ({"port": 70_000}, "out of range"),
        ({"port": -1}, "out of range"),
        ({"host": ""}, "no host"),
    ):
        with pytest.raises(UsageError, match=words):
            bound(**options)
    for host in ("192.0.2.1", "no such host", "x" * 300, "a..b"):
        with pytest.raises(UsageError, match="can't listen"):
            bound(host=host)


PROGRAM = """
from morphoscope.web.server.listening import serve
from morphoscope.web.server.site import PageSite
def broken(number):
    raise RuntimeError("\\x1b[31m" + "broken page " * 100) if number else ZeroDivisionError()
site = PageSite("test", {"broken": broken}, {})
serve(site, started=lambda a: print(a.port, a.token, flush=True))
print("ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_quietly_and_logs_no_request(end):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=-1, stderr=-1, text=True)
    try:
        port, token = process.stdout.readline().split()
        there = SimpleNamespace(address=SimpleNamespace(port=int(port)))
        cookies = f"morphoscope-{port}={token}"
        assert ask(there, cookies=cookies)[0] == 200
        assert ask(there, "/data/broken/1", cookies=cookies)[::2] == (500, b"Internal Server Error\n")
        assert ask(there, "/data/broken", cookies=cookies)[0] == 500
        ask(there, "/ws", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x", cookies=cookies)
        process.send_signal(end)
        said, noise = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0
    assert said == "ended\n"
    assert "Traceback" not in noise
    assert "\x1b" not in noise
    assert "RuntimeError" in noise
    assert "ZeroDivisionError" in noise
    assert all(line.startswith(("warning: ", "error: ")) and len(line) < 260 for line in noise.splitlines()), noise
