"""Standard normal numbers as vector code: a function that fills the buffers of two rows, see :mod:`..noise`.

Three loops over the row, because a processor can overlap more columns of short loops: words, radius, angle. They pass
values to each other in the buffers that they fill. Everything is float32, also in kernels for float64.

Approximations, as polynomials of least largest error; all operations are strict, so no bit depends on the processor:

radius  −2 ln u = −2 ln 2 · E(u) + R(m),  u = 2ᵏ m, 1 ≤ m < 2, E = k + m − 1, which is read from the bits of u.
        |error of r| < 4e-5; where r < 0.02 (2 of 10⁴ numbers) < 6e-4
angle   cos and sin of π t/2, |t| ≤ 1, as C(t²) and t S(t²).  |error| < 7e-6 and 8e-7

So a number differs from the exact one by less than 8e-5, or 6e-4 if r < 0.02; the variance is 1 + 2e-6.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from morphoscope.engines.cpu.functions import Code
from morphoscope.engines.cpu.vectors import INT, INT32, Lanes, Vec, counted_loop, integer
from morphoscope.engines.noise import (
    ANGLE_MULTIPLIER,
    FIRST_MULTIPLIER,
    FIRST_SHIFT,
    PHILOX_KEY_STEPS,
    PHILOX_MULTIPLIERS,
    PHILOX_ROUNDS,
    SECOND_MULTIPLIER,
    SECOND_SHIFT,
)

#: R(m), raised by 1.2e-6 and exact at m = 1, so that no rounding makes −2 ln u negative.
RADIUS = (2.4613771, -5.546174, 4.7411814, -2.1333814, 0.53316325, -0.0561661)
COSINE = (0.9999933, -1.2334845, 0.25258023, -0.019095736)
SINE = (1.570791, -0.64589286, 0.07943434, -0.004333095)
_MANTISSA = 23
_LARGEST = 0x4F000000  # bits of 2³¹
_ONE = 0x3F800000  # bits of 1


class NormalsWriter:
    """Writes the function that fills the buffers of two rows with the normal numbers of several species.

    Parameters
    ----------
    lanes : Lanes
        The vectors of the kernel.
    columns : int
        Vectors per row.
    species : sequence of int
        Positions of the noisy species in the model.
    """

    def __init__(self, lanes: Lanes, columns: int, species: Sequence[int]) -> None:
        self.wide, self.columns, self.species = lanes, columns, species
        self.lanes = Lanes(lanes.count, 32)
        self.words = ir.VectorType(INT32, lanes.count)
        self.rows = 2 * len(species)  # of the buffer: those of the even row, then those of the odd row

    @property
    def per_row(self) -> Counter[str]:
        """Vector operations for one row, which takes half of what the function does."""
        return Counter({kind: count * self.columns // 2 for kind, count in self.lanes.emitted.items()})

    def write(self, module: ir.Module) -> ir.Function:
        """Append ``normals(buffer, pair of rows, step, key)`` to a module."""
        pointer = ir.PointerType()
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, INT, INT, INT]), "normals")
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.alignstack = 64
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.buffer, pair, step, key = function.args
        self.even, self.odd = (self._row(parity * len(self.species)) for parity in range(2))
        rows = [*(self._narrow(v) for v in (pair, step)), self._high(step)]
        for index, position in enumerate(self.species):
            if not index or position // 2 != self.species[index - 1] // 2:
                random = _philox(self.builder, [*rows, ir.Constant(INT32, position // 2)], key)
            start, stride = random[2 * (position % 2) :][:2]
            self._words(start, stride, index * self.columns)
        for body in (self._square, self._numbers):
            with self._loop(len(self.species) * self.columns) as (index, _):
                body(index)
        self.builder.ret_void()
        return function

    def _loop(self, columns: int, *carried: Vec) -> contextlib.AbstractContextManager[tuple[ir.Value, list[Any]]]:
        """A loop over columns. LLVM would unroll it, which is slower where the whole kernel is to be in cache."""
        return counted_loop(self.builder, integer(0), integer(columns), carried, unrolled=False)

    def _narrow(self, value: ir.Value) -> ir.Value:
        return self.builder.trunc(value, INT32)

    def _high(self, value: ir.Value) -> ir.Value:
        return self._narrow(self.builder.lshr(value, integer(32)))

    def _row(self, number: int) -> ir.Value:
        return self.builder.gep(self.buffer, [integer(number * self.columns)], source_etype=self.wide.type)

    def _spread(self, word: ir.Value) -> ir.Value:
        """The same word in every lane."""
        first = self.builder.insert_element(ir.Constant(self.words, ir.Undefined), word, ir.Constant(INT32, 0))
        return self.builder.shuffle_vector(first, first, ir.Constant(self.words, [0] * self.lanes.count))

    def _place(self, row: ir.Value, index: ir.Value) -> ir.Value:
        return self.builder.gep(row, [index], source_etype=self.wide.type)

    def _load(self, row: ir.Value, index: ir.Value) -> Vec:
        place = self._place(row, index)
        return Vec(self.lanes, self.builder, self.builder.load(place, align=self.lanes.bytes, typ=self.lanes.type))

    def _keep(self, value: ir.Value, row: ir.Value, index: ir.Value) -> None:
        """Store a value of 32 bits per lane for the next loop."""
        self.builder.store(value, self._place(row, index), align=self.lanes.bytes)

    def _store(self, vec: Vec, row: ir.Value, index: ir.Value) -> None:
        """Store normal numbers in the kernel's precision."""
        value = vec.value if self.wide.bits == 32 else self.builder.fpext(vec.value, self.wide.type)
        self.wide.store(self.builder, Vec(self.wide, self.builder, value), row, index)

    def _code(self) -> Code:
        return Code(self.lanes.constant(self.builder, 0.0))

    def _words(self, start: ir.Value, stride: ir.Value, place: int) -> None:
        """p to the odd row."""
        code = self._code()
        lanes = ir.Constant(self.words, [lane * self.columns for lane in range(self.lanes.count)])
        stride = self._spread(self.builder.or_(stride, ir.Constant(INT32, 1)))
        first = self.builder.add(self._spread(start), self.builder.mul(stride, lanes))
        with self._loop(self.columns, code.vec(first)) as (index, carried):
            cell = code.bits(carried[0])
            mixed = code.on_words("mul", self._shifted(code, cell, FIRST_SHIFT), code.word(FIRST_MULTIPLIER))
            mixed = self._shifted(code, mixed, SECOND_SHIFT)
            mixed = code.on_words("mul", mixed, code.word(SECOND_MULTIPLIER))
            self._keep(mixed, self.odd, self.builder.add(index, integer(place)))
            carried[0] = code.vec(code.on_words("add", cell, stride))

    @staticmethod
    def _shifted(code: Code, value: ir.Value, by: int) -> ir.Value:
        return code.on_words("xor", value, code.on_words("lshr", value, code.word(by)))

    def _square(self, index: ir.Value) -> None:
        """r² to the even row."""
        code = self._code()
        word = code.bits(self._load(self.odd, index))
        bits = code.bits(self._number(code, code.on_words("or_", word, code.word(1))))
        size = code.on_words("and_", bits, code.word((1 << 31) - 1))
        exponent = self._number(code, code.on_words("sub", size, code.word(_LARGEST)))
        fraction = code.on_words("and_", bits, code.word((1 << _MANTISSA) - 1))
        fraction = code.vec(code.on_words("or_", fraction, code.word(_ONE)))
        unit = code.number(-2 * math.log(2) / 2**_MANTISSA)
        square = exponent.times_plus(unit, _horner(code, fraction, RADIUS))
        self._keep(square.value, self.even, index)

    def _numbers(self, index: ir.Value) -> None:
        """r cos θ to the even row, r sin θ to the odd row."""
        code = self._code()
        word = code.bits(self._load(self.odd, index))
        radius = self._load(self.even, index).call("sqrt")
        radius = code.vec(code.on_words("or_", code.bits(radius), code.on_words("and_", word, code.sign)))
        angle = self._number(code, code.on_words("mul", word, code.word(ANGLE_MULTIPLIER)))
        square = angle * code.number(2.0**-62) * angle
        cosine = _horner(code, square, COSINE)
        sine = angle * _horner(code, square, tuple(c * 2.0**-31 for c in SINE))
        self._store(radius * cosine, self.even, index)
        self._store(radius * sine, self.odd, index)

    def _number(self, code: Code, word: ir.Value) -> Vec:
        """A signed integer as float32."""
        code.lanes.emitted["logic"] += 1
        return Vec(self.lanes, self.builder, self.builder.sitofp(word, self.lanes.type))


def _horner(code: Code, x: Vec, coefficients: Sequence[float]) -> Vec:
    """Σ cᵢ xⁱ. Its chain is long, but it needs one operation less than pairs, and columns overlap."""
    total = code.number(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total.times_plus(x, code.number(coefficient))
    return total


def _philox(builder: ir.IRBuilder, counter: list[ir.Value], key: ir.Value) -> list[ir.Value]:
    """Philox4x32-10 of four words, with a key of 64 bits."""
    keys = [builder.trunc(key, INT32), builder.trunc(builder.lshr(key, integer(32)), INT32)]
    for _ in range(PHILOX_ROUNDS):
        products = [
            builder.mul(builder.zext(counter[i], INT), integer(m))
            for i, m in zip((0, 2), PHILOX_MULTIPLIERS, strict=True)
        ]
        low, high = (
            [builder.trunc(builder.lshr(p, integer(shift)) if shift else p, INT32) for p in products]
            for shift in (0, 32)
        )
        counter = [
            builder.xor(builder.xor(high[1], counter[1]), keys[0]),
            low[1],
            builder.xor(builder.xor(high[0], counter[3]), keys[1]),
            low[0],
        ]
        keys = [builder.add(k, ir.Constant(INT32, step)) for k, step in zip(keys, PHILOX_KEY_STEPS, strict=True)]
    return counter
