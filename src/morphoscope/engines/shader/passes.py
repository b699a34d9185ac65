"""One step of explicit Euler of any model, as the passes of a fragment shader (GLSL ES 3.00).

The state is a texture of four floats a texel, and so is each field of inner results. Stencils and boundaries are chosen
when the shader is compiled, by the definitions that :data:`.preamble.PREAMBLE` lists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.engines.shader.preamble import ARGUMENTS, PLACES, PREAMBLE
from morphoscope.engines.shader.writer import ShaderPass, Writer
from morphoscope.models.model import Model

if TYPE_CHECKING:
    import sympy

CHANNELS = 4


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
    packed = {1: 4, 2: 2}.get(len(model.species), 1)
    return Shader(model, tuple(_Writer(model, CHANNELS // packed).passes()), packed)


class _Writer(Writer):
    """Passes in GLSL, whose values are those of all cells of a texel."""

    number = "real"
    declaration = "  real {} = {};"

    def _head(self, fields: Sequence[str]) -> list[str]:
        uniforms = [f"uniform sampler2D {name};" for name in fields]
        if self.model.parameters:
            uniforms.append(f"uniform vec3 parameter[{len(self.model.parameters)}];")
        return [PREAMBLE, *uniforms]

    def _functions(self, own: Sequence[sympy.Expr], edge: Sequence[sympy.Expr], fields: Sequence[str]) -> list[str]:
        names = [f"a{i}" for i in range(len(own))]
        declared = ", ".join(f"out real {name}" for name in names)
        return [
            f"void inside(int x, int y, {declared}) {{",
            "  real at_x = ALONG(float(x));",
            "  float at_y = float(y);",
            *self._loaded("ivec2(x, y)", fields, own),
            *(f"  {name} = real({self._printed(argument)});" for name, argument in zip(names, own, strict=True)),
            "}",
            f"void beyond(ivec2 size, {declared}) {{",
            "  real at_x = real(0.5*float(PACKED*size.x - 1));",
            "  float at_y = 0.5*float(size.y - 1);",
            *self._parameters({str(symbol) for argument in edge for symbol in argument.free_symbols}),
            *(f"  {name} = real({self._printed(argument)});" for name, argument in zip(names, edge, strict=True)),
            "}",
            ARGUMENTS.format(
                declared=declared,
                passed=", ".join(names),
                first=" ".join(f"{name} = real(FIRST({name}));" for name in names),
                last=" ".join(f"{name} = real(LAST({name}));" for name in names),
            ),
        ]

    def _begin(self) -> list[str]:
        return ["void main() {", PLACES]

    def _here(self) -> str:
        return "cell"

    def _read(self, field: str, cell: str) -> str:
        return f"  vec4 {field}_here = texelFetch({field}, {cell}, 0);"

    def _channel(self, field: str, channel: int) -> str:
        return f"CHANNEL{channel}({field}_here)"

    def _parameter(self, index: int) -> str:
        return f"  value_of_parameter p{index} = PARAMETER({index});"

    def _written(self, values: list[str], writes: str) -> str:
        values += ["0.0"] * (CHANNELS - len(values))
        return f"  result = TEXEL({', '.join(values)});"

    def _fetched(self, places: dict[str, str], count: int, *, corners: bool) -> list[str]:
        lines = []
        for place, at in places.items():
            names = ", ".join(f"{place}{i}" for i in range(count))
            lines.append(f"  real {names}; arguments({at}, size, {names});")
        return ["#if STENCIL == 9", *lines, "#endif"] if corners else lines

    def _by_stencil(self, name: str, nine: str, five: str) -> list[str]:
        return ["#if STENCIL == 9", f"  real {name} = {nine};", "#else", f"  real {name} = {five};", "#endif"]

    def _west(self, west: str, centre: str) -> str:
        return f"WEST({west}, {centre})"

    def _east(self, centre: str, east: str) -> str:
        return f"EAST({centre}, {east})"

    def _printed(self, expression: Any) -> str:
        from morphoscope.engines.shader.printing import printed

        return printed(expression)
