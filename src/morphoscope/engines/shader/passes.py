"""One step of explicit Euler of any model, as the passes of a fragment shader (GLSL ES 3.00).

The state is a texture of four floats a texel. A step draws each pass in turn: first those that store inner results of
nested operators, such as the inner one of ``laplace(laplace(u))``, each in a texture of its own, then the one that
writes the next state. Stencils and boundaries are those of :mod:`morphoscope.engines.grid` and are chosen when the
shader is compiled, by the definitions that :data:`.preamble.PREAMBLE` lists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.engines.shader.preamble import ARGUMENTS, PLACES, PREAMBLE
from morphoscope.models.model import Model
from morphoscope.models.operators import OperatorApplication, rates, separate_operators

if TYPE_CHECKING:
    import sympy

CHANNELS = 4
MOST_TEXTURES = 8  # of inner results; WebGL2 guarantees 16 textures a pass
_NEIGHBOURS = {
    "west": "west, cell.y", "east": "east, cell.y", "north": "cell.x, north", "south": "cell.x, south",
}  # fmt: skip
_CORNERS = {
    "northwest": "west, north", "northeast": "east, north", "southwest": "west, south", "southeast": "east, south",
}  # fmt: skip
_NEEDS = {"laplace": set(_NEIGHBOURS), "dx": {"west", "east"}, "dy": {"north", "south"}}


@dataclasses.dataclass(frozen=True)
class ShaderPass:
    """``text``: of the fragment shader, without ``#version`` and definitions. ``textures``: names of those it reads.

    ``writes``: the texture that it draws: ``state``, the next state, or the name of a texture of inner results.
    """

    text: str
    textures: tuple[str, ...]
    writes: str


@dataclasses.dataclass(frozen=True)
class Shader:
    """The passes of one step. Uniforms: ``dt``, ``spacing``, the textures, and ``parameter[i]``, in the model's order.

    A ``parameter`` is (value in the first cell, change per cell along x, change per cell along y). ``packed``: the
    number of cells in a texel; on a grid whose width is no multiple of it, one.
    """

    model: Model
    passes: tuple[ShaderPass, ...]
    packed: int


def shader(model: Model) -> Shader:
    """The shader of a model's step, c ← c + dt (D ∇²c + R(c)), all species from the old state.

    Raises UsageError for a model without equations, and for one with too many nested operators.
    """
    if not model.known:
        raise UsageError(f"the equations of {model.name} are not known, so it can't be simulated")
    packed = {1: 4, 2: 2}.get(len(model.species), 1)
    return Shader(model, tuple(_Writer(model, CHANNELS // packed).passes()), packed)


class _Writer:
    """Writes the passes of one model. In the text, species are ``s0`` …, parameters ``p0`` …: any name is allowed."""

    def __init__(self, model: Model, channels: int) -> None:
        import sympy

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
        self.stored: dict[Any, tuple[str, int]] = {}  # symbol of an application → texture and channel

    def passes(self) -> list[ShaderPass]:
        """The passes in the order in which they are drawn."""
        inner = {s for application in self.applications for s in application.argument.free_symbols}
        found: list[ShaderPass] = []
        for depth in range(1, max(self.depths.values(), default=0) + 1):
            here = [a for a in self.applications if a.symbol in inner and self.depths[a.symbol] == depth]
            made: dict[Any, tuple[str, int]] = {}
            for first in range(0, len(here), self.channels):
                part, texture = here[first : first + self.channels], f"inner{len(found)}"
                found.append(self._pass(part, [self.names[a.symbol] for a in part], "{}", texture))
                made |= {a.symbol: (texture, channel) for channel, a in enumerate(part)}
            self.stored |= made
        if len(found) > MOST_TEXTURES:
            raise UsageError(
                f"{self.model.name} has too many nested operators for a run in the browser: they need {len(found)} "
                f"textures, and there are {MOST_TEXTURES}",
                operation="simulate",
            )
        used = {symbol for term in self.terms for symbol in term.free_symbols}
        direct = [a for a in self.applications if self.names[a.symbol] in used and a.symbol not in self.stored]
        return [*found, self._pass(direct, self.terms, "s{index} + dt*({})", "state")]

    def _pass(
        self, applications: Sequence[OperatorApplication], terms: Sequence[sympy.Expr], output: str, writes: str
    ) -> ShaderPass:
        textures = ("state", *dict.fromkeys(texture for texture, _ in self.stored.values()))
        uniforms = [f"uniform sampler2D {name};" for name in textures]
        if self.model.parameters:
            uniforms.append(f"uniform vec3 parameter[{len(self.model.parameters)}];")
        arguments = list(dict.fromkeys(application.argument for application in applications))
        parts = [PREAMBLE, *uniforms]
        if arguments:
            parts += self._functions(arguments, textures)
        own = [argument.xreplace(self.names) for argument in arguments]
        parts += ["void main() {", PLACES, *self._loaded("cell", textures, [*terms, *own])]
        parts += [f"  real centre{i} = real({_printed(argument)});" for i, argument in enumerate(own)]
        parts += [*self._operators(arguments, applications), *self._result(terms, output), "}", ""]
        return ShaderPass("\n".join(parts), textures, writes)

    def _loaded(self, cell: str, textures: Sequence[str], terms: Sequence[sympy.Expr]) -> list[str]:
        """Declarations of what the terms use: species, stored applications, parameters."""
        used = {str(symbol) for term in terms for symbol in term.free_symbols}
        held: dict[str, list[tuple[str, int]]] = {"state": [(f"s{i}", i) for i in range(len(self.model.species))]}
        for symbol, (texture, channel) in self.stored.items():
            held.setdefault(texture, []).append((str(self.names[symbol]), channel))
        lines = []
        for texture in textures:
            wanted = [(name, channel) for name, channel in held[texture] if name in used or texture == "state"]
            if wanted:
                lines.append(f"  vec4 {texture}_here = texelFetch({texture}, {cell}, 0);")
                lines += [f"  real {name} = CHANNEL{channel}({texture}_here);" for name, channel in wanted]
        return [*lines, *self._parameters(used)]

    def _parameters(self, used: set[str]) -> list[str]:
        count = len(self.model.parameters)
        return [f"  value_of_parameter p{i} = PARAMETER({i});" for i in range(count) if f"p{i}" in used]

    def _functions(self, arguments: Sequence[sympy.Expr], textures: Sequence[str]) -> list[str]:
        """Functions with the arguments of operators: in a texel of the grid, beyond a Dirichlet edge, in either."""
        names = [f"a{i}" for i in range(len(arguments))]
        declared = ", ".join(f"out real {name}" for name in names)
        own = [argument.xreplace(self.names) for argument in arguments]
        edge = [argument.xreplace(self._beyond()) for argument in arguments]
        return [
            f"void inside(int x, int y, {declared}) {{",
            "  real at_x = ALONG(float(x));",
            "  float at_y = float(y);",
            *self._loaded("ivec2(x, y)", textures, own),
            *(f"  {name} = real({_printed(argument)});" for name, argument in zip(names, own, strict=True)),
            "}",
            f"void beyond(ivec2 size, {declared}) {{",
            "  real at_x = real(0.5*float(PACKED*size.x - 1));",
            "  float at_y = 0.5*float(size.y - 1);",
            *self._parameters({str(symbol) for argument in edge for symbol in argument.free_symbols}),
            *(f"  {name} = real({_printed(argument)});" for name, argument in zip(names, edge, strict=True)),
            "}",
            ARGUMENTS.format(
                declared=declared,
                passed=", ".join(names),
                first=" ".join(f"{name} = real(FIRST({name}));" for name in names),
                last=" ".join(f"{name} = real(LAST({name}));" for name in names),
            ),
        ]

    def _beyond(self) -> dict[Any, Any]:
        """Beyond a Dirichlet edge there is the background, where operators yield 0."""
        import sympy

        values = {symbol: new for symbol, new in self.names.items() if str(new).startswith("p")}
        values |= {sympy.Symbol(s, real=True): sympy.Float(self.model.background[s]) for s in self.model.species}
        return values | {application.symbol: sympy.Integer(0) for application in self.applications}

    def _operators(self, arguments: Sequence[sympy.Expr], applications: Sequence[OperatorApplication]) -> list[str]:
        """All applications, from their arguments in the neighbouring texels."""
        names = {application.name for application in applications}
        wanted: set[str] = set().union(*(_NEEDS[name] for name in names))
        lines = [self._fetched(p, at, len(arguments)) for p, at in _NEIGHBOURS.items() if p in wanted]
        if "laplace" in names:
            corners = [self._fetched(place, at, len(arguments)) for place, at in _CORNERS.items()]
            lines += ["#if STENCIL == 9", *corners, "#endif"]
        for application in applications:
            index = arguments.index(application.argument)
            lines += _OPERATORS[application.name](str(self.names[application.symbol]), index)
        return lines

    def _fetched(self, place: str, at: str, count: int) -> str:
        names = [f"{place}{i}" for i in range(count)]
        return f"  real {', '.join(names)}; arguments({at}, size, {', '.join(names)});"

    def _result(self, terms: Sequence[sympy.Expr], output: str) -> list[str]:
        """Terms with their common parts computed once, and the texel that they make."""
        import sympy

        common, reduced = sympy.cse(list(terms), symbols=sympy.numbered_symbols("c", real=True))
        lines = [f"  real {symbol} = real({_printed(part)});" for symbol, part in common]
        values = [f"real({output.format(_printed(term), index=index)})" for index, term in enumerate(reduced)]
        values += ["0.0"] * (CHANNELS - len(values))
        return [*lines, f"  result = TEXEL({', '.join(values)});"]


def _depths(applications: Sequence[OperatorApplication]) -> dict[Any, int]:
    """How deeply operators are nested in each application, by its symbol; inner ones come first."""
    depths: dict[Any, int] = {}
    for application in applications:
        inner = [depths[symbol] for symbol in application.argument.free_symbols if symbol in depths]
        depths[application.symbol] = 1 + max(inner, default=0)
    return depths


def _laplace(name: str, i: int) -> list[str]:
    edges = f"WEST(west{i}, centre{i}) + EAST(centre{i}, east{i}) + north{i} + south{i}"
    corners = (
        f"WEST(northwest{i}, north{i}) + EAST(north{i}, northeast{i}) "
        f"+ WEST(southwest{i}, south{i}) + EAST(south{i}, southeast{i})"
    )
    return [
        "#if STENCIL == 9",
        f"  real {name} = per_area*(0.5*({edges}) + 0.25*({corners}) - 3.0*centre{i});",
        "#else",
        f"  real {name} = per_area*({edges} - 4.0*centre{i});",
        "#endif",
    ]


def _slope_x(name: str, i: int) -> list[str]:
    return [f"  real {name} = per_length*(EAST(centre{i}, east{i}) - WEST(west{i}, centre{i}));"]


def _slope_y(name: str, i: int) -> list[str]:
    return [f"  real {name} = per_length*(south{i} - north{i});"]


_OPERATORS = {"laplace": _laplace, "dx": _slope_x, "dy": _slope_y}


def _printed(expression: Any) -> str:
    from morphoscope.engines.shader.printing import printed

    return printed(expression)
