"""Hostile requests, one by one: the guard refuses them, and legitimate requests still work."""

import base64
import sys

import pytest
from panel.io.resources import DIST_DIR
from panel.pane import Markdown

from morphoscope.web.guard import HEADERS, Names
from tests.web.clients import TOKEN, ask, cookie, handshake, parsed, raw, running, ticket, visits


def thumbnail(number):
    return (b"picture %d" % number, "image/webp") if number < 5 else None


@pytest.fixture(scope="module")
def server():
    with running(lambda: Markdown("a page"), files={"thumbnails": thumbnail}) as running_server:
        yield running_server
        assert visits(running_server)  # after all hostile requests


@pytest.fixture(scope="module")
def pages(server):
    """Both ways in: a page and a websocket."""
    return (lambda *lines, **options: ask(server, "/", *lines, **options)), (
        lambda *lines, **options: handshake(server, *lines, **options)
    )


def refused(answer, status=403):
    """A short plain text with the protective headers."""
    code, headers, body = answer
    assert code == status, answer
    assert headers["content-type"].startswith("text/plain")
    assert HEADERS.items() <= {n.title().replace("-Xframe", "-XFrame"): v for n, v in headers.items()}.items()
    assert len(body) < 200


def test_a_legitimate_visit(server):
    status, headers, _ = ask(server, f"/?token={TOKEN}&x=1&y=%2F", cookies="")
    assert (status, headers["location"]) == (303, "/?x=1&y=%2F")
    for words in (cookie(server), "HttpOnly", "SameSite=Lax", "Path=/"):
        assert words in headers["set-cookie"]
    status, headers, body = ask(server, "/?x=1")
    assert status == 200
    assert b"<title>test" in body
    assert TOKEN.encode() not in body
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert visits(server)


def test_the_page_carries_no_header_of_the_request(server):
    session = ticket(server).split(".")[0]
    content = base64.urlsafe_b64decode(session + "==")
    assert b"session_id" in content
    assert TOKEN.encode() not in content
    assert b"127.0.0.1" not in content


@pytest.mark.parametrize("form", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST:{}"])
def test_own_addresses(server, form):
    host = form.format(server.address.port)
    assert ask(server, "/", f"Origin: http://{host.lower()}", host=host)[0] == 200
    assert handshake(server, f"Origin: http://{host.lower()}", host=host)[0] == 101


HOSTS = [
    "", "evil.example", "evil.example:{}", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:0{}", "127.0.0.1:{}0",
    "127.0.0.2:{}",
    "0.0.0.0:{}", "localhost.:{}", "localhost.evil.example:{}", "localhost", "evil.example@127.0.0.1:{}", "[::]:{}",
    "127.0.0.1:{}@evil.example", "127.1:{}", "2130706433:{}", "0x7f000001:{}", "[::ffff:127.0.0.1]:{}",
    "192.168.0.2:{}",
    "::1:{}", "[::1]", "127.0.0.1:{}, evil.example", "127.0.0.1:{}\r\nHost: evil.example",
    "127.0.0.1:{}\t.evil.example",
    "127.0.0.1:{}\r\nHost: 127.0.0.1:{}", "l\u00f6calhost:{}",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("door", [0, 1], ids=["page", "websocket"])
def test_other_hosts(server, pages, host, door):
    host = host.replace("{}", str(server.address.port))
    if host:
        assert pages[door](host=host)[0] in {400, 403}
    else:
        assert parsed(raw(server, f"GET / HTTP/1.1\r\nCookie: {cookie(server)}\r\n\r\n".encode()))[0] == 403
        assert parsed(raw(server, f"GET / HTTP/1.0\r\nCookie: {cookie(server)}\r\n\r\n".encode()))[0] == 403


ORIGINS = [
    "null", "", "http://evil.example", "https://127.0.0.1:{}", "http://127.0.0.1", "http://127.0.0.1:80",
    "http://localhost:{}", "http://[::1]:{}", "http://127.0.0.1:{}.evil.example", "http://evil.example:{}",
    "http://127.0.0.1.evil.example:{}", "http://127.0.0.1:{}/", "http://127.0.0.1:{}@evil.example", "127.0.0.1:{}",
    "http://user@127.0.0.1:{}", "ws://127.0.0.1:{}", "file://", "chrome-extension://abcdef", "http://127.0.0.1:1{}",
    "http://127.0.0.1:{} http://evil.example", "http://127.0.0.1:{}, http://evil.example", "HTTP://127.0.0.1:{}",
    "http://127.0.0.1:{}\r\nOrigin: http://evil.example", "http://evil.example\r\nOrigin: http://127.0.0.1:{}", "*",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("door", [0, 1], ids=["page", "websocket"])
def test_other_origins(server, pages, origin, door):
    refused(pages[door]("Origin: " + origin.replace("{}", str(server.address.port))))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_other_sites_can_link_but_not_embed(server, site):
    def fetched(target, mode, dest):
        lines = [f"Sec-Fetch-Site: {site}", f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {dest}"]
        return ask(server, target, *lines)

    assert fetched("/", "navigate", "document")[0] == 200
    refused(fetched("/", "navigate", "iframe"))
    refused(fetched("/", "no-cors", "script"))
    refused(fetched("/files/thumbnails/3", "no-cors", "image"))
    refused(fetched("/files/thumbnails/3", "navigate", "document"))
    refused(handshake(server, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket"))


TARGETS = ["/", "/ws", "/static/js/bokeh.min.js", "/favicon.ico", "/files/thumbnails/3",
           "/static/extensions/panel/images/favicon.ico", "/components/panel.template/X/_css/x.css"]  # fmt: skip
COOKIES = ["", "{n}=", "{n}=wrong", "{n}", "{n}={t}x", "{n}= {t}", "{N}={t}", "x{n}={t}", "{n}={t}; {n}={t}",
           "token={t}",
           "{n}={t}; {n}=wrong", "{n}=wrong; {n}={t}", '{n}="{t}"', "morphoscope={t}", "{n}=t\u00f6ken"]  # fmt: skip


def filled(text, server):
    name = cookie(server).partition("=")[0]
    return text.format(n=name, N=name.upper(), t=TOKEN)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cookies", ["", "{n}=wrong"])
def test_every_path_asks_for_the_token(server, target, cookies):
    answer = ask(server, target, cookies=filled(cookies, server))
    refused(answer)
    assert b"open the link that `morphoscope explore` printed" in answer[2]


@pytest.mark.parametrize("cookies", COOKIES)
def test_wrong_cookies(server, pages, cookies):
    for door in pages:
        refused(door(cookies=filled(cookies, server)))


@pytest.mark.parametrize(
    "query",
    ["token=", "token", "token=wrong", "token={t}&token={t}", "token={t}&token=wrong", "token=wrong&token={t}",
     "Token={t}",
     "token={t}%00", "token=%20{t}", "token[]={t}", "token={t};x=1", "to%6ben=wrong", "x=token={t}", "token=%ff"],
)  # fmt: skip
def test_wrong_tokens(server, query):
    given = "/?" + query.format(t=TOKEN)
    refused(ask(server, given, cookies=""))
    if "token=" in query.replace("%6b", "k").partition("x=")[0]:
        refused(ask(server, given))  # even with a valid cookie


def test_the_token_opens_every_path(server):
    assert ask(server, f"/files/thumbnails/3?token={TOKEN}", cookies="")[0] == 200
    assert ask(server, f"/?to%6ben={TOKEN}", cookies="")[1]["location"] == "/"
    assert ask(server, f"/?next=//evil.example&token={TOKEN}", cookies="")[1]["location"] == "/?next=//evil.example"


def test_files(server):
    status, headers, body = ask(server, "/files/thumbnails/3")
    assert (status, body) == (200, b"picture 3")
    assert headers["content-type"] == "image/webp"
    assert headers["cache-control"].startswith("private, max-age=")
    assert headers["x-content-type-options"] == "nosniff"
    assert ask(server, "/files/thumbnails/3", method="HEAD")[::2] == (200, b"")


SECRET = "etc/passwd"
STATIC = "/static/extensions/panel"
TRAVERSALS = [
    "/..", "/../", f"/../../../../{SECRET}", f"/static/../../../../../../../../{SECRET}",
    f"/static/%2e%2e/%2e%2e/{SECRET}",
    f"/static/..%2f..%2f..%2f{SECRET}", f"/static/..%5c..%5c{SECRET}", f"/static/..\\..\\{SECRET}",
    f"/static//{SECRET}",
    f"/static/%252e%252e/%252e%252e/{SECRET}", f"/static/..%252f..%252f{SECRET}", f"/static/%c0%ae%c0%ae/{SECRET}",
    f"/static/%e0%80%ae%e0%80%ae/{SECRET}", f"/static/..%c0%af..%c0%af{SECRET}", f"/static/..%c1%9c{SECRET}",
    f"/static/.../...//{SECRET}", f"/static/....//....//{SECRET}", f"/static/..;/..;/{SECRET}", f"/static/.;/{SECRET}",
    "/static/js/bokeh.min.js%00.png", "/static/js/bokeh.min.js%2500", "/static/%00", "/static/js/%0d%0aSet-Cookie:x=1",
    f"/static/{SECRET}", f"/static/./{SECRET}", f"/static/~/{SECRET}", f"/static/C:/{SECRET}",
    f"/static/file:///{SECRET}",
    "/static", "/static/", "/static/js", "/static/js/", "/static/js/.", "/static/js/..", "/static/.hidden",
    "/static/js/.x",
    f"{STATIC}/../../../{SECRET}", f"{STATIC}/%2e%2e/server.py", f"{STATIC}/..%2f..%2fconfig.py", STATIC, f"{STATIC}/",
    "/static/extensions/../../../server.py", "/static/extensions/nothing/x.js", "/static/extensions",
    f"{STATIC}//{SECRET}",
    "/static/extensions/panel%2f..%2f..%2fconfig.py", f"{STATIC}/..\\config.py", f"{STATIC}/..%255cconfig.py",
    "/components/", "/components/os/path/_css/x.css", "/components/antigravity/X/_css/x.css",
    "/components/this/s/_css/x",
    f"/components/panel.template/FastListTemplate/_css/../../../../{SECRET}", "/components/panel/config/__file__/x",
    f"/components/panel.template/FastListTemplate/_css/%2e%2e/{SECRET}", "/components/..panel/X/_css/x.css",
    f"/components/panel.template/FastListTemplate/_css//{SECRET}",
    "/components/panel.template/FastListTemplate/__init__/x",
    f"/components/panel.template/FastListTemplate/_css/{SECRET}", "/components/panel.template/Nothing/_css/x.css",
    "/files/", "/files/thumbnails", "/files/thumbnails/", "/files/thumbnails/-1", "/files/thumbnails/1234567",
    "/files/thumbnails/1.5", "/files/thumbnails/1/", "/files/thumbnails/1/2", "/files/thumbnails/..%2f1",
    "/files/other/1",
    "/files/THUMBNAILS/1", "/files/../files/thumbnails/1", "/files//thumbnails/1", "/files/thumbnails/%31",
    "/files/thumbnails/\u0663", "/files/thumbnails/9", "/files/__class__/1", "/files/thumbnails/1%0a",
    "/files/thumb/nails/1",
    "//", "//evil.example/", "///", "/./", "/.", "/%2e", "/%2f", "/\\", "\\", "/index.html", "/metadata",
    "/autoload.js",
    "/ws/", "/ws/..", "/%77s", "/admin", "/login", "/rest/session_info", "/liveness", "/favicon.ico/", "/.git/config",
    f"/{SECRET}", SECRET, f"file:///{SECRET}", "http://evil.example/", "http://127.0.0.1/", "*", "evil.example:443",
    "/?x=\u00e9", "/#x", "/;x", "/ ", "/\x7f", "/a b", "/\t", "/%", "/%zz", "/%u002e%u002e/",
    "/static/js/bokeh.min.js/",
]  # fmt: skip


@pytest.mark.parametrize("target", TRAVERSALS)
def test_paths_outside(server, target):
    for method in ("GET", "HEAD"):
        status, _, body = ask(server, target, method=method)
        assert status in {400, 403, 404}, (target, status)
        assert b"root:" not in body


def test_no_module_is_imported_by_a_request(server):
    ask(server, "/components/antigravity/X/_css/x.css")
    assert "antigravity" not in sys.modules


def test_packaged_resources_are_served(server):
    assert ask(server, "/static/js/bokeh.min.js?v=1")[0] == 200
    assert ask(server, f"{STATIC}/images/favicon.ico")[2] == (DIST_DIR / "images" / "favicon.ico").read_bytes()
    assert ask(server, "/favicon.ico")[0] == 200


METHODS = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETS", "X"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ["/", "/ws", "/files/thumbnails/3"])
def test_methods(server, method, target):
    refused(ask(server, target, method=method), 405)


def test_bodies_and_headers_too_large(server):
    refused(ask(server, "/", "Content-Length: 5", body=b"hello"), 413)
    refused(ask(server, "/", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"), 413)
    assert ask(server, "/", f"Content-Length: {2**21}", body=b"x" * 2**21, method="POST")[0] in {None, 400, 405}
    assert ask(server, "/", "Content-Length: -1")[0] in {400, 413}
    assert ask(server, "/", "X: " + "x" * 70_000)[0] is None
    assert ask(server, "/", *(f"X-{i}: {'x' * 100}" for i in range(1000)))[0] is None
    assert ask(server, "/?" + "x" * 70_000)[0] is None
    assert ask(server, "/?" + "&".join("x=1" for _ in range(5000)))[0] == 400
    assert ask(server)[0] == 200


@pytest.mark.parametrize(
    "request_line", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\x00" * 50,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"GET /\r\n\r\n",
                     b"GET / HTTP/1.1\r\n folded: x\r\n\r\n"],
)  # fmt: skip
def test_what_is_not_http(server, request_line):
    assert parsed(raw(server, request_line, patience=1))[0] in {None, 400, 403}


def test_names_of_a_server_open_to_others():
    names = Names.of("0.0.0.0", 5006, others=True)
    for known in ("10.0.0.7:5006", "[fe80::1]:5006", "localhost:5006", "127.0.0.1:5006"):
        assert names.includes(known)
    for other in ("evil.example:5006", "10.0.0.7", "10.0.0.7:5007", "10.0.0.7.evil.example:5006", "fe80::1:5006",
                  "7:5006",
                  "[10.0.0.7]:5006", "[evil]:5006"):  # fmt: skip
        assert not names.includes(other)
    assert Names.of("10.0.0.7", 80, others=True).includes("10.0.0.7")
