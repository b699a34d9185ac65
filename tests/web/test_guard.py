"""Hostile requests, one by one: the guard refuses them, and legitimate requests still work."""

import pytest

from morphoscope.web.guard import HEADERS, Names
from morphoscope.web.server.site import Body
from tests.web.clients import TOKEN, ask, cookie, handshake, parsed, raw, running, visits


def thumbnail(number):
    return Body(b"picture %d" % number, "image/webp") if number < 5 else None


@pytest.fixture(scope="module")
def server():
    with running(data={"thumbnails": thumbnail}) as running_server:
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
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert visits(server)


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
    refused(fetched("/data/thumbnails/3", "no-cors", "image"))
    refused(fetched("/data/thumbnails/3", "navigate", "document"))
    refused(handshake(server, f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: websocket", "Sec-Fetch-Dest: websocket"))


TARGETS = ["/", "/ws", "/app/app.js", "/app/nothing.js", "/favicon.ico", "/data/thumbnails/3", "/data/nothing"]
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
    assert ask(server, f"/data/thumbnails/3?token={TOKEN}", cookies="")[0] == 200
    assert ask(server, f"/?to%6ben={TOKEN}", cookies="")[1]["location"] == "/"
    assert ask(server, f"/?next=//evil.example&token={TOKEN}", cookies="")[1]["location"] == "/?next=//evil.example"


def test_files(server):
    status, headers, body = ask(server, "/data/thumbnails/3")
    assert (status, body) == (200, b"picture 3")
    assert headers["content-type"] == "image/webp"
    assert headers["cache-control"].startswith("private, max-age=")
    assert headers["x-content-type-options"] == "nosniff"
    assert ask(server, "/data/thumbnails/3", method="HEAD")[::2] == (200, b"")


SECRET = "etc/passwd"
TRAVERSALS = [
    "/..", "/../", f"/../../../../{SECRET}", f"/app/../../../../../../../../{SECRET}",
    f"/app/%2e%2e/%2e%2e/{SECRET}",
    f"/app/..%2f..%2f..%2f{SECRET}", f"/app/..%5c..%5c{SECRET}", f"/app/..\\..\\{SECRET}", f"/app//{SECRET}",
    f"/app/%252e%252e/%252e%252e/{SECRET}", f"/app/..%252f..%252f{SECRET}", f"/app/%c0%ae%c0%ae/{SECRET}",
    f"/app/%e0%80%ae%e0%80%ae/{SECRET}", f"/app/..%c0%af..%c0%af{SECRET}", f"/app/..%c1%9c{SECRET}",
    f"/app/.../...//{SECRET}", f"/app/....//....//{SECRET}", f"/app/..;/..;/{SECRET}", f"/app/.;/{SECRET}",
    "/app/app.js%00.png", "/app/app.js%2500", "/app/%00", "/app/%0d%0aSet-Cookie:x=1",
    f"/app/{SECRET}", f"/app/./{SECRET}", f"/app/~/{SECRET}", f"/app/C:/{SECRET}", f"/app/file:///{SECRET}",
    "/app", "/app/", "/app/.", "/app/..", "/app/.hidden", "/app/app.js/", "/app/nothing.js", "/app/guard.py",
    "/app/../guard.py", "/app/%2e%2e/guard.py", "/static", "/static/js/bokeh.min.js", "/components/os/path/_css/x.css",
    "/data", "/data/", "/data/nothing", "/data/thumbnails/", "/data/thumbnails/-1", "/data/thumbnails/12345678",
    "/data/thumbnails/1.5", "/data/thumbnails/1/", "/data/thumbnails/1/2", "/data/thumbnails/..%2f1",
    "/data/other/1",
    "/data/THUMBNAILS/1", "/data/../data/thumbnails/1", "/data//thumbnails/1", "/data/thumbnails/%31",
    "/data/thumbnails/\u0663", "/data/thumbnails/9", "/data/__class__/1", "/data/thumbnails/1%0a",
    "/data/thumb/nails/1",
    "//", "//evil.example/", "///", "/./", "/.", "/%2e", "/%2f", "/\\", "\\", "/index.html", "/metadata",
    "/autoload.js",
    "/ws/", "/ws/..", "/%77s", "/admin", "/login", "/rest/session_info", "/liveness", "/favicon.ico/", "/.git/config",
    f"/{SECRET}", SECRET, f"file:///{SECRET}", "http://evil.example/", "http://127.0.0.1/", "*", "evil.example:443",
    "/?x=\u00e9", "/#x", "/;x", "/ ", "/\x7f", "/a b", "/\t", "/%", "/%zz", "/%u002e%u002e/",
]  # fmt: skip


@pytest.mark.parametrize("target", TRAVERSALS)
def test_paths_outside(server, target):
    for method in ("GET", "HEAD"):
        status, _, body = ask(server, target, method=method)
        assert status in {400, 403, 404}, (target, status)
        assert b"root:" not in body


def test_packaged_resources_are_served(server):
    assert ask(server, "/app/app.js?v=1")[1]["content-type"].startswith("text/javascript")
    assert ask(server, "/app/app.css")[0] == 200
    assert ask(server, "/favicon.ico")[1]["content-type"] == "image/svg+xml"
    packed = ask(server, "/app/app.js", "Accept-Encoding: gzip")
    assert packed[1]["content-encoding"] == "gzip"
    assert len(packed[2]) < 0.5 * len(ask(server, "/app/app.js")[2])


METHODS = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETS", "X"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ["/", "/ws", "/data/thumbnails/3"])
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
