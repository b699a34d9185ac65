"""From LLVM text to a function of this process; and the processor's mode for denormal numbers."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

_LOCK = threading.Lock()  # LLVM's global state is not for two threads at once
Read = Callable[[], None]  # emits: remember the mode
Write = Callable[[bool], None]  # emits: flush denormals, or return to the remembered mode
_POINTER = ir.PointerType()
_MXCSR_FLUSH = 0x8040  # x86: flush to zero, denormals are zero
_FPCR_FLUSH = 1 << 24  # Arm: FZ


def compile_function(text: str, name: str, kind: Any) -> Any:
    """Compile an LLVM module and return its function ``name`` as a ctypes function of type ``kind``.

    Calls release the GIL. The machine code lives as long as the function.
    """
    with _LOCK:
        module = llvm.parse_assembly(text)
        module.verify()
        machine = _machine()
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        function = kind(engine.get_function_address(name))
    function.engine = engine  # owns the code
    return function


@functools.cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _machine() -> llvm.TargetMachine:
    _initialise()
    features = llvm.get_host_cpu_features().flatten()
    if architecture() == "x86_64":
        features += ",-prefer-256-bit"
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=3
    )


def architecture() -> str:
    """This process's processor family as LLVM names it, e.g. ``x86_64`` or ``aarch64``."""
    name = llvm.get_process_triple().split("-")[0]
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(name, name)


@contextlib.contextmanager
def denormals_flushed(builder: ir.IRBuilder) -> Iterator[None]:
    """Emit: denormal numbers count as zero in the body; the caller's mode comes back after it.

    Far from a pattern v decays into denormals, and arithmetic on these is up to 50 times slower. On a processor
    that is neither x86-64 nor 64-bit Arm the mode stays as it is: slower, not wrong.
    """
    family = architecture()
    if family == "x86_64":
        read, write = _x86_mode(builder)
    elif family == "aarch64":
        read, write = _arm_mode(builder)
    else:
        yield
        return
    read()
    write(True)
    yield
    write(False)


def _x86_mode(builder: ir.IRBuilder) -> tuple[Read, Write]:
    kind = ir.FunctionType(ir.VoidType(), [_POINTER])
    int32 = ir.IntType(32)
    store = ir.Function(builder.module, kind, "llvm.x86.sse.stmxcsr")
    load = ir.Function(builder.module, kind, "llvm.x86.sse.ldmxcsr")
    old, new = builder.alloca(int32), builder.alloca(int32)

    def read() -> None:
        builder.call(store, [old])

    def write(flush: bool) -> None:
        if flush:
            mode = builder.load(old, typ=int32)
            builder.store(builder.or_(mode, ir.Constant(int32, _MXCSR_FLUSH)), new)
        builder.call(load, [new if flush else old])

    return read, write


def _arm_mode(builder: ir.IRBuilder) -> tuple[Read, Write]:
    int64 = ir.IntType(64)
    saved = builder.alloca(int64)

    def read() -> None:
        kind = ir.FunctionType(int64, [])
        builder.store(builder.asm(kind, "mrs $0, fpcr", "=r", [], side_effect=True), saved)

    def write(flush: bool) -> None:
        mode = builder.load(saved, typ=int64)
        if flush:
            mode = builder.or_(mode, ir.Constant(int64, _FPCR_FLUSH))
        kind = ir.FunctionType(ir.VoidType(), [int64])
        builder.asm(kind, "msr fpcr, $0", "r", [mode], side_effect=True)

    return read, write
