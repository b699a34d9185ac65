"""Values that emit LLVM instructions: arithmetic on a :class:`Vec` appends to an IR builder.

All arithmetic is strict IEEE with explicit fused multiply–adds, never "fast": the compiler may not reorder it, so every
cell gets the same operations in the same order, regardless of lane width, loop structure and processor.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llvmlite import ir

INT = ir.IntType(64)
INT32 = ir.IntType(32)


def integer(value: int) -> ir.Constant:
    """A 64-bit integer constant."""
    return ir.Constant(INT, value)


class Lanes:
    """Vectors of ``count`` lanes of ``bits``-bit floats: their type, constants, loads and stores.

    ``emitted`` counts the emitted operations by kind: add, mul, fma, div, sqrt, shuffle.
    """

    def __init__(self, count: int, bits: int = 32) -> None:
        self.count, self.bits = count, bits
        self.scalar = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.type = ir.VectorType(self.scalar, count)
        self.bytes = bits // 8 * count
        self.emitted: Counter[str] = Counter()

    def constant(self, builder: ir.IRBuilder, value: float) -> Vec:
        """The same number in every lane."""
        return Vec(self, builder, ir.Constant(self.type, [float(value)] * self.count))

    def broadcast(self, builder: ir.IRBuilder, scalar: ir.Value) -> Vec:
        """A run-time number in every lane."""
        undefined = ir.Constant(self.type, ir.Undefined)
        first = builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        mask = ir.Constant(ir.VectorType(INT32, self.count), [0] * self.count)
        return Vec(self, builder, builder.shuffle_vector(first, undefined, mask))

    def load(self, builder: ir.IRBuilder, row: ir.Value, index: ir.Value) -> Vec:
        """The vector at ``row[index]``."""
        address = builder.gep(row, [index], source_etype=self.type)
        return Vec(self, builder, builder.load(address, align=self.bytes, typ=self.type))

    def store(self, builder: ir.IRBuilder, vector: Vec, row: ir.Value, index: ir.Value) -> None:
        """Write a vector to ``row[index]``."""
        address = builder.gep(row, [index], source_etype=self.type)
        builder.store(vector.value, address, align=self.bytes)


class Vec:
    """One vector value. Python's operators append the instruction that computes them."""

    def __init__(self, lanes: Lanes, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.lanes, self.builder, self.value = lanes, builder, value

    def _new(self, value: ir.Value) -> Vec:
        return Vec(self.lanes, self.builder, value)

    def _count(self, kind: str) -> None:
        self.lanes.emitted[kind] += 1

    def __add__(self, other: Vec) -> Vec:
        self._count("add")
        return self._new(self.builder.fadd(self.value, other.value))

    def __sub__(self, other: Vec) -> Vec:
        self._count("add")
        return self._new(self.builder.fsub(self.value, other.value))

    def __mul__(self, other: Vec) -> Vec:
        self._count("mul")
        return self._new(self.builder.fmul(self.value, other.value))

    def __truediv__(self, other: Vec) -> Vec:
        self._count("div")
        return self._new(self.builder.fdiv(self.value, other.value))

    def times_plus(self, factor: Vec, addend: Vec) -> Vec:
        """self·factor + addend, rounded once."""
        return self.call("fma", factor, addend)

    def power(self, exponent: int) -> Vec:
        """self to a positive integer power, by repeated squaring."""
        half = self.power(exponent // 2) if exponent > 1 else self
        if exponent == 1:
            return self
        square = half * half
        return square * self if exponent % 2 else square

    def call(self, name: str, *arguments: Vec) -> Vec:
        """The LLVM intrinsic of that name on self and further arguments."""
        self._count(name)
        types = [self.lanes.type] * (1 + len(arguments))
        module = self.builder.module
        full = f"llvm.{name}.v{self.lanes.count}f{self.lanes.bits}"
        function = module.globals.get(full) or ir.Function(module, ir.FunctionType(self.lanes.type, types), full)
        values = [self.value, *(argument.value for argument in arguments)]
        return self._new(self.builder.call(function, values))

    def rotated(self, by: int, edge: Vec | None = None) -> Vec:
        """Rotate the lanes: lane l of the result is lane l + ``by`` of self, with ``by`` = ±1, cyclically.

        If ``edge`` is given, the lane that would wrap around takes its value from the same lane of ``edge`` instead.
        """
        self._count("shuffle")
        count = self.lanes.count
        mask = [(lane + by) % count for lane in range(count)]
        if edge is not None:
            end = count - 1 if by > 0 else 0
            mask[end] = count + end
        other = self if edge is None else edge
        shuffle = ir.Constant(ir.VectorType(INT32, count), mask)
        return self._new(self.builder.shuffle_vector(self.value, other.value, shuffle))


Body = Callable[[ir.Value, list[Vec]], list[Vec]]


def repeated(builder: ir.IRBuilder, count: int, carried: Sequence[Vec], body: Body, unroll: int) -> list[Vec]:
    """Emit ``for index in range(count): carried = body(index, carried)``; returns the last ``carried``.

    Each loop iteration contains ``unroll`` copies of the body; remaining iterations follow the loop.
    """
    vectors = list(carried)
    turns, rest = divmod(count, unroll) if count > unroll else (0, count)
    if turns:
        with counted_loop(builder, integer(0), integer(turns), vectors) as (turn, slots):
            for step in range(unroll):
                index = builder.add(builder.mul(turn, integer(unroll)), integer(step))
                slots[:] = body(index, slots)
        vectors = slots
    for step in range(rest):
        vectors = body(integer(turns * unroll + step), vectors)
    return vectors


@contextlib.contextmanager
def counted_loop(
    builder: ir.IRBuilder, start: ir.Value, stop: ir.Value, carried: Sequence[Any] = (), *, unrolled: bool = True
) -> Iterator[tuple[ir.Value, list[Any]]]:
    """Emit ``for index in range(start, stop)``; ``carried`` vectors are passed from one iteration to the next.

    Yields the index and a list with the carried vectors. Put the values for the next iteration into that list before
    the body ends; after the loop it contains the last ones. Unless ``unrolled``, LLVM must not unroll the loop.
    """
    before = builder.block
    head = builder.append_basic_block("head")
    body = builder.append_basic_block("body")
    done = builder.append_basic_block("done")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(start.type)
    index.add_incoming(start, before)
    phis = []
    for vector in carried:
        phi = builder.phi(vector.value.type)
        phi.add_incoming(vector.value, before)
        phis.append(phi)
    builder.cbranch(builder.icmp_signed("<", index, stop), body, done)
    builder.position_at_end(body)
    slots = [vector._new(phi) for vector, phi in zip(carried, phis, strict=True)]
    yield index, slots
    for phi, vector in zip(phis, slots, strict=True):
        phi.add_incoming(vector.value, builder.block)
    index.add_incoming(builder.add(index, ir.Constant(start.type, 1)), builder.block)
    back = builder.branch(head)
    if not unrolled:
        _forbid_unrolling(back)
    builder.position_at_end(done)
    for slot, (vector, phi) in enumerate(zip(carried, phis, strict=True)):
        slots[slot] = vector._new(phi)


def _forbid_unrolling(branch: ir.Instruction) -> None:
    """Mark a loop by the branch to its head, with a node whose first element is itself, as LLVM expects."""
    module = branch.parent.function.module
    rule = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
    node = module.add_metadata([ir.MetaDataString(module, f"loop {len(module.metadata)}"), rule])
    node.operands = (node, rule)
    branch.set_metadata("llvm.loop", node)
