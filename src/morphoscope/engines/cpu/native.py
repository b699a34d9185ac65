"""Compiles LLVM text, for this process or another processor, and sets the mode for denormal numbers.

The text of a kernel depends on the :class:`Target`: the width of a vector and how the denormal mode is set. The target
is this processor, unless :func:`writing_for` selects another one.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from morphoscope.core.errors import UsageError

_LOCK = threading.RLock()  # LLVM's global state is not thread-safe
Read = Callable[[], None]  # emits code that saves the mode
Write = Callable[[bool], None]  # emits code that flushes denormals, or restores the saved mode
_POINTER = ir.PointerType()
_MXCSR_FLUSH = 0x8040  # x86: flush to zero, denormals are zero; for float32 and float64
_FPCR_FLUSH = 1 << 24  # Arm: FZ, for float32 and float64
#: Adds two vectors of 512 bits. The registers that LLVM uses for it show how wide those of the processor are.
_PROBE = """
define void @probe(ptr %a, ptr %b) {
  %x = load <16 x float>, ptr %a, align 64
  %y = load <16 x float>, ptr %b, align 64
  %z = fadd <16 x float> %x, %y
  store <16 x float> %z, ptr %a, align 64
  ret void
}
"""


@dataclasses.dataclass(frozen=True)
class Target:
    """A processor to generate code for: LLVM's triple, LLVM's processor name, and features such as ``"+fma,-avx2"``."""

    triple: str
    cpu: str
    features: str = ""

    @property
    def family(self) -> str:
        """The processor family as LLVM names it, such as ``x86_64`` or ``aarch64``."""
        name = self.triple.split("-")[0]
        return {"arm64": "aarch64", "amd64": "x86_64"}.get(name, name)

    @functools.cached_property
    def register_bits(self) -> int:
        """Width of the vector registers: 512 (AVX-512), 256 (AVX2), otherwise 128 (SSE, NEON and unknown ones)."""
        assembly = emit_assembly(_PROBE, self.triple, self.cpu, self.features)
        return 512 if "%zmm" in assembly else 256 if "%ymm" in assembly else 128

    def machine(self, *, here: bool = False) -> llvm.TargetMachine:
        """LLVM's code generator for this target; raises UsageError for a triple that this LLVM does not support.

        ``here``: generate code to run in this process at any address, instead of code for a linked library.
        """
        (_initialise if self == host_target() else _initialise_all)()
        features = [self.features] if self.features else []
        if self.family == "x86_64":  # otherwise LLVM halves 512-bit vectors on processors where they lower the clock
            features.append("-prefer-256-bit")
        try:
            target = llvm.Target.from_triple(self.triple)
        except RuntimeError as error:
            raise UsageError(
                f"LLVM does not support the triple {self.triple!r}; use one such as 'aarch64-linux-gnu'"
            ) from error
        place = {} if here else {"codemodel": "default", "reloc": "pic"}
        return target.create_target_machine(cpu=self.cpu, features=",".join(features), opt=3, **place)


@functools.cache
def host_target() -> Target:
    """The processor of this process."""
    return Target(llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def target_of(triple: str | None = None, cpu: str = "", features: str = "") -> Target:
    """A processor by LLVM's names, by default that of this process; e.g. ``target_of("x86_64-linux-gnu", "haswell")``.

    Raises UsageError for a triple that LLVM does not support. An unknown ``cpu`` is treated as the family's baseline.
    """
    if triple is None:
        return dataclasses.replace(host_target(), features=features, cpu=cpu) if cpu else host_target()
    target = Target(triple, cpu, features)
    with _LOCK:
        target.machine()
    return target


_WRITING_FOR: contextvars.ContextVar[Target | None] = contextvars.ContextVar("writing_for", default=None)


@contextlib.contextmanager
def writing_for(target: Target) -> Iterator[None]:
    """A context in which kernels are written for that processor instead of this process's."""
    token = _WRITING_FOR.set(target)
    try:
        yield
    finally:
        _WRITING_FOR.reset(token)


def current_target() -> Target:
    """The processor that kernels are written for."""
    return _WRITING_FOR.get() or host_target()


def widest_lanes(bits: int = 32) -> int:
    """How many numbers of ``bits`` bits a vector register of :func:`current_target` holds."""
    return current_target().register_bits // bits


def architecture() -> str:
    """The family of :func:`current_target` as LLVM names it, such as ``x86_64`` or ``aarch64``."""
    return current_target().family


def compile_function(text: str, name: str, kind: Any) -> Any:
    """Compile an LLVM module and return its function ``name`` as a ctypes function of type ``kind``.

    Calls release the GIL. The machine code lives as long as the function.
    """
    with _LOCK:
        machine = host_target().machine(here=True)
        engine = llvm.create_mcjit_compiler(_optimised(text, machine), machine)
        engine.finalize_object()
        function = kind(engine.get_function_address(name))
    function.engine = engine  # owns the code
    return function


def emit_assembly(text: str, triple: str, cpu: str, features: str = "") -> str:
    """The assembly of an LLVM module for a processor, which may differ from this one (see :class:`Target`)."""
    with _LOCK:
        machine = Target(triple, cpu, features).machine()
        return machine.emit_assembly(_optimised(text, machine))


def emit_object(text: str, triple: str, cpu: str, features: str = "") -> bytes:
    """The object file of an LLVM module for a processor, which may differ from this one (see :class:`Target`)."""
    with _LOCK:
        machine = Target(triple, cpu, features).machine()
        return machine.emit_object(_optimised(text, machine))


def _optimised(text: str, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    module = llvm.parse_assembly(text)
    module.verify()
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return module


@functools.cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@functools.cache
def _initialise_all() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


@contextlib.contextmanager
def denormals_flushed(builder: ir.IRBuilder) -> Iterator[None]:
    """Emit code that treats denormal numbers as zero within the body and restores the caller's mode afterwards.

    Far from a pattern, v decays to denormal numbers, on which arithmetic is up to 50 times slower. On processors other
    than x86-64 and 64-bit Arm the mode is not changed: results stay correct, but are computed more slowly.
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
    # Intrinsics, because inline assembly would need the target's assembler.
    get = ir.Function(builder.module, ir.FunctionType(int64, []), "llvm.aarch64.get.fpcr")
    put = ir.Function(builder.module, ir.FunctionType(ir.VoidType(), [int64]), "llvm.aarch64.set.fpcr")
    saved = builder.alloca(int64)

    def read() -> None:
        builder.store(builder.call(get, []), saved)

    def write(flush: bool) -> None:
        mode = builder.load(saved, typ=int64)
        builder.call(put, [builder.or_(mode, ir.Constant(int64, _FPCR_FLUSH)) if flush else mode])

    return read, write
