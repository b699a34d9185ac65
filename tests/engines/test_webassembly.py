"""WebAssembly of models: which have it, and how numbers are written.

That it computes what the reference engine does is tested in a browser, in tests/web/test_simulator.py.
"""

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.engines.webassembly import PITCH, kernel
from morphoscope.engines.webassembly.binary import signed, unsigned
from morphoscope.models import Model, get_model, model_names


@pytest.mark.parametrize("name", model_names())
def test_every_built_in_model_has_a_kernel(name):
    made = kernel(get_model(name))
    assert made.code[:8] == b"\0asm\1\0\0\0"
    for stencil in (9, 5):
        for number in range(len(made.inner) + 1):
            assert f"pass{stencil}_{number}".encode() in made.code


@pytest.mark.parametrize("term", ["exp(u)", "u**1.5", "2**u", "tanh(u)"])
def test_functions_without_instructions_have_none(term):
    assert kernel(Model(name="other", reaction={"u": term}, diffusion={"u": "1"})) is None


def test_inner_results_are_computed_by_depth():
    nested = {"u": "laplace(u*laplace(laplace(u)) + dx(v)) + dx(laplace(u))", "v": "0"}
    made = kernel(Model(name="deep", reaction=nested, diffusion={"u": "1", "v": "1"}))
    assert made.inner == ((0, 2), (2, 3))


def test_the_widest_grid_fits_into_a_row():
    assert PITCH >= 16 + 4 * 1024 + 4  # its ghosts, too


def test_numbers_are_leb128():
    """The examples of the DWARF standard (version 5, §7.6)."""
    assert [unsigned(n) for n in (2, 127, 128, 129, 12857)] == [b"\x02", b"\x7f", b"\x80\1", b"\x81\1", b"\xb9\x64"]
    examples = {2: b"\x02", -2: b"\x7e", 127: b"\xff\0", -127: b"\x81\x7f", 128: b"\x80\1", -128: b"\x80\x7f"}
    assert {n: signed(n) for n in examples} == examples


def test_unknown_equations_are_refused():
    with pytest.raises(UsageError, match="equations of dots are not known"):
        kernel(Model(name="dots", reaction={"u": "0"}))
