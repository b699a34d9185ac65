"""One step of explicit Euler of any model, as compute shaders of WebGPU (WGSL).

One invocation computes one cell. State and inner results are arrays of one value a cell, which has as many floats as
the model has species: one, two or four.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.engines.shader.compute_preamble import ARGUMENTS, BEGIN, PREAMBLE
from morphoscope.engines.shader.writer import Writer
from morphoscope.models.model import Model

if TYPE_CHECKING:
    import sympy

_VALUES = {1: "f32", 2: "vec2<f32>", 4: "vec4<f32>"}
_CHANNELS = "xyzw"


@dataclasses.dataclass(frozen=True)
class ComputeShader:
    """``passes``: the texts of one step, without definitions. Each has the entry point ``advance``.

    ``channels``: floats of a cell in all arrays. ``inner``: the number of fields of inner results, which lie one after
    the other in one array. :data:`.compute_preamble.PREAMBLE` declares what is bound.
    """

    model: Model
    passes: tuple[str, ...]
    channels: int
    inner: int


def compute_shader(model: Model) -> ComputeShader:
    """The compute shader of a model's step, c ← c + dt (D ∇²c + R(c)), all species from the old state.

    Raises UsageError for a model without equations, and for one with too many nested operators.
    """
    channels = {1: 1, 2: 2}.get(len(model.species), 4)
    passes = _Writer(model, channels).passes()
    return ComputeShader(model, tuple(each.text for each in passes), channels, len(passes) - 1)


class _Writer(Writer):
    """Passes in WGSL."""

    number = "f32"
    declaration = "  let {} = {};"

    def _head(self, fields: Sequence[str]) -> list[str]:
        count = len(self.model.parameters)
        parameters = f" parameter: array<vec4<f32>, {count}>," if count else ""
        return [PREAMBLE.format(value=_VALUES[self.channels], parameters=parameters)]

    def _functions(self, own: Sequence[sympy.Expr], edge: Sequence[sympy.Expr], fields: Sequence[str]) -> list[str]:
        names = [f"a{i}" for i in range(len(own))]
        declared = ", ".join(f"{name}: ptr<function, f32>" for name in names)
        return [
            f"fn inside(x: i32, y: i32, {declared}) {{",
            "  let place = y*WIDTH + x;",
            "  let at_x = f32(x);",
            "  let at_y = f32(y);",
            *self._loaded("place", fields, own),
            *(f"  *{name} = f32({self._printed(argument)});" for name, argument in zip(names, own, strict=True)),
            "}",
            f"fn beyond({declared}) {{",
            "  let at_x = 0.5*f32(WIDTH - 1);",
            "  let at_y = 0.5*f32(HEIGHT - 1);",
            *self._parameters({str(symbol) for argument in edge for symbol in argument.free_symbols}),
            *(f"  *{name} = f32({self._printed(argument)});" for name, argument in zip(names, edge, strict=True)),
            "}",
            ARGUMENTS.format(declared=declared, passed=", ".join(names)),
        ]

    def _begin(self) -> list[str]:
        return [BEGIN]

    def _here(self) -> str:
        return "place"

    def _read(self, field: str, cell: str) -> str:
        return f"  let {field}_here = {_element(field, cell, 'state')};"

    def _channel(self, field: str, channel: int) -> str:
        return f"{field}_here" + (f".{_CHANNELS[channel]}" if self.channels > 1 else "")

    def _parameter(self, index: int) -> str:
        return f"  let p{index} = along(values.parameter[{index}], at_x, at_y);"

    def _written(self, values: list[str], writes: str) -> str:
        values += ["0.0"] * (self.channels - len(values))
        return f"  {_element(writes, 'place', 'next')} = value({', '.join(values)});"

    def _fetched(self, places: dict[str, str], count: int, *, corners: bool) -> list[str]:
        lines = [f"  var {place}{i}: f32;" for place in places for i in range(count)]
        calls = [f"  arguments({at}, {', '.join(f'&{p}{i}' for i in range(count))});" for p, at in places.items()]
        return [*lines, "  if (STENCIL == 9) {", *calls, "  }"] if corners else [*lines, *calls]

    def _by_stencil(self, name: str, nine: str, five: str) -> list[str]:
        return [self.declaration.format(name, f"select({five}, {nine}, STENCIL == 9)")]

    def _printed(self, expression: Any) -> str:
        from morphoscope.engines.shader.printing import printed_compute

        return printed_compute(expression)


def _element(field: str, place: str, state: str) -> str:
    """A cell of the state, or of a field of inner results."""
    return f"{state}[{place}]" if field == "state" else f"inner[{field.removeprefix('inner')}*CELLS + {place}]"
