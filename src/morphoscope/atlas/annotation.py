"""One annotation, one class that a person has created, and which texts they may hold."""

from __future__ import annotations

import dataclasses
import datetime
import re

from morphoscope.core.errors import UsageError

REJECTED = ""  # what is stored as the class of a run that was rejected as ambiguous
AMBIGUOUS = "ambiguous"  # how that class is written for people
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST_REASON = 2000


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
        One to three characters that stand for it in maps.
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
    """Raise UsageError for what can't be a class's name, symbol or colour."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"class name {name!r}; expected a word of letters, digits, - and _, at most 32 long")
    if not _COLOUR.fullmatch(colour):
        raise UsageError(f"colour {colour!r}; expected #rrggbb")
    if not 1 <= len(symbol) <= 3 or not symbol.isprintable() or set(symbol) & set("<>&\"'"):
        raise UsageError(f"symbol {symbol!r}; expected one to three printable characters, as in π")


def action(old: str, new: str) -> str:
    """What an annotation does: ``confirm``, ``relabel`` or ``reject``."""
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
    if len(why) > _LONGEST_REASON:
        raise UsageError(f"reason of {len(why)} characters; at most {_LONGEST_REASON} are kept")
    return why


def now() -> str:
    """The time as it is stored."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
