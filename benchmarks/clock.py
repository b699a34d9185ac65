"""The capability of this core: its clock rate, and the number of vector operations per second of each kind."""

from __future__ import annotations

import ctypes
import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

from llvmlite import ir

from morphoscope.engines.cpu.engine import aligned
from morphoscope.engines.cpu.native import compile_function, widest_lanes

KINDS = ("add", "fma", "both", "div", "sqrt")
_CHAIN = 50
_CHAINS = 12  # independent chains, enough to hide the latency of any operation
_INT = ir.IntType(64)


def clock_rate() -> float:
    """This core's clock rate in GHz, from a chain of rotations, each of which waits one cycle for the previous one.

    Times are thread times, as everywhere in this module, so other processes do not count.
    """
    chain = _chain_of_rotations()
    turns = 1_000_000
    chain(turns // 10)
    begin = time.thread_time()
    chain(turns)
    return turns * _CHAIN / (time.thread_time() - begin) / 1e9


def bound(operations: Mapping[str, float], cells: int, rates: Mapping[str, float]) -> float:
    """Upper bound in Gcell/s: the operations for ``cells`` cells at measured rates, and nothing else takes time.

    ``rates``: 10⁹ vector operations per second of each kind, see :func:`rate_of`: ``add``, ``fma``, ``both`` (as many
    of each), ``div`` and ``sqrt``. Additions and products are bounded by their own rates and, together, by the larger
    of all; products run where fused multiply–adds do. Shuffles count as half an operation,
    and integer operations as one.
    """
    counts = dict(operations)
    separate = max((counts.pop(kind, 0.0) / rates[kind] for kind in ("div", "sqrt") if kind in rates), default=0.0)
    added, multiplied = counts.get("add", 0.0), counts.get("fma", 0.0) + counts.get("mul", 0.0)
    total = sum(count * (0.5 if kind == "shuffle" else 1.0) for kind, count in counts.items())
    most = max(rates["add"], rates["fma"], rates["both"])
    return cells / max(total / most, added / rates["add"], multiplied / rates["fma"], separate)


@functools.cache
def _chain_of_rotations() -> Callable[[int], int]:
    module = ir.Module("clock")
    function = ir.Function(module, ir.FunctionType(_INT, [_INT]), "chain")
    with _Loop(function) as loop:
        total = loop.carry(ir.Constant(_INT, 1))
        builder = loop.builder
        value: Any = total
        for _ in range(_CHAIN):  # opaque to the compiler, so that it can't fold them
            high = builder.shl(value, ir.Constant(_INT, 7))
            low = builder.lshr(value, ir.Constant(_INT, 57))
            value = builder.or_(high, low)
            value = builder.asm(ir.FunctionType(_INT, [_INT]), "", "=r,0", [value], side_effect=True)
        loop.hand_on(value)
    loop.builder.ret(total)
    return compile_function(str(module), "chain", ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64))


def rate_of(kind: str, bits: int) -> float:
    """10⁹ vector operations per second of a kind when many are in flight: add, fma, both, div or sqrt."""
    run = _many(kind, bits)
    turns = 1_000_000
    numbers = aligned((64,))
    numbers[...] = 1.0
    run(turns // 10, numbers.ctypes.data)
    begin = time.thread_time()
    run(turns, numbers.ctypes.data)
    return turns * _CHAINS / (time.thread_time() - begin) / 1e9


@functools.cache
def _many(kind: str, bits: int) -> Callable[[int, int], None]:
    """A loop of independent chains. Their sum is stored, so that none is left out."""
    lanes = widest_lanes(bits)
    scalar = ir.FloatType() if bits == 32 else ir.DoubleType()
    vector = ir.VectorType(scalar, lanes)
    module = ir.Module("many")
    signature = ir.FunctionType(ir.VoidType(), [_INT, ir.PointerType()])
    function = ir.Function(module, signature, "many")
    root = ir.Function(module, ir.FunctionType(vector, [vector]), f"llvm.sqrt.v{lanes}f{bits}")
    fused = ir.Function(module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{bits}")
    with _Loop(function) as loop:
        builder = loop.builder
        values = [loop.carry(ir.Constant(vector, [1.5 + n] * lanes)) for n in range(_CHAINS)]
        one = builder.load(function.args[1], typ=vector, align=64)
        emitters: dict[str, Callable[[Any, int], Any]] = {
            "add": lambda value, _: builder.fadd(value, one),
            "fma": lambda value, _: builder.call(fused, [value, one, one]),
            "both": lambda value, n: builder.call(fused, [value, one, one]) if n % 2 else builder.fadd(value, one),
            "div": lambda value, _: builder.fdiv(one, value),
            "sqrt": lambda value, _: builder.call(root, [value]),
        }
        emit = emitters[kind]
        values = [emit(value, number) for number, value in enumerate(values)]
        for value in values:
            loop.hand_on(value)
    total = values[0]
    for value in values[1:]:
        total = loop.builder.fadd(total, value)
    loop.builder.store(total, function.args[1], align=64)
    loop.builder.ret_void()
    return compile_function(str(module), "many", ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p))


class _Loop:
    """``for _ in range(first argument)`` with carried values; the function contains this single loop."""

    def __init__(self, function: ir.Function) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block())
        self.before = self.builder.block
        self.body, self.done = function.append_basic_block(), function.append_basic_block()
        self.builder.branch(self.body)
        self.builder.position_at_end(self.body)
        self.count = self.builder.phi(_INT)
        self.count.add_incoming(function.args[0], self.before)
        self.carried: list[Any] = []
        self.handed = 0

    def carry(self, start: ir.Constant) -> Any:
        value = self.builder.phi(start.type)
        value.add_incoming(start, self.before)
        self.carried.append(value)
        return value

    def hand_on(self, value: Any) -> None:
        self.carried[self.handed].add_incoming(value, self.body)
        self.handed += 1

    def __enter__(self) -> _Loop:
        return self

    def __exit__(self, *_: object) -> None:
        left = self.builder.sub(self.count, ir.Constant(_INT, 1))
        self.count.add_incoming(left, self.body)
        self.builder.cbranch(self.builder.icmp_signed(">", left, ir.Constant(_INT, 0)), self.body, self.done)
        self.builder.position_at_end(self.done)
