"""The vector functions compared with multiple precision, at every width, and at special values."""

import ctypes
import functools

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import ir

from morphoscope.engines.cpu import functions
from morphoscope.engines.cpu.native import compile_function, denormals_flushed
from morphoscope.engines.cpu.vectors import INT, Lanes, counted_loop, integer

SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * 3)
TYPES = {32: np.float32, 64: np.float64}
INF, NAN = np.inf, np.nan


@functools.cache
def compiled(name, bits, count):
    """``f(n, out, x, y)`` over n vectors."""
    lanes, module = Lanes(count, bits), ir.Module()
    pointer = ir.PointerType()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [INT, *[pointer] * 3]), "apply")
    body = ir.Function(module, function.function_type, "body")
    body.attributes.add("noinline")  # so that nothing moves across the change of the denormal mode
    builder = ir.IRBuilder(body.append_basic_block())
    total, out, *sources = body.args
    with counted_loop(builder, integer(0), total) as (index, _):
        arguments = [lanes.load(builder, source, index) for source in sources[: 2 if name == "pow" else 1]]
        lanes.store(builder, functions.call(name, *arguments), out, index)
    builder.ret_void()
    builder = ir.IRBuilder(function.append_basic_block())
    with denormals_flushed(builder):
        builder.call(body, function.args)
    builder.ret_void()
    return compile_function(str(module), "apply", SIGNATURE)


def apply(name, bits, x, y=None, *, count=4):
    """The function of every number; arrays are padded to whole vectors and aligned."""
    x, y = np.broadcast_arrays(x, 1.0 if y is None else y)
    width = -(-x.size // count) * count
    room = np.zeros((3, width + 64), TYPES[bits])
    arrays = [row[(-row.ctypes.data % 128) // row.itemsize :][:width] for row in room]
    arrays[1][: x.size], arrays[2][: x.size] = x.ravel(), y.ravel()
    compiled(name, bits, count)(width // count, *(a.ctypes.data for a in arrays))
    return arrays[0][: x.size].copy()


def units_off(got, bits, exact):
    """Largest error in units of the last place of the exact values, which are mpmath numbers."""
    digits = {32: 24, 64: 53}[bits]
    worst = 0.0
    for value, true in zip(got.tolist(), exact, strict=True):
        unit = mpmath.ldexp(1, max(mpmath.frexp(true)[1], -(2 ** {32: 7, 64: 10}[bits]) + 3) - digits)
        worst = max(worst, float(abs(mpmath.mpf(value) - true) / unit))
    return worst


def samples(bits, *ranges, count=1200):
    """Random numbers in each range; for ``(low, high, "log")``, over all magnitudes."""
    rng = np.random.default_rng(7)
    parts = [
        np.exp(rng.uniform(np.log(low), np.log(high), count)) if how else rng.uniform(low, high, count)
        for low, high, *how in ranges
    ]
    return np.concatenate(parts).astype(TYPES[bits])


NEAR_MULTIPLES = np.arange(-3000, 3000) * (np.pi / 2)
EXP = {32: [(-87.3, 88.7), (-1, 1)], 64: [(-708.3, 709.7), (-1, 1)]}
LOG = {
    32: [(1.2e-38, 3.4e38, "log"), (0.5, 2), (0.999, 1.001)],
    64: [(2.3e-308, 1.7e308, "log"), (0.5, 2), (0.999, 1.001)],
}
WAVE = {
    32: [(-4, 4), (-1e4, 1e4), (-1e6, 1e6), (1e-30, 1, "log")],
    64: [(-4, 4), (-1e4, 1e4), (-1e9, 1e9), (1e-300, 1, "log")],
}
TANH = {32: [(-10, 10), (-1, 1), (1e-30, 1, "log")], 64: [(-20, 20), (-1, 1), (1e-300, 1, "log")]}
ACCURACY = [
    ("exp", EXP, 1.1),
    ("log", LOG, 1.0),
    ("sin", WAVE, {32: 2.5, 64: 2.0}),
    ("cos", WAVE, {32: 2.5, 64: 2.0}),
    ("tanh", TANH, 3.0),
    ("sqrt", LOG, 0.501),
]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(("name", "ranges", "bound"), ACCURACY)
def test_within_declared_units_of_the_last_place(name, ranges, bound, bits):
    x = samples(bits, *ranges[bits])
    if name in ("sin", "cos"):
        x = np.concatenate([x, NEAR_MULTIPLES.astype(x.dtype)])
    with mpmath.workdps(50):
        exact = [getattr(mpmath, name)(mpmath.mpf(v)) for v in x.tolist()]
        assert units_off(apply(name, bits, x), bits, exact) <= (bound[bits] if isinstance(bound, dict) else bound)


@pytest.mark.parametrize(("bits", "bound"), [(32, 1.0), (64, 1.5)])
def test_power_within_declared_units_of_the_last_place(bits, bound):
    rng = np.random.default_rng(3)
    limit = {32: 87, 64: 708}[bits]
    x = samples(bits, *LOG[bits])
    spread = rng.uniform(-limit, limit, x.size) / np.maximum(np.abs(np.log(x.astype(float))), 1e-3)
    y = np.where(rng.random(x.size) < 0.5, spread, np.clip(spread, -3, 3)).astype(x.dtype)
    with mpmath.workdps(60):
        exact = [mpmath.power(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        assert units_off(apply("pow", bits, x, y), bits, exact) <= bound


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", sorted(functions.FUNCTIONS))
def test_bits_do_not_depend_on_the_number_of_lanes(name, bits):
    rng = np.random.default_rng(1)
    special = [0.0, -0.0, INF, -INF, NAN, 1.0, -1.0, 1e-40, 88.8, -87.4, 710.0, -709.0]
    x = np.concatenate([rng.normal(0, 20, 400), special]).astype(TYPES[bits])
    y = rng.normal(0, 5, x.size).round(1).astype(x.dtype)
    one, four, sixteen = (apply(name, bits, x, y, count=n) for n in (1, 4, 16))
    number = ~np.isnan(one)
    for other in (four, sixteen):
        assert np.array_equal(number, ~np.isnan(other))
        assert one[number].tobytes() == other[number].tobytes()


EDGES = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (800.0, INF), (-800.0, 0.0)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (1e12, NAN), (-1e30, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN), (1e12, NAN), (-1e30, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (1e30, 1.0), (-50.0, -1.0)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.0, NAN), (NAN, NAN), (4.0, 2.0)],
    "Abs": [(0.0, 0.0), (-0.0, 0.0), (INF, INF), (-INF, INF), (NAN, NAN), (-2.5, 2.5)],
}


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", sorted(EDGES))
def test_values_at_the_edges(name, bits):
    x, expected = np.array(EDGES[name]).T
    got = apply(name, bits, x)
    np.testing.assert_array_equal(got, expected)
    number = ~np.isnan(expected)
    assert np.array_equal(np.signbit(got[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("bits", [32, 64])
def test_power_at_the_edges_agrees_with_c(bits):
    values = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 1.5, INF, NAN, 1e5, 2**24 + 2.0])
    x, y = (v.ravel() for v in np.meshgrid(values, np.concatenate([values, [-INF, -1.5, 1e9, -1e5]])))
    with np.errstate(all="ignore"):
        expected = np.power(x.astype(TYPES[bits]), y.astype(TYPES[bits]))
    got = apply("pow", bits, x, y)
    np.testing.assert_array_max_ulp(got, expected, 1)
    number = ~np.isnan(expected)
    assert np.array_equal(np.signbit(got[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("bits", [32, 64])
def test_range_of_exp_ends_where_the_format_ends(bits):
    info = np.finfo(TYPES[bits])
    x = np.array([np.log(info.max), np.log(info.tiny)]).astype(info.dtype)
    steps = np.array([-3, -2, -1, 0, 1, 2, 3])
    around = (x[:, None] + steps * np.spacing(x)[:, None]).astype(info.dtype)
    got = apply("exp", bits, around.ravel()).reshape(around.shape)
    with mpmath.workdps(40):
        for number, value in zip(around.ravel().tolist(), got.ravel().tolist(), strict=True):
            exact = mpmath.exp(mpmath.mpf(number))
            if exact > mpmath.mpf(float(info.max)):
                assert value == INF
            elif exact < mpmath.mpf(float(info.tiny)):
                assert value == 0
            else:
                assert abs(mpmath.mpf(value) / exact - 1) < 2 * info.eps


@pytest.mark.parametrize("bits", [32, 64])
def test_power_near_the_largest_and_the_smallest_number(bits):
    info = np.finfo(TYPES[bits])
    x = np.array([2.0, np.sqrt(2.0), 1.0 + info.eps, 0.5], dtype=info.dtype)
    ends = np.log2(np.array([info.max, info.tiny], dtype=np.longdouble))
    y = (ends[:, None] / np.log2(x.astype(np.longdouble))).astype(info.dtype)
    y = np.concatenate([y, np.nextafter(y, 0), np.nextafter(y, y * 2)])
    x = np.broadcast_to(x, y.shape)
    got = apply("pow", bits, x.ravel(), y.ravel())
    assert not np.isnan(got).any()
    with np.errstate(all="ignore"):
        expected = np.power(x.ravel(), y.ravel())
    normal = np.isfinite(expected) & np.isfinite(got) & (expected >= 2 * info.tiny)
    np.testing.assert_array_max_ulp(got[normal], expected[normal], 1)
    beyond = ~np.isfinite(got) | ~np.isfinite(expected)
    assert (np.minimum(got[beyond], expected[beyond]) >= info.max / 2).all()
    assert (got[expected < info.tiny] <= 2 * info.tiny).all()


@given(st.floats(width=32, allow_subnormal=False), st.floats(width=32, allow_subnormal=False))
def test_any_number_agrees_with_numpy(x, y):
    with np.errstate(all="ignore"):
        wide = np.float64(x)
        exact = {"exp": np.exp(wide), "tanh": np.tanh(wide), "log": np.log(wide), "pow": np.power(wide, y)}
        expected_of = {name: 0.0 if abs(value) < 2.0**-126 else np.float32(value) for name, value in exact.items()}
    for name, expected in expected_of.items():
        if name != "pow" or x != -INF:  # C yields ∞ there if y is not an integer
            np.testing.assert_allclose(apply(name, 32, x, y)[0], expected, rtol=4e-7, atol=2.0**-125)


@pytest.mark.parametrize("bits", [32, 64])
def test_denormal_numbers_count_as_zero(bits):
    small = np.finfo(TYPES[bits]).smallest_normal / TYPES[bits](16)
    x = np.array([small, -small])
    assert (apply("log", bits, x) == -INF).all()
    assert (apply("exp", bits, x) == 1).all()
    assert (apply("sin", bits, x) == 0).all()
    assert (apply("tanh", bits, x) == 0).all()
    assert (apply("pow", bits, x, np.array([-1.0, 2.0])) == [INF, 0]).all()


@given(st.floats(-1e9, 1e9))
def test_squares_of_sine_and_cosine_sum_to_one(x):
    sine, cosine = (apply(name, 64, x)[0] for name in ("sin", "cos"))
    assert abs(sine**2 + cosine**2 - 1) < 1e-15
    assert apply("sin", 64, -x)[0] == -sine
    assert apply("cos", 64, -x)[0] == cosine
