"""Formulas as syntax trees of numbers, names and operations. :mod:`.expressions` gives them their meaning.

This is used instead of Python's own parser, which normalises look-alike letters, counts columns in bytes, and accepts
comments, continued lines and much else that is not part of formulas.
"""

from __future__ import annotations

import collections
import dataclasses
import re
import unicodedata
from collections.abc import Iterator

from morphoscope.core.errors import UsageError

MAX_LENGTH = 2000
MAX_DEPTH = 40
MAX_DIGITS = 40

_TOKEN = re.compile(
    r"(?P<blank>[ \t]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[-+*/()])"
)
_HINTS = {
    "^": "write ** for a power",
    "=": "write only the right-hand side",
    ",": "the decimal separator is . and functions take one argument",
    "#": "a formula can't have comments",
    "\n": "a formula must be on one line",
    "\r": "a formula must be on one line",
    "\\": "a formula must be on one line",
    "²": "write **2 for a square",
    "³": "write **3 for a cube",
    "\N{MULTIPLICATION SIGN}": "type * for a product",
    "\N{MIDDLE DOT}": "type * for a product",
    "\N{DOT OPERATOR}": "type * for a product",
    "\N{MINUS SIGN}": "type - for a difference",
    "\N{EN DASH}": "type - for a difference",
    "\N{DIVISION SIGN}": "type / for a quotient",
    "\N{DIVISION SLASH}": "type / for a quotient",
}
_USABLE = "only numbers, names, + - * / **, parentheses and functions can be used"


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula that starts at ``column``, counted from 1 in the whole text.

    ``kind``: ``number`` and ``name`` (spelled ``text``), ``call`` (of ``text``, one part), ``negative`` and
    ``reciprocal`` (one part), ``sum`` and ``product`` (two or more parts), ``power`` (base and exponent).
    """

    kind: str
    column: int
    text: str = ""
    parts: tuple[Node, ...] = ()


def syntax_error(text: str, column: int, what: str) -> UsageError:
    """An error at a column, on one line; a long formula is shortened to the surroundings."""
    shown = repr(text)
    if len(text) > 80:
        start = max(column - 31, 0)
        shown = f"{'…' if start else ''}{text[start : start + 60]!r}{'…' if start + 60 < len(text) else ''}"
    return UsageError(f"{shown}, column {column}: {what}")


def read(text: str) -> Node:
    """The syntax tree of a formula; raises UsageError with the column for invalid text."""
    if not isinstance(text, str):
        raise UsageError(f"{text!r} is not a formula; expected text such as 'a - u + u**2*v'")
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the formula has {len(text)} characters; at most {MAX_LENGTH} are allowed")
    return _Reader(text).formula()


@dataclasses.dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise syntax_error(text, position + 1, _explanation(text[position]))
        kind, word = str(match.lastgroup), match.group()
        after = text[match.end() : match.end() + 1]
        if kind == "number" and (after in (".", "_") or after.isalnum()):
            raise syntax_error(text, position + 1, "write decimal numbers such as 0.5 or 1e-3, and * between factors")
        if kind == "number" and len(word) > MAX_DIGITS:
            raise syntax_error(
                text, position + 1, f"the number has {len(word)} characters; at most {MAX_DIGITS} are allowed"
            )
        if kind == "name" and not word.isidentifier():
            bad = next(i for i in range(1, len(word) + 1) if not word[:i].isidentifier())
            raise syntax_error(text, position + bad, _explanation(word[bad - 1]))
        if kind == "name" and (plain := unicodedata.normalize("NFKC", word)) != word:
            raise syntax_error(text, position + 1, f"{word!r} contains look-alike letters; type {plain!r}")
        if kind != "blank":
            yield _Token(kind, word, position + 1)
        position = match.end()
    yield _Token("end", "", len(text) + 1)


def _explanation(character: str) -> str:
    if character in _HINTS:
        return f"{character!r} can't be used; {_HINTS[character]}"
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii() and plain.strip():
        return f"{character!r} is a look-alike character; type {plain!r}"
    return f"{character!r} can't be used; {_USABLE}"


class _Reader:
    """A recursive-descent parser with one method per level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = collections.deque(_tokens(text))
        self.depth = 0

    def formula(self) -> Node:
        found = self._sum()
        if self._next().kind != "end":
            raise self._unexpected("expected an operator such as + or *")
        return found

    def _next(self) -> _Token:
        return self.tokens[0]

    def _take(self, *signs: str) -> _Token | None:
        token = self.tokens[0]
        if token.kind == "sign" and token.text in signs:
            return self.tokens.popleft()
        return None

    def _unexpected(self, expected: str) -> UsageError:
        token = self._next()
        found = "the formula ends here" if token.kind == "end" else f"{token.text!r} is not allowed here"
        return syntax_error(self.text, token.column, f"{found}; {expected}")

    def _sum(self) -> Node:
        parts = [self._product()]
        while sign := self._take("+", "-"):
            part = self._product()
            parts.append(part if sign.text == "+" else Node("negative", sign.column, parts=(part,)))
        return parts[0] if len(parts) == 1 else Node("sum", parts[0].column, parts=tuple(parts))

    def _product(self) -> Node:
        parts = [self._signed()]
        while sign := self._take("*", "/"):
            part = self._signed()
            parts.append(part if sign.text == "*" else Node("reciprocal", part.column, parts=(part,)))
        return parts[0] if len(parts) == 1 else Node("product", parts[0].column, parts=tuple(parts))

    def _signed(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise syntax_error(self.text, self._next().column, f"nested deeper than {MAX_DEPTH}; use fewer parentheses")
        sign = self._take("+", "-")
        if sign is None:
            found = self._power()
        else:
            found = self._signed()
            found = found if sign.text == "+" else Node("negative", sign.column, parts=(found,))
        self.depth -= 1
        return found

    def _power(self) -> Node:
        base = self._atom()
        if self._take("**"):
            return Node("power", base.column, parts=(base, self._signed()))
        return base

    def _atom(self) -> Node:
        token = self._next()
        if token.kind in ("number", "name"):
            self.tokens.popleft()
            if token.kind == "name" and (opened := self._take("(")):
                return Node("call", token.column, token.text, (self._closed(opened),))
            return Node(token.kind, token.column, token.text)
        if self._take("("):
            return self._closed(token)
        raise self._unexpected("expected a number, a name or (")

    def _closed(self, opened: _Token) -> Node:
        inside = self._sum()
        if self._take(")") is None:
            raise self._unexpected(f"expected ) to close the ( at column {opened.column}")
        return inside
