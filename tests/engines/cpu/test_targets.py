"""Kernels for other processors: vector code of full width, denormal mode, no library calls."""

import functools
import re

import pytest
from llvmlite import ir

from morphoscope.core.errors import UsageError
from morphoscope.engines.cpu import native
from morphoscope.engines.cpu.functions import FUNCTIONS, call
from morphoscope.engines.cpu.kernel import KernelWriter
from morphoscope.engines.cpu.tracing import StepProgram
from morphoscope.engines.cpu.vectors import Lanes
from morphoscope.engines.grid import Grid
from morphoscope.models import Model, get_model

AVX512 = ("x86_64-unknown-linux-gnu", "skylake-avx512")
SAPPHIRE = ("x86_64-unknown-linux-gnu", "sapphirerapids")
AVX2 = ("x86_64-unknown-linux-gnu", "haswell")
NEON = ("aarch64-unknown-linux-gnu", "neoverse-n1")
PLAIN_ARM = ("aarch64-unknown-linux-gnu", "generic")
TARGETS = [AVX512, SAPPHIRE, AVX2, NEON, PLAIN_ARM]
REGISTER_BITS = {AVX512: 512, SAPPHIRE: 512, AVX2: 256, NEON: 128, PLAIN_ARM: 128}
ELF_MACHINE = {"x86_64": 62, "aarch64": 183}
FUSED = {
    512: r"vfn?m(?:add|sub)\d+ps\s.*%zmm",
    256: r"vfn?m(?:add|sub)\d+ps\s.*%ymm",
    128: r"fml[as]\s+v\d+\.4s",
}
LIBRARY = re.compile(r"^\s+(?:callq?|jmp|bl?)\s+([A-Za-z_]\w*)", re.MULTILINE)

GRAY_SCOTT = get_model("gray-scott")
EVERYTHING = Model(
    name="everything",
    reaction={
        "u": "exp(-u) + log(u + 2) + sqrt(v + 2) + sin(a*u) + cos(v)",
        "v": "tanh(u) + abs(v) + (u + 2)**p + (u + 2)**v + 1/(v + 3)**2",
    },
    diffusion={"u": "0.1", "v": "0.2"},
    defaults={"a": 2.0, "p": 0.3},
)


@functools.cache
def kernel_text(model, target, levels=4):
    """The kernel's LLVM module, written for that processor; rows of two vectors."""
    with native.writing_for(native.target_of(*target)):
        return KernelWriter(StepProgram(model), Grid(16, 2 * native.widest_lanes()), levels).write()


@functools.cache
def kernel_assembly(model, target, levels=4):
    return native.emit_assembly(kernel_text(model, target, levels), *target)


def function_text(bits, target):
    """A module with every function of the grammar, on vectors of that processor."""
    module = ir.Module()
    with native.writing_for(native.target_of(*target)):
        lanes = Lanes(native.widest_lanes(bits), bits)
    for name in FUNCTIONS:
        kind = ir.FunctionType(lanes.type, [lanes.type] * (2 if name == "pow" else 1))
        function = ir.Function(module, kind, f"emitted_{name}")
        builder = ir.IRBuilder(function.append_basic_block())
        zero = lanes.constant(builder, 0.0)
        builder.ret(call(name, *(zero._new(argument) for argument in function.args)).value)
    return str(module)


def foreign_calls(assembly):
    """Names that are called but not defined in the assembly."""
    return {
        name for name in LIBRARY.findall(assembly) if not re.search(rf"^{re.escape(name)}:", assembly, re.MULTILINE)
    }


@pytest.mark.parametrize("target", TARGETS)
def test_kernel_uses_the_full_vector_width(target):
    assembly = kernel_assembly(GRAY_SCOTT, target)
    assert len(re.findall(FUSED[REGISTER_BITS[target]], assembly)) > 20
    if REGISTER_BITS[target] < 512:
        assert "zmm" not in assembly


@pytest.mark.parametrize("target", TARGETS)
def test_kernel_calls_no_library(target):
    assert not foreign_calls(kernel_assembly(GRAY_SCOTT, target))


@pytest.mark.parametrize("target", [AVX512, AVX2, NEON])
def test_kernel_with_every_function_calls_no_library(target):
    assert not foreign_calls(kernel_assembly(EVERYTHING, target, levels=1))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("target", TARGETS)
def test_noise_is_vector_code_without_library_calls(target, bits):
    with native.writing_for(native.target_of(*target)):
        program = StepProgram(GRAY_SCOTT, noisy=frozenset("uv"))
        text = KernelWriter(program, Grid(16, 2 * native.widest_lanes(bits)), 1, bits).write()
    assembly = native.emit_assembly(text, *target)
    assert not foreign_calls(assembly)
    body = assembly[assembly.index("normals:") :]
    assert re.search(r"\bvsqrtps\b|fsqrt\s+v\d+\.\ds", body)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("target", TARGETS)
def test_functions_call_no_library(target, bits):
    assembly = native.emit_assembly(function_text(bits, target), *target)
    assert not foreign_calls(assembly)


def test_a_library_call_would_be_detected():
    lanes, module = Lanes(4, 32), ir.Module()
    function = ir.Function(module, ir.FunctionType(lanes.type, [lanes.type]), "emitted")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(lanes.constant(builder, 0.0)._new(function.args[0]).call("exp").value)
    for target in TARGETS:
        assert foreign_calls(native.emit_assembly(str(module), *target)) == {"expf"}


@pytest.mark.parametrize("target", TARGETS)
def test_kernel_switches_the_denormal_mode_and_back(target):
    assembly = kernel_assembly(GRAY_SCOTT, target)
    switch = {"x86_64": r"\bv?ldmxcsr\b", "aarch64": r"\bmsr\s+fpcr\b"}[native.target_of(*target).family]
    assert len(re.findall(switch, assembly, re.IGNORECASE)) == 2


@pytest.mark.parametrize("target", TARGETS)
def test_object_file_is_for_that_processor(target):
    code = native.emit_object(kernel_text(GRAY_SCOTT, target), *target)
    assert code[:4] == b"\x7fELF"
    assert int.from_bytes(code[18:20], "little") == ELF_MACHINE[native.target_of(*target).family]
    assert b"advance" in code
    assert len(code) > 2000


@pytest.mark.parametrize("target", TARGETS)
def test_width_of_a_vector_follows_the_target(target):
    with native.writing_for(native.target_of(*target)):
        assert native.widest_lanes() == REGISTER_BITS[target] // 32
        assert native.widest_lanes(64) == REGISTER_BITS[target] // 64
        assert native.architecture() == target[0].split("-")[0]
    assert native.current_target() == native.host_target()


def test_features_widen_or_narrow_a_processor():
    triple, cpu = AVX512
    assert native.target_of(triple, cpu, "-avx512f").register_bits == 256
    assert native.target_of(triple, "x86-64", "+avx2").register_bits == 256
    assert native.target_of(triple, "x86-64").register_bits == 128


def test_a_family_without_a_known_denormal_mode_compiles():
    target = ("riscv64-unknown-linux-gnu", "generic-rv64", "+f,+d")
    assert "fmadd.s" in native.emit_assembly(kernel_text(GRAY_SCOTT, target), *target)


def test_the_default_target_is_this_processor():
    assert native.target_of() == native.host_target()
    assert native.widest_lanes() in (4, 8, 16)


def test_unknown_triple_is_one_line():
    with pytest.raises(UsageError, match="triple 'abacus-none'") as caught:
        native.target_of("abacus-none", "wood")
    assert "\n" not in str(caught.value)
