"""The kind of processor that simulates, as provenance records it."""

from __future__ import annotations

import functools


@functools.cache
def processor_kind() -> str:
    """The processor of this process by LLVM's names, with the width of its vectors: ``x86_64 znver4, 512 bits``."""
    from morphoscope.engines.cpu.native import host_target

    target = host_target()
    return f"{target.family} {target.cpu}, {target.register_bits} bits"
