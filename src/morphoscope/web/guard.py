"""The guard in front of the explorer: no handler sees a request that the guard has not checked.

A server on a personal computer is exposed to three threats: pages of other sites in the same browser (which can send
requests and, by DNS rebinding, read the responses), other users of the computer, and, if it listens on other addresses
than loopback, other computers. Therefore every request, whether page, websocket, script or picture, is checked here:

* Host must be an address of the server; Origin, if sent, must be the same address.
* Embedded and fetched requests from pages of other sites are refused; links on other sites and in mails work.
* Only GET and HEAD, without a body; only the few paths below, and only plain characters in them.
* The token is required: first in the link, then in a cookie. The application sees neither.

There is no HTTPS: anyone who can read the network traffic between browser and server can read the token. For use from
another computer, an SSH tunnel (``ssh -L 5006:127.0.0.1:5006 host``, with the same port at both ends) is safer.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from collections.abc import Awaitable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerConnectionDelegate, ResponseStartLine
from tornado.web import OutputTransform

HINT = "open the link that `morphoscope explore` printed"

# Other sites can't frame the page (X-Frame-Options), access its window (Opener) or embed its resources (Resource).
# no-referrer: the token of the first request must not be sent to a site that the page links to.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# No leading dot: neither '..' nor hidden files.
_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_PATH = re.compile(rf"/|/ws|/favicon\.ico|/app/{_NAME}|/data/[a-z]+(/[0-9]{{1,7}})?")
_QUERY = re.compile(r"[!-~]*")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[1-9][0-9]*))?")


@dataclass(frozen=True)
class Answer:
    """A response by the guard itself, instead of the application's."""

    status: HTTPStatus
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Names:
    """The addresses of a server. ``others``: reachable beyond loopback, and so by any of its IP addresses."""

    port: int
    others: bool
    names: frozenset[str]

    @classmethod
    def of(cls, host: str, port: int, *, others: bool) -> Names:
        """Names of a server bound to ``host``. DNS can't rebind an IP address; names must be ours."""
        bound = f"[{host}]" if ":" in host else host
        names = {"127.0.0.1", "localhost", "[::1]", bound.lower()}
        return cls(port, others, frozenset(names | {socket.gethostname().lower()} if others else names))

    def includes(self, host: str) -> bool:
        """Whether a Host header (name:port, any case) is one of ours; port 80 may be omitted."""
        found = _HOST.fullmatch(host.lower())
        if found is None or (found["port"] or "80") != str(self.port):
            return False
        return found["name"] in self.names or (self.others and _is_number(found["name"]))


@dataclass(frozen=True)
class Rules:
    """Decide about requests: refuse or redirect them, or return the target for the application without the token."""

    names: Names
    token: str = field(repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name, which contains the port because browsers share cookies between the ports of a host."""
        return f"morphoscope-{self.names.port}"

    def judge(self, method: str, target: str, headers: HTTPHeaders) -> Answer | str:
        """An answer (refusal or redirection), or the target to pass to the application."""
        path, _, query = target.partition("?")
        return (
            self._sender(path, headers)
            or _malformed(method, path, query, headers)
            or self._authenticated(path, query, headers)
        )

    def _sender(self, path: str, headers: HTTPHeaders) -> Answer | None:
        hosts, origins = headers.get_list("Host"), headers.get_list("Origin")
        if len(hosts) != 1 or not self.names.includes(hosts[0]):
            return _refusal(f"not an address of this server; {HINT}")
        if origins and origins != [f"http://{hosts[0].lower()}"]:
            return _refusal(f"other sites can't use this server; {HINT}")
        if headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"} and not _follows_link(path, headers):
            return _refusal(f"other sites can't embed this server; {HINT}")
        return None

    def _authenticated(self, path: str, query: str, headers: HTTPHeaders) -> Answer | str:
        """Check token or cookie. A wrong token is refused even with a valid cookie, or old links would seem to work."""
        given, rest = _take_token(query)
        target = f"{path}?{rest}" if rest else path
        if not self._is_right(given or _cookies(self.cookie, headers)):
            return _refusal(HINT)
        return self._welcome(target) if given and path == "/" else target

    def _is_right(self, given: list[str]) -> bool:
        return len(given) == 1 and secrets.compare_digest(given[0].encode(), self.token.encode())

    def _welcome(self, target: str) -> Answer:
        """Put the token into a cookie and out of the address bar (history, bookmarks, screenshots).

        SameSite=Lax, not Strict: under Strict the first click on the printed link in a notebook or mail would
        fail with 403, because browsers withhold the cookie from navigations that began on other sites. Lax sends it
        with such top-level navigations only; they change nothing, and other sites can't read the page.
        """
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"
        return Answer(HTTPStatus.SEE_OTHER, headers=(("Location", target), ("Set-Cookie", cookie)))


class Guard(HTTPServerConnectionDelegate):  # type: ignore[misc]
    """The request callback of the HTTP server, which checks requests before the application."""

    def __init__(self, rules: Rules, application: Any) -> None:
        self.rules = rules
        self.application = application

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        """Tornado's hook: one delegate for each request."""
        return _Visit(self, server_conn, request_conn)


class _Visit(HTTPMessageDelegate):  # type: ignore[misc]
    """One request: answered here, or passed on without cookie and token."""

    def __init__(self, guard: Guard, server_conn: object, connection: Any) -> None:
        self._guard = guard
        self._server_conn = server_conn
        self._connection = connection
        self._inner: Any = None

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        verdict = self._guard.rules.judge(start_line.method, start_line.path, headers)
        if isinstance(verdict, Answer):
            _send(self._connection, verdict, body=start_line.method != "HEAD")
            return None
        headers.pop("Cookie", None)  # nothing behind the guard needs the token
        self._inner = self._guard.application.start_request(self._server_conn, self._connection)
        return self._inner.headers_received(start_line._replace(path=verdict), headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk) if self._inner else None

    def finish(self) -> None:
        if self._inner:
            self._inner.finish()

    def on_connection_close(self) -> None:
        if self._inner:
            self._inner.on_connection_close()


class SafeHeaders(OutputTransform):  # type: ignore[misc]
    """Adds the security headers to every response of the application, from any handler."""

    def __init__(self, request: Any) -> None:
        self._policy = _policy(request.host)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Tornado's hook: the response's status, headers and first bytes."""
        headers.update(HEADERS)
        headers.setdefault("Content-Security-Policy", self._policy)
        return status_code, headers, chunk


def _policy(host: str) -> str:
    """The content security policy: only resources of this server, no inline scripts, no evaluation.

    WebAssembly runs the network that reads patterns in the browser.
    """
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        f"media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _send(connection: Any, answer: Answer, *, body: bool) -> None:
    text = f"{answer.text}\n".encode() if answer.text else b""
    headers = HTTPHeaders({**HEADERS, "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})
    headers["Content-Length"] = str(len(text))
    for name, value in answer.headers:
        headers.add(name, value)
    line = ResponseStartLine("HTTP/1.1", int(answer.status), answer.status.phrase)
    connection.write_headers(line, headers, text if body else None)
    connection.finish()


def _refusal(text: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Answer:
    return Answer(status, text)


def _malformed(method: str, path: str, query: str, headers: HTTPHeaders) -> Answer | None:
    if method not in {"GET", "HEAD"}:
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are allowed", (("Allow", "GET, HEAD"),))
    if "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0":
        return _refusal("requests must not have a body", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    found = _PATH.fullmatch(path)
    if found is None or not _QUERY.fullmatch(query):
        return _refusal(f"not found; {HINT}", HTTPStatus.NOT_FOUND)
    return None


def _follows_link(path: str, headers: HTTPHeaders) -> bool:
    return path == "/" and headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"


def _take_token(query: str) -> tuple[list[str], str]:
    """Tokens in a query, and the query without them, otherwise unchanged."""
    pairs = [(part, *part.partition("=")[::2]) for part in query.split("&")]
    tokens = [unquote_plus(value) for _, name, value in pairs if unquote_plus(name) == "token"]
    return tokens, "&".join(part for part, name, _ in pairs if unquote_plus(name) != "token")


def _cookies(name: str, headers: HTTPHeaders) -> list[str]:
    pairs = (pair.strip().partition("=") for line in headers.get_list("Cookie") for pair in line.split(";"))
    return [value for key, _, value in pairs if key == name]


def _is_number(name: str) -> bool:
    """Whether a host in a Host header is an IP address: IPv4 as it is, IPv6 in brackets."""
    try:
        number = ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return (number.version == 6) == name.startswith("[")
