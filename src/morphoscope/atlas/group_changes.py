"""Changes of a chart's groups: what they do to its reading, to the colours and to the labels that people gave."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotation import check_class
from morphoscope.atlas.classes import class_colours, free_colour
from morphoscope.atlas.classes import symbol as class_symbol
from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.learning.groups import split as split_runs
from morphoscope.learning.prediction import Prediction

MOST_PARTS = 26


@dataclasses.dataclass(frozen=True)
class GroupChange:
    """One change: some groups are split, then some merged, then some renamed; then some look otherwise.

    ``split``: group → number of parts; ``merge``: new name → groups; ``rename``: name → new name; ``colour``: group →
    ``#rrggbb``; ``symbol``: group → one to three characters.
    """

    rename: Mapping[str, str]
    merge: Mapping[str, tuple[str, ...]]
    split: Mapping[str, int]
    who: str
    at: str
    colour: Mapping[str, str] = dataclasses.field(default_factory=dict)
    symbol: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.regroups or self.colour or self.symbol)

    @property
    def regroups(self) -> bool:
        """Whether the groups themselves change, not only how they look."""
        return bool(self.rename or self.merge or self.split)

    def as_json(self) -> dict[str, Any]:
        """The change as values of JSON."""
        return {**dataclasses.asdict(self), "merge": {new: list(parts) for new, parts in self.merge.items()}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GroupChange:
        """The change that was stored. Raises DataError for damaged values."""
        try:
            merge = {str(new): tuple(str(part) for part in parts) for new, parts in values["merge"].items()}
            split = {str(name): int(count) for name, count in values["split"].items()}
            rename = {str(old): str(new) for old, new in values["rename"].items()}
            looks = [{str(k): str(v) for k, v in values.get(name, {}).items()} for name in ("colour", "symbol")]
            return cls(rename, merge, split, str(values["who"]), str(values["at"]), *looks)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the changes of the groups are damaged ({error}); chart the ensemble again") from None

    def parts(self) -> dict[str, list[str]]:
        """The names of the parts of each group that is split."""
        return {name: part_names(name, count) for name, count in self.split.items()}

    def words(self) -> str:
        """What was done, as in ``renamed g1 spots``."""
        done = [f"split {name} into {', '.join(parts)}" for name, parts in self.parts().items()]
        done += [f"merged {', '.join(parts)} into {new}" for new, parts in self.merge.items()]
        done += [f"renamed {old} {new}" for old, new in self.rename.items()]
        done += [f"gave {name} the colour {colour}" for name, colour in self.colour.items()]
        return "; ".join([*done, *(f"gave {name} the symbol {symbol}" for name, symbol in self.symbol.items())])

    def after(self, name: str, group: str) -> str:
        """What the label ``name`` of a run is called after the change; ``group``: the group of the run after it."""
        parts = self.parts().get(name, [])
        return self._merged(next((part for part in parts if self._merged(part) == group), name))

    def _merged(self, name: str) -> str:
        name = next((new for new, parts in self.merge.items() if name in parts), name)
        return self.rename.get(name, name)

    def before(self, name: str, group: str) -> str:
        """What a label was called before the change; ``group``: the group of the run before it.

        A run that belonged to none of the merged groups keeps the name of the merged one.
        """
        name = {new: old for old, new in self.rename.items()}.get(name, name)
        split = {part: whole for whole, parts in self.parts().items() for part in parts}
        if name in self.merge:
            wholes = [split.get(part, part) for part in self.merge[name]]
            return group if group in wholes else name
        return split.get(name, name)


@dataclasses.dataclass(frozen=True, eq=False)
class GroupState:
    """The groups of a chart at one time: reading, stability of the groups that it was measured of, how they look.

    ``symbols``: those that people chose.
    """

    reading: Prediction
    stability: Mapping[str, float]
    colours: Mapping[str, str]
    symbols: Mapping[str, str] = dataclasses.field(default_factory=dict)


Directions = tuple[NDArray[np.intp], NDArray[np.float64]]  # positions of the runs with a pattern, and their directions


def part_names(name: str, count: int) -> list[str]:
    """The names of a group's parts: g5a, g5b … of g5, spots-a, spots-b … of spots."""
    between = "" if name[-1].isdecimal() else "-"
    return [f"{name}{between}{chr(ord('a') + number)}" for number in range(count)]


def colours_of(chart: Mapping[str, Any], classes: tuple[str, ...]) -> dict[str, str]:
    """The colours of a chart's groups; those of its classes by their names if none were stored."""
    return {**class_colours(classes), **chart.get("colours", {})}


def changed(state: GroupState, change: GroupChange, directions: Directions) -> GroupState:
    """The groups after a change. Raises UsageError for unknown groups and names that are invalid or taken."""
    for name, count in change.split.items():
        state = _split(state, name, count, directions)
    for name, parts in change.merge.items():
        state = _merged(state, name, list(dict.fromkeys(parts)))
    for old, new in change.rename.items():
        state = _renamed(state, old, new)
    for name, colour in change.colour.items():
        state = _coloured(state, name, colour)
    for name, symbol in change.symbol.items():
        state = _marked(state, name, symbol)
    return state


def unsplittable(reading: Prediction, name: str, directions: Directions) -> str:
    """Why a group can't be split, as a clause; empty if it can."""
    members = np.flatnonzero(reading.index == reading.classes.index(name))
    if not np.isin(members, directions[0]).all():
        return "a group of homogeneous runs; only groups of patterns can be split"
    return "" if len(members) > 1 else "a group of fewer than two runs"


def _check_known(state: GroupState, *names: str) -> None:
    for name in names:
        if name not in state.reading.classes:
            raise UsageError(f"unknown group {name!r}; {nearest(name, state.reading.classes)}")


def _renamed(state: GroupState, old: str, new: str) -> GroupState:
    _check_known(state, old)
    check_class(new, new[:3] or "x", "#000000")
    reading = state.reading
    if new in reading.classes:
        raise UsageError(f"a group {new!r} exists already; merge both instead", parameter="merge")
    classes = tuple(new if name == old else name for name in reading.classes)
    stability = {new if name == old else name: value for name, value in state.stability.items()}
    colours, symbols = (
        {new if name == old else name: value for name, value in looks.items()}
        for looks in (state.colours, state.symbols)
    )
    return GroupState(Prediction(classes, reading.probabilities, reading.read_by), stability, colours, symbols)


def _coloured(state: GroupState, name: str, colour: str) -> GroupState:
    _check_known(state, name)
    check_class(name, "x", colour)
    others = {state.colours.get(group, ""): group for group in state.reading.classes if group != name}
    if colour.lower() in others:
        raise UsageError(f"colour {colour} is that of {others[colour.lower()]}; choose another one", parameter="color")
    return dataclasses.replace(state, colours={**state.colours, name: colour.lower()})


def _marked(state: GroupState, name: str, symbol: str) -> GroupState:
    _check_known(state, name)
    check_class(name, symbol, "#000000")
    others = {symbol_of(state, group): group for group in state.reading.classes if group != name}
    if symbol in others:
        raise UsageError(f"symbol {symbol!r} is that of {others[symbol]}; choose another one", parameter="symbol")
    return dataclasses.replace(state, symbols={**state.symbols, name: symbol})


def symbol_of(state: GroupState, name: str) -> str:
    """The symbol of a group: the one that a person chose, or the one of its name."""
    return state.symbols.get(name) or class_symbol(name)


def _merged(state: GroupState, name: str, parts: list[str]) -> GroupState:
    _check_known(state, *parts)
    check_class(name, name[:3] or "x", "#000000")
    reading = state.reading
    if len(parts) < 2 or (name in reading.classes and name not in parts):
        raise UsageError(f"merging {', '.join(parts)} into {name!r}; expected two groups or more and a new name")
    columns = [reading.classes.index(part) for part in parts]
    kept = [i for i in range(len(reading.classes)) if i not in columns[1:]]
    probabilities = reading.probabilities.copy()
    probabilities[:, columns[0]] = probabilities[:, columns].sum(axis=1)
    # A run of another class stays there, even if the merged group as a whole is now as similar.
    own = reading.index
    for run in np.flatnonzero(~np.isin(own, columns) & (probabilities.argmax(axis=1) != own)):
        probabilities[run, columns[0]] = 0.999 * probabilities[run, own[run]]
        probabilities[run] /= probabilities[run, kept].sum()
    largest = max(parts, key=lambda part: int((own == reading.classes.index(part)).sum()))
    classes = tuple(name if i == columns[0] else reading.classes[i] for i in kept)
    stability = {group: value for group, value in state.stability.items() if group not in (*parts, name)}
    colours = {group: value for group, value in state.colours.items() if group not in parts}
    colours[name] = state.colours[largest]
    symbols = {group: value for group, value in state.symbols.items() if group not in parts}
    if name == largest and name in state.symbols:
        symbols[name] = state.symbols[name]
    return GroupState(Prediction(classes, probabilities[:, kept], reading.read_by), stability, colours, symbols)


def _split(state: GroupState, name: str, count: int, directions: Directions) -> GroupState:
    """The group divided by its runs' directions, the largest part first; that one keeps the colour."""
    _check_known(state, name)
    reading = state.reading
    if why := unsplittable(reading, name, directions):
        raise UsageError(f"{name} is {why}")
    if not 2 <= count <= MOST_PARTS:
        raise UsageError(f"{name} split into {count}; expected 2 to {MOST_PARTS} parts")
    column = reading.classes.index(name)
    positions, coordinates = directions
    inside = np.isin(positions, np.flatnonzero(reading.index == column))
    labels = split_runs(coordinates[inside], count)
    new = part_names(name, count)
    if taken := set(new) & set(reading.classes):
        raise UsageError(f"a group {sorted(taken)[0]!r} exists already; rename it first", parameter="rename")
    check_class(new[-1], "x", "#000000")
    parts = np.repeat(reading.probabilities[:, [column]] / count, count, axis=1)
    parts[positions[inside]] = 0.0
    parts[positions[inside], labels] = reading.probabilities[positions[inside], column]
    before, after = reading.probabilities[:, :column], reading.probabilities[:, column + 1 :]
    classes = (*reading.classes[:column], *new, *reading.classes[column + 1 :])
    colours = {group: value for group, value in state.colours.items() if group != name}
    colours[new[0]] = state.colours[name]
    for part in new[1:]:
        colours[part] = free_colour(part, list(colours.values()))
    stability = {group: value for group, value in state.stability.items() if group != name}
    symbols = {group: value for group, value in state.symbols.items() if group != name}
    reading = Prediction(classes, np.hstack([before, parts, after]), reading.read_by)
    return GroupState(reading, stability, colours, symbols)
