"""Formulas as trees: which number, name or operation stands where. What they mean is :mod:`.expressions`' matter.

A parser of its own rather than Python's: that one rewrites look-alikes of letters, counts columns in bytes, knows
comments, continued lines and a hundred things that formulas don't have.
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
_INSTEAD = {
    "^": "for a power write **",
    "=": "only the right-hand side can be given",
    ",": "a decimal point is written . and functions take one argument",
    "#": "a formula has no comments",
    "\n": "a formula is one line",
    "\r": "a formula is one line",
    "\\": "a formula is one line",
    "²": "for a square write **2",
    "³": "for a cube write **3",
    "\N{MULTIPLICATION SIGN}": "for a product type *",
    "\N{MIDDLE DOT}": "for a product type *",
    "\N{DOT OPERATOR}": "for a product type *",
    "\N{MINUS SIGN}": "for a difference type -",
    "\N{EN DASH}": "for a difference type -",
    "\N{DIVISION SIGN}": "for a quotient type /",
    "\N{DIVISION SLASH}": "for a quotient type /",
}
_USABLE = "only numbers, names, + - * / **, parentheses and functions can be used"


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula that begins at ``column``, counted from 1 in the whole text.

    ``kind``: ``number`` and ``name`` (written ``text``), ``call`` (of ``text``, one part), ``negative`` and
    ``reciprocal`` (one part), ``sum`` and ``product`` (two parts or more), ``power`` (base and exponent).
    """

    kind: str
    column: int
    text: str = ""
    parts: tuple[Node, ...] = ()


def refusal(text: str, column: int, what: str) -> UsageError:
    """The error for what stands at a column: one line, of a long formula only the surroundings."""
    shown = repr(text)
    if len(text) > 80:
        start = max(column - 31, 0)
        shown = f"{'…' if start else ''}{text[start : start + 60]!r}{'…' if start + 60 < len(text) else ''}"
    return UsageError(f"{shown}, column {column}: {what}")


def read(text: str) -> Node:
    """The tree of a formula; raises UsageError, naming the column, for text that is none."""
    if not isinstance(text, str):
        raise UsageError(f"{text!r} is no formula; expected text such as 'a - u + u**2*v'")
    if len(text) > MAX_LENGTH:
        raise UsageError(f"formula of {len(text)} characters; at most {MAX_LENGTH} are read")
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
            raise refusal(text, position + 1, _complaint(text[position]))
        kind, word = str(match.lastgroup), match.group()
        after = text[match.end() : match.end() + 1]
        if kind == "number" and (after in (".", "_") or after.isalnum()):
            raise refusal(text, position + 1, "numbers are decimal, as in 0.5 or 1e-3, and factors have * between them")
        if kind == "number" and len(word) > MAX_DIGITS:
            raise refusal(text, position + 1, f"a number of {len(word)} characters; at most {MAX_DIGITS} are read")
        if kind == "name" and not word.isidentifier():
            bad = next(i for i in range(1, len(word) + 1) if not word[:i].isidentifier())
            raise refusal(text, position + bad, _complaint(word[bad - 1]))
        if kind == "name" and (plain := unicodedata.normalize("NFKC", word)) != word:
            raise refusal(text, position + 1, f"{word!r} has look-alikes of other letters; type {plain!r}")
        if kind != "blank":
            yield _Token(kind, word, position + 1)
        position = match.end()
    yield _Token("end", "", len(text) + 1)


def _complaint(character: str) -> str:
    if character in _INSTEAD:
        return f"{character!r} can't be used; {_INSTEAD[character]}"
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and plain.isascii() and plain.strip():
        return f"{character!r} is a look-alike; type {plain!r}"
    return f"{character!r} can't be used; {_USABLE}"


class _Reader:
    """Reads tokens from left to right, one method a level of precedence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = collections.deque(_tokens(text))
        self.depth = 0

    def formula(self) -> Node:
        found = self._sum()
        if self._next().kind != "end":
            raise self._unexpected("expected an operation such as + or *")
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
        found = "the formula ends here" if token.kind == "end" else f"{token.text!r} can't stand here"
        return refusal(self.text, token.column, f"{found}; {expected}")

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
            raise refusal(self.text, self._next().column, f"nested deeper than {MAX_DEPTH}; use fewer parentheses")
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
            raise self._unexpected(f"expected ) for the one opened at column {opened.column}")
        return inside
