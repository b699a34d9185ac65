"""Annotations, classes that people have created, and the checks of their texts."""

from __future__ import annotations

import dataclasses
import datetime
import re

from morphoscope.core.errors import UsageError

REJECTED = ""  # the stored class of a run that was rejected as ambiguous
AMBIGUOUS = "ambiguous"  # the name of that class in commands and tables
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MAX_REASON_LENGTH = 2000


@dataclasses.dataclass(frozen=True)
class Annotation:
    """One annotation of one run by one person.

    Attributes
    ----------
    id : int
        Number of the annotation in the log.
    batch : int
        Number that annotations made in one step share.
    run : int
        Number of the run in the plan.
    who : str
        The annotator.
    at : str
        Time of the annotation, UTC, ISO 8601.
    action : str
        ``confirm``, ``relabel`` or ``reject``.
    old, new : str
        The class before and after; empty for a run that was rejected as ambiguous.
    why : str
        The reason that was given; may be empty.
    undone : str or None
        Time at which the annotation was undone, or None.
    """

    id: int
    batch: int
    run: int
    who: str
    at: str
    action: str
    old: str
    new: str
    why: str
    undone: str | None


@dataclasses.dataclass(frozen=True)
class NewClass:
    """A class that a person has created.

    Attributes
    ----------
    name : str
        Name of the class.
    symbol : str
        One to three characters that represent it in maps.
    colour : str
        Its colour, ``#rrggbb``.
    who : str
        Who created it.
    at : str
        When, UTC, ISO 8601.
    """

    name: str
    symbol: str
    colour: str
    who: str
    at: str


def check_class(name: str, symbol: str, colour: str) -> None:
    """Raise UsageError for an invalid name, symbol or colour of a class."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"class name {name!r}; expected a word of at most 32 letters, digits, - and _")
    if not _COLOUR.fullmatch(colour):
        raise UsageError(f"colour {colour!r}; expected #rrggbb, as in #d55e00")
    if not 1 <= len(symbol) <= 3 or not symbol.isprintable() or set(symbol) & set("<>&\"'"):
        raise UsageError(f"symbol {symbol!r}; expected one to three printable characters, as in π")


def action(old: str, new: str) -> str:
    """The action of an annotation: ``confirm``, ``relabel`` or ``reject``."""
    if new == REJECTED:
        return "reject"
    return "confirm" if new == old else "relabel"


def person(who: str) -> str:
    """The name of an annotator, checked."""
    name = who.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise UsageError(f"annotator {who!r}; expected a name of at most 80 characters, as in ada", parameter="who")
    return name


def reason(why: str) -> str:
    """A reason, checked."""
    if len(why) > _MAX_REASON_LENGTH:
        raise UsageError(f"the reason has {len(why)} characters; use at most {_MAX_REASON_LENGTH}")
    return why


def now() -> str:
    """The present time in the stored form."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
