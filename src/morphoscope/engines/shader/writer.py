"""One step of explicit Euler of any model as passes of shader code: what is the same in every language.

A step runs each pass in turn: first those that store inner results of nested operators, such as the inner one of
``laplace(laplace(u))``, each in a field of its own, then the one that writes the next state. Stencils and boundaries
are those of :mod:`morphoscope.engines.grid`. A subclass says how its language declares, reads and writes values.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.models.model import Model
from morphoscope.models.operators import OperatorApplication, rates, separate_operators

if TYPE_CHECKING:
    import sympy

MOST_FIELDS = 8  # of inner results; WebGL2 guarantees 16 textures a pass
_NEIGHBOURS = {
    "west": "west, cell.y", "east": "east, cell.y", "north": "cell.x, north", "south": "cell.x, south",
}  # fmt: skip
_CORNERS = {
    "northwest": "west, north", "northeast": "east, north", "southwest": "west, south", "southeast": "east, south",
}  # fmt: skip
_NEEDS = {"laplace": set(_NEIGHBOURS), "dx": {"west", "east"}, "dy": {"north", "south"}}


@dataclasses.dataclass(frozen=True)
class ShaderPass:
    """``text``: of the shader, without definitions. ``textures``: names of the fields that it reads.

    ``writes``: the field that it writes: ``state``, the next state, or the name of a field of inner results.
    """

    text: str
    textures: tuple[str, ...]
    writes: str


class Writer(abc.ABC):
    """Writes the passes of one model. In the text, species are ``s0`` …, parameters ``p0`` …: any name is allowed.

    Raises UsageError for a model without equations.
    """

    number: str  # the type of a value
    declaration: str  # of a constant, with its name and its value

    def __init__(self, model: Model, channels: int) -> None:
        import sympy

        if not model.known:
            raise UsageError(f"the equations of {model.name} are not known, so it can't be simulated")
        self.model, self.channels = model, channels
        terms, self.applications = separate_operators(rates(model))
        self.names: dict[Any, Any] = {}
        for letter, names in (("s", model.species), ("p", model.parameters)):
            for index, name in enumerate(names):
                self.names[sympy.Symbol(name, real=True)] = sympy.Symbol(f"{letter}{index}", real=True)
        for index, application in enumerate(self.applications):
            self.names[application.symbol] = sympy.Symbol(f"o{index}", real=True)
        self.terms = [term.xreplace(self.names) for term in terms.values()]
        self.depths = _depths(self.applications)
        self.stored: dict[Any, tuple[str, int]] = {}  # symbol of an application → field and channel

    def passes(self) -> list[ShaderPass]:
        """The passes in the order in which they run. Raises UsageError if there are too many nested operators."""
        inner = {s for application in self.applications for s in application.argument.free_symbols}
        found: list[ShaderPass] = []
        for depth in range(1, max(self.depths.values(), default=0) + 1):
            here = [a for a in self.applications if a.symbol in inner and self.depths[a.symbol] == depth]
            made: dict[Any, tuple[str, int]] = {}
            for first in range(0, len(here), self.channels):
                part, field = here[first : first + self.channels], f"inner{len(found)}"
                found.append(self._pass(part, [self.names[a.symbol] for a in part], "{}", field))
                made |= {a.symbol: (field, channel) for channel, a in enumerate(part)}
            self.stored |= made
        if len(found) > MOST_FIELDS:
            raise UsageError(
                f"{self.model.name} has too many nested operators for a run in the browser: they need {len(found)} "
                f"textures, and there are {MOST_FIELDS}",
                operation="simulate",
            )
        used = {symbol for term in self.terms for symbol in term.free_symbols}
        direct = [a for a in self.applications if self.names[a.symbol] in used and a.symbol not in self.stored]
        return [*found, self._pass(direct, self.terms, "s{index} + dt*({})", "state")]

    def _pass(
        self, applications: Sequence[OperatorApplication], terms: Sequence[sympy.Expr], output: str, writes: str
    ) -> ShaderPass:
        fields = ("state", *dict.fromkeys(field for field, _ in self.stored.values()))
        arguments = list(dict.fromkeys(application.argument for application in applications))
        parts = self._head(fields)
        if arguments:
            own = [argument.xreplace(self.names) for argument in arguments]
            parts += self._functions(own, [argument.xreplace(self._beyond()) for argument in arguments], fields)
        centres = [argument.xreplace(self.names) for argument in arguments]
        parts += [*self._begin(), *self._loaded(self._here(), fields, [*terms, *centres])]
        parts += [self._declared(f"centre{i}", argument) for i, argument in enumerate(centres)]
        parts += [*self._operators(arguments, applications), *self._result(terms, output, writes), "}", ""]
        return ShaderPass("\n".join(parts), fields, writes)

    @abc.abstractmethod
    def _head(self, fields: Sequence[str]) -> list[str]:
        """What comes before all functions."""

    @abc.abstractmethod
    def _functions(self, own: Sequence[sympy.Expr], edge: Sequence[sympy.Expr], fields: Sequence[str]) -> list[str]:
        """``arguments``, the arguments of operators in any cell: ``own`` in the grid, ``edge`` beyond Dirichlet."""

    @abc.abstractmethod
    def _begin(self) -> list[str]:
        """The begin of the main function: the places of a cell and of its neighbours."""

    @abc.abstractmethod
    def _here(self) -> str:
        """The place of the cell that is computed."""

    @abc.abstractmethod
    def _read(self, field: str, cell: str) -> str:
        """A declaration of ``{field}_here``."""

    @abc.abstractmethod
    def _channel(self, field: str, channel: int) -> str:
        """A part of ``{field}_here``."""

    @abc.abstractmethod
    def _parameter(self, index: int) -> str:
        """A declaration of a parameter's value."""

    @abc.abstractmethod
    def _written(self, values: list[str], writes: str) -> str:
        """The statement that writes the results of a cell."""

    @abc.abstractmethod
    def _fetched(self, places: dict[str, str], count: int, *, corners: bool) -> list[str]:
        """Declarations of all arguments at places; those of corners are needed by one of the stencils only."""

    @abc.abstractmethod
    def _by_stencil(self, name: str, nine: str, five: str) -> list[str]:
        """A declaration of what depends on the stencil."""

    @abc.abstractmethod
    def _printed(self, expression: Any) -> str:
        """An expression as text."""

    def _west(self, west: str, centre: str) -> str:
        """The values one cell to the west of the centre's."""
        return west

    def _east(self, centre: str, east: str) -> str:
        return east

    def _declared(self, name: str, expression: Any) -> str:
        return self.declaration.format(name, f"{self.number}({self._printed(expression)})")

    def _loaded(self, cell: str, fields: Sequence[str], terms: Sequence[sympy.Expr]) -> list[str]:
        """Declarations of what the terms use: species, stored applications, parameters."""
        used = {str(symbol) for term in terms for symbol in term.free_symbols}
        held: dict[str, list[tuple[str, int]]] = {"state": [(f"s{i}", i) for i in range(len(self.model.species))]}
        for symbol, (field, channel) in self.stored.items():
            held.setdefault(field, []).append((str(self.names[symbol]), channel))
        lines = []
        for field in fields:
            wanted = [(name, channel) for name, channel in held[field] if name in used or field == "state"]
            if wanted:
                lines.append(self._read(field, cell))
                lines += [self.declaration.format(name, self._channel(field, channel)) for name, channel in wanted]
        return [*lines, *self._parameters(used)]

    def _parameters(self, used: set[str]) -> list[str]:
        return [self._parameter(i) for i in range(len(self.model.parameters)) if f"p{i}" in used]

    def _beyond(self) -> dict[Any, Any]:
        """Beyond a Dirichlet edge there is the background, where operators yield 0."""
        import sympy

        values = {symbol: new for symbol, new in self.names.items() if str(new).startswith("p")}
        values |= {sympy.Symbol(s, real=True): sympy.Float(self.model.background[s]) for s in self.model.species}
        return values | {application.symbol: sympy.Integer(0) for application in self.applications}

    def _operators(self, arguments: Sequence[sympy.Expr], applications: Sequence[OperatorApplication]) -> list[str]:
        """All applications, from their arguments in the neighbouring cells."""
        names = {application.name for application in applications}
        wanted: set[str] = set().union(*(_NEEDS[name] for name in names))
        sides = {place: at for place, at in _NEIGHBOURS.items() if place in wanted}
        lines = self._fetched(sides, len(arguments), corners=False)
        if "laplace" in names:
            lines += self._fetched(_CORNERS, len(arguments), corners=True)
        for application in applications:
            index, symbol = arguments.index(application.argument), str(self.names[application.symbol])
            lines += self._operator(application.name, symbol, index)
        return lines

    def _operator(self, operator: str, name: str, i: int) -> list[str]:
        if operator == "dx":
            east, west = self._east(f"centre{i}", f"east{i}"), self._west(f"west{i}", f"centre{i}")
            return [self.declaration.format(name, f"per_length*({east} - {west})")]
        if operator == "dy":
            return [self.declaration.format(name, f"per_length*(south{i} - north{i})")]
        edges = f"{self._west(f'west{i}', f'centre{i}')} + {self._east(f'centre{i}', f'east{i}')} + north{i} + south{i}"
        corners = " + ".join(
            f"{self._west(f'{row}west{i}', f'{row}{i}')} + {self._east(f'{row}{i}', f'{row}east{i}')}"
            for row in ("north", "south")
        )
        nine = f"per_area*(0.5*({edges}) + 0.25*({corners}) - 3.0*centre{i})"
        return self._by_stencil(name, nine, f"per_area*({edges} - 4.0*centre{i})")

    def _result(self, terms: Sequence[sympy.Expr], output: str, writes: str) -> list[str]:
        """Terms with their common parts computed once, and the statement that writes them."""
        import sympy

        common, reduced = sympy.cse(list(terms), symbols=sympy.numbered_symbols("c", real=True))
        lines = [self._declared(str(symbol), part) for symbol, part in common]
        values = [
            f"{self.number}({output.format(self._printed(term), index=index)})" for index, term in enumerate(reduced)
        ]
        return [*lines, self._written(values, writes)]


def _depths(applications: Sequence[OperatorApplication]) -> dict[Any, int]:
    """How deeply operators are nested in each application, by its symbol; inner ones come first."""
    depths: dict[Any, int] = {}
    for application in applications:
        inner = [depths[symbol] for symbol in application.argument.free_symbols if symbol in depths]
        depths[application.symbol] = 1 + max(inner, default=0)
    return depths
