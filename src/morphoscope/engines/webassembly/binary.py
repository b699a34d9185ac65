"""The binary format of WebAssembly, as far as the kernels need it: one memory, functions of 32-bit integers, SIMD.

Source: WebAssembly Core Specification 2.0 (W3C), §5 (binary format).
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence

I32, V128 = b"\x7f", b"\x7b"
BLOCK, LOOP, END = b"\x02\x40", b"\x03\x40", b"\x0b"
I32_ADD, I32_SUB = b"\x6a", b"\x6b"
_MAGIC = b"\0asm\1\0\0\0"
_PREFIX = b"\xfd"
_ALIGNED = 2  # log2 of the bytes at which floats begin


def unsigned(value: int) -> bytes:
    """LEB128 of a whole number ≥ 0."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | 0x80 if value else low)
        if not value:
            return bytes(found)


def signed(value: int) -> bytes:
    """LEB128 of a whole number."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        done = (value == 0 and not low & 0x40) or (value == -1 and low & 0x40)
        found.append(low if done else low | 0x80)
        if done:
            return bytes(found)


def get(local: int) -> bytes:
    """Push a local variable."""
    return b"\x20" + unsigned(local)


def put(local: int) -> bytes:
    """Pop into a local variable."""
    return b"\x21" + unsigned(local)


def tee(local: int) -> bytes:
    """Copy the top of the stack into a local variable."""
    return b"\x22" + unsigned(local)


def integer(value: int) -> bytes:
    """Push a 32-bit integer."""
    return b"\x41" + signed(value)


def branch_if(depth: int) -> bytes:
    """Leave a block, or repeat a loop, if the top of the stack is not zero."""
    return b"\x0d" + unsigned(depth)


def simd(code: int) -> bytes:
    """An instruction on vectors, by its number."""
    return _PREFIX + unsigned(code)


def load(offset: int) -> bytes:
    """Four floats from the address on the stack plus ``offset`` ≥ 0."""
    return simd(0) + unsigned(_ALIGNED) + unsigned(offset)


def load_splat(offset: int) -> bytes:
    """One float, four times."""
    return simd(9) + unsigned(_ALIGNED) + unsigned(offset)


def store(offset: int) -> bytes:
    """Write four floats to an address; the stack holds the address, then the value."""
    return simd(11) + unsigned(_ALIGNED) + unsigned(offset)


def constant(value: float) -> bytes:
    """Push a float, four times, rounded to float32."""
    return simd(12) + 4 * struct.pack("<f", value)


ABS, NEGATE, SQRT = simd(224), simd(225), simd(227)
ADD, SUBTRACT, MULTIPLY, DIVIDE = simd(228), simd(229), simd(230), simd(231)


@dataclasses.dataclass(frozen=True)
class Function:
    """``integers``, ``vectors``: numbers of local variables after the parameters, which are 32-bit integers."""

    name: str
    parameters: int
    integers: int
    vectors: int
    code: bytes


def module(functions: Sequence[Function]) -> bytes:
    """A module that imports the memory ``page.memory`` and exports the functions."""
    types = [b"\x60" + unsigned(f.parameters) + f.parameters * I32 + b"\0" for f in functions]
    memory = _name("page") + _name("memory") + b"\x02\x00\x01"  # a memory of at least one page
    exports = [_name(f.name) + b"\0" + unsigned(index) for index, f in enumerate(functions)]
    sections = (
        (1, _vector(types)),
        (2, _vector([memory])),
        (3, _vector([unsigned(index) for index in range(len(functions))])),
        (7, _vector(exports)),
        (10, _vector([_body(f) for f in functions])),
    )
    return _MAGIC + b"".join(bytes([kind]) + unsigned(len(content)) + content for kind, content in sections)


def _body(function: Function) -> bytes:
    groups = [unsigned(count) + kind for count, kind in ((function.integers, I32), (function.vectors, V128))]
    content = _vector(groups) + function.code + END
    return unsigned(len(content)) + content


def _name(text: str) -> bytes:
    return unsigned(len(text.encode())) + text.encode()


def _vector(items: Sequence[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)
