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

PORTS = 2  # operations per cycle that the bound assumes
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


def bound(operations: Mapping[str, float], cells: int, clock: float, slow: Mapping[str, float]) -> float:
    """Upper bound in Gcell/s: the operations for ``cells`` cells run on two ports, and nothing else takes time.

    Shuffles count half. Divisions and square roots use a separate unit in parallel with the ports; the slower of the
    two determines the bound. ``slow``: cycles per division and per square root, measured by :func:`cycles_of`.
    """
    ports = sum(count * (0.5 if kind == "shuffle" else 1.0) for kind, count in operations.items()) / PORTS
    unit = sum(count * slow[kind] for kind, count in operations.items() if kind in slow)
    return clock * cells / max(ports, unit)


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


def cycles_of(kind: str, bits: int, clock: float) -> float:
    """Cycles per vector operation ``div`` or ``sqrt`` when many are in flight."""
    run = _many(kind, bits)
    turns = 20_000
    numbers = aligned((64,))
    numbers[...] = 1.0
    run(turns // 10, numbers.ctypes.data)
    begin = time.thread_time()
    run(turns, numbers.ctypes.data)
    return (time.thread_time() - begin) * clock * 1e9 / (turns * _CHAINS)


@functools.cache
def _many(kind: str, bits: int) -> Callable[[int, int], None]:
    lanes = widest_lanes(bits)
    scalar = ir.FloatType() if bits == 32 else ir.DoubleType()
    vector = ir.VectorType(scalar, lanes)
    module = ir.Module("many")
    signature = ir.FunctionType(ir.VoidType(), [_INT, ir.PointerType()])
    function = ir.Function(module, signature, "many")
    root = ir.Function(module, ir.FunctionType(vector, [vector]), f"llvm.sqrt.v{lanes}f{bits}")
    with _Loop(function) as loop:
        builder = loop.builder
        values = [loop.carry(ir.Constant(vector, [1.5 + n] * lanes)) for n in range(_CHAINS)]
        one = builder.load(function.args[1], typ=vector, align=64)
        for value in values:
            loop.hand_on(builder.fdiv(one, value) if kind == "div" else builder.call(root, [value]))
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
