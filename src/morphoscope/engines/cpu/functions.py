"""Elementary functions as vector code: the same strict IEEE operations in every lane, without library calls.

LLVM turns ``llvm.exp`` and similar intrinsics into one call of the C library per lane. Here, a function is a range
reduction and a polynomial, composed of additions, multiplications, fused multiply–adds and integer shifts. Results do
not depend on the number of lanes. The element type of the lanes (float32 or float64) determines constants and degrees.

========  ===========================================================================  ========  ========
function  method (integer n)                                                             float32   float64
========  ===========================================================================  ========  ========
exp       x = n ln 2 + r, |r| ≤ ½ ln 2;  2ⁿ (1 + r + r² Q(r))                          1.1 ulp   1.1 ulp
log       x = 2ⁿ m, √½ ≤ m < √2;  series in m − 1 (float32), (m − 1)/(m + 1) (float64)  1.0 ulp   1.0 ulp
sin, cos  x = n π/2 + r (π/2 in three parts);  r + r³ S(r²) or 1 − r²/2 + r⁴ C(r²)      2.5 ulp   2.0 ulp
tanh      E/(E + 2) with E = exp(2|x|) − 1 from the parts of exp                       3.0 ulp   3.0 ulp
pow       exp(y log|x|); log in float64 for float32, in pairs of numbers for float64   1.0 ulp   1.5 ulp
========  ===========================================================================  ========  ========

Denormal numbers count as zero, as in the kernel: log of one is −∞, and a result below the smallest normal number may be
0. sin and cos are defined for |x| ≤ 2²⁰ in float32 and |x| ≤ 2³⁰ in float64. Beyond that and at ±∞ they are NaN,
never a wrong number. pow(x, y) follows C: NaN for x < 0 unless y is an integer, pow(0, y < 0) = ∞, pow(x, 0) = 1.

The reductions are those of Cody & Waite, Software Manual for the Elementary Functions (1980); log in float64 is
organised as in FDLIBM. The polynomials and their errors are in :mod:`morphoscope.engines.cpu.coefficients`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from llvmlite import ir

from morphoscope.engines.cpu.coefficients import DOUBLE, EXP2, LOG2, LOG_TAIL, SINGLE, TWO_THIRDS
from morphoscope.engines.cpu.vectors import Lanes, Vec


class Code:
    """Emits what a :class:`Vec` has no operator for: constants, bits, comparisons, polynomials."""

    def __init__(self, like: Vec) -> None:
        self.lanes, self.builder = like.lanes, like.builder
        self.format = DOUBLE if isinstance(like.lanes.type.element, ir.DoubleType) else SINGLE
        self.words = ir.VectorType(ir.IntType(self.format.bits), like.lanes.count)
        self.sign = self.word(1 << (self.format.bits - 1))

    def number(self, value: float) -> Vec:
        """The same number in every lane."""
        return self.lanes.constant(self.builder, value)

    def word(self, value: int) -> ir.Constant:
        """The same integer in every lane."""
        return ir.Constant(self.words, [value % (1 << self.format.bits)] * self.lanes.count)

    def bits(self, vec: Vec) -> ir.Value:
        """The bits of a vector as integers."""
        return self.builder.bitcast(vec.value, self.words)

    def on_words(self, operation: str, left: ir.Value, right: ir.Value) -> ir.Value:
        """An integer operation of the builder: ``add``, ``and_``, ``or_``, ``xor``, ``shl`` or ``lshr``."""
        self.lanes.emitted["logic"] += 1
        return getattr(self.builder, operation)(left, right)

    def vec(self, words: ir.Value) -> Vec:
        """Inverse of :meth:`bits`."""
        return Vec(self.lanes, self.builder, self.builder.bitcast(words, self.lanes.type))

    def where(self, left: Vec, relation: str, right: Vec | float, yes: Vec | float, no: Vec | float) -> Vec:
        """``yes`` where the relation holds, otherwise ``no``. It never holds for NaN, unless it starts with ``u``."""
        right, yes, no = (v if isinstance(v, Vec) else self.number(v) for v in (right, yes, no))
        self.lanes.emitted["logic"] += 2
        ordered = not relation.startswith("u")
        compare = self.builder.fcmp_ordered if ordered else self.builder.fcmp_unordered
        condition = compare(relation.removeprefix("u"), left.value, right.value)
        return Vec(self.lanes, self.builder, self.builder.select(condition, yes.value, no.value))

    def polynomial(self, x: Vec, coefficients: Sequence[float]) -> Vec:
        """Σ cᵢ xⁱ: coefficients in pairs, then Horner's scheme in x², which halves the chain of operations."""
        square = x * x
        pairs = [
            x.times_plus(self.number(c[1]), self.number(c[0])) if len(c) == 2 else self.number(c[0])
            for c in (coefficients[i : i + 2] for i in range(0, len(coefficients), 2))
        ]
        total = pairs.pop()
        while pairs:
            total = square.times_plus(total, pairs.pop())
        return total

    def power_of_two(self, rounded: Vec) -> Vec:
        """2ⁿ for the n in the low bits of a number to which ``rounder`` was added."""
        shifted = self.on_words("shl", self.bits(rounded), self.word(self.format.mantissa))
        return self.vec(self.on_words("add", shifted, self.bits(self.number(1.0))))

    def magnitude(self, x: Vec) -> Vec:
        """|x|."""
        return x.call("fabs")


def exp(x: Vec) -> Vec:
    """eˣ; ∞ on overflow, 0 where eˣ is denormal."""
    code = Code(x)
    growth, rounded = _growth(code, x)
    return _in_range(code, x, _scaled(code, growth + code.number(1.0), rounded))


def _growth(code: Code, x: Vec, low: Vec | None = None) -> tuple[Vec, Vec]:
    """eʳ − 1 and n + rounder, where x + low = n ln 2 + r."""
    rounder = code.number(code.format.rounder)
    rounded = x.times_plus(code.number(math.log2(math.e)), rounder)
    n = rounded - rounder
    rest = x
    for part in code.format.ln2:
        rest = n.times_plus(code.number(-part), rest)
    if low is not None:
        rest = rest + low
    return (rest * rest).times_plus(code.polynomial(rest, code.format.exp), rest), rounded


def _scaled(code: Code, value: Vec, rounded: Vec) -> Vec:
    """value · 2ⁿ, which must be a normal number."""
    shifted = code.on_words("shl", code.bits(rounded), code.word(code.format.mantissa))
    return code.vec(code.on_words("add", code.bits(value), shifted))


def _in_range(code: Code, x: Vec, result: Vec) -> Vec:
    """The result where exp(x) is a normal number, otherwise 0, ∞ or NaN."""
    low, high = code.format.whole_range
    result = code.where(x, "<", low, 0.0, result)
    return code.where(x, "u>", high, x + code.number(math.inf), result)


def log(x: Vec) -> Vec:
    """Natural logarithm; −∞ at zero, NaN below."""
    code = Code(x)
    k, m = _split(code, x)
    high, low = (code.number(v) for v in code.format.ln2_below)
    f = m - code.number(1.0)
    square = f * f
    half = code.number(0.5)
    if code.format is SINGLE:
        small = (square * f).times_plus(code.polynomial(f, code.format.log), k * low)
        return k.times_plus(high, f + square.times_plus(code.number(-0.5), small))
    s = f / (f + code.number(2.0))
    z = s * s
    rest = z.times_plus(code.polynomial(z, code.format.log), half * square)
    return k.times_plus(high, f - (half * square - s.times_plus(rest, k * low)))


def _split(code: Code, x: Vec) -> tuple[Vec, Vec]:
    """x = 2ᵏ m with √½ ≤ m < √2. Where x has no logarithm, k is the result instead: −∞, ∞ or NaN."""
    form = code.format
    one = form.bias << form.mantissa
    raised = code.on_words("add", code.bits(x), code.word(one - form.sqrt_half))
    fraction = code.on_words("and_", raised, code.word((1 << form.mantissa) - 1))
    m = code.vec(code.on_words("add", fraction, code.word(form.sqrt_half)))
    # Converted as the low bits of a large number, because AVX2 can't convert 64-bit integers.
    exponent = code.on_words("lshr", raised, code.word(form.mantissa))
    large = 2.0**form.mantissa
    k = code.vec(code.on_words("or_", exponent, code.bits(code.number(large)))) - code.number(large + form.bias)
    k = code.where(x, "==", math.inf, math.inf, k)
    return code.where(x, ">=", form.least, k, code.where(x, ">", -form.least, -math.inf, math.nan)), m


def sin(x: Vec) -> Vec:
    """Sine of x in radians; NaN outside the supported range (see the module's docstring)."""
    return _wave(x, 0)


def cos(x: Vec) -> Vec:
    """Cosine of x in radians; NaN outside the supported range (see the module's docstring)."""
    return _wave(x, 1)


def _wave(x: Vec, ahead: int) -> Vec:
    """sin(x + ahead·π/2): with x = n·π/2 + r, one of ±sin r and ±cos r, selected by n + ahead (mod 4)."""
    code = Code(x)
    builder, form = code.builder, code.format
    rounder, one = code.number(form.rounder), code.number(1.0)
    rounded = x.times_plus(code.number(2 / math.pi), rounder)
    turns, rest = rounded - rounder, x
    for part in form.quarter:
        rest = turns.times_plus(code.number(-part), rest)
    square, size = rest * rest, code.magnitude(rest)
    # On |r|, because 0 − 0 would lose the sign of sin(−0).
    sine = (size * square).times_plus(code.polynomial(square, form.sine), size)
    sine = code.vec(code.on_words("or_", code.bits(sine), code.on_words("and_", code.bits(rest), code.sign)))
    cosine = square.times_plus(code.number(-0.5), one)
    cosine = (square * square).times_plus(code.polynomial(square, form.cosine), cosine)
    quadrant = code.on_words("add", code.bits(rounded), code.word(ahead))
    odd = builder.icmp_unsigned("!=", code.on_words("and_", quadrant, code.word(1)), code.word(0))
    value = builder.select(odd, code.bits(cosine), code.bits(sine))
    sign = code.on_words("and_", code.on_words("shl", quadrant, code.word(form.bits - 2)), code.sign)
    signed = code.vec(code.on_words("xor", value, sign))
    return code.where(code.magnitude(x), "<=", form.wave_range, signed, math.nan)


def tanh(x: Vec) -> Vec:
    """Hyperbolic tangent."""
    code = Code(x)
    limit = code.format.saturated
    size = code.magnitude(x)
    size = code.where(size, ">", limit, limit, size)
    growth, rounded = _growth(code, size + size)
    scale = code.power_of_two(rounded)
    excess = scale.times_plus(growth, scale - code.number(1.0))
    value = excess / (excess + code.number(2.0))
    sign = code.on_words("and_", code.bits(x), code.sign)
    return code.vec(code.on_words("or_", code.bits(value), sign))


def power(x: Vec, y: Vec) -> Vec:
    """x to the real power y. For x < 0 it is NaN unless y is an integer; pow(x, 0) = pow(1, y) = 1, as in C."""
    code = Code(x)
    size = code.magnitude(x)
    raw = _power_single(code, size, y) if code.format is SINGLE else _power_double(code, size, y)
    raw = code.where(size, "==", 1.0, 1.0, raw)
    half = y * code.number(0.5)
    sign = code.on_words("and_", code.bits(x), code.sign)
    whole_sign = code.where(half.call("floor"), "==", half, 0.0, code.vec(sign))
    signed = code.vec(code.on_words("or_", code.bits(raw), code.bits(whole_sign)))
    real = code.where(y.call("floor"), "==", y, signed, code.where(x, ">=", 0.0, raw, math.nan))
    return code.where(y, "==", 0.0, 1.0, real)


def _power_single(code: Code, x: Vec, y: Vec) -> Vec:
    """2^(y log₂ x) for x ≥ 0, in float64."""
    builder = code.builder
    wide_lanes = Lanes(x.lanes.count, 64)

    def widened(vec: Vec) -> Vec:
        return Vec(wide_lanes, builder, builder.fpext(vec.value, wide_lanes.type))

    k, m = (widened(v) for v in _split(code, x))
    wide = Code(m)
    one, rounder, limit = (wide.number(v) for v in (1.0, wide.format.rounder, 300.0))
    s = (m - one) / (m + one)
    height = s.times_plus(wide.polynomial(s * s, LOG2), k) * widened(y)
    height = wide.where(height, ">", limit, limit, height)
    height = wide.where(height, "<", -300.0, -300.0, height)
    rounded = height + rounder
    rest = height - (rounded - rounder)
    value = rest.times_plus(wide.polynomial(rest, EXP2), one) * wide.power_of_two(rounded)
    for kind, count in wide_lanes.emitted.items():
        x.lanes.emitted[kind] += 2 * count  # a vector of float64 is twice as long
    return Vec(x.lanes, builder, builder.fptrunc(value.value, x.lanes.type))


def _power_double(code: Code, x: Vec, y: Vec) -> Vec:
    """exp(y log x) for x ≥ 0, with y log x as a sum of two numbers."""
    high, low = _log_pair(code, *_split(code, x))
    height, height_low = _times(y, high)
    growth, rounded = _growth(code, height, y.times_plus(low, height_low))
    # Scale to 2ⁿ⁻¹ or 2ⁿ⁺¹, then by a factor of two, so that the sum in the exponent can't overflow for n = 1024.
    step = 1 << code.format.mantissa
    inward = code.where(height, ">", 0.0, code.vec(code.word(-step)), code.vec(code.word(step)))
    outward = code.where(height, ">", 0.0, 2.0, 0.5)
    near = code.on_words("add", code.bits(growth + code.number(1.0)), code.bits(inward))
    return _in_range(code, height, _scaled(code, code.vec(near), rounded) * outward)


def _log_pair(code: Code, k: Vec, m: Vec) -> tuple[Vec, Vec]:
    """k ln 2 + log m as a sum of two numbers, accurate to about 2^-65; the first one is also correct for k = ±∞."""
    one = code.number(1.0)
    below = m + one
    below_low = (m - (below - (below - m))) + (one - (below - m))
    s = (m - one) / below
    minus = _negative(s)
    s_low = minus.times_plus(below_low, minus.times_plus(below, m - one)) / below
    square, square_low = _times(s, s)
    square_low = (s + s).times_plus(s_low, square_low)
    cube, cube_low = _times(s, square)
    cube_low = s.times_plus(square_low, s_low.times_plus(square, cube_low))
    third, third_low = (code.number(v) for v in TWO_THIRDS)
    term, term_low = _times(cube, third)
    term_low = cube.times_plus(third_low, cube_low.times_plus(third, term_low))
    term_low = (cube * square).times_plus(code.polynomial(square, LOG_TAIL), term_low)
    log_m, log_low = _plus(s + s, term)
    log_m, log_low = _plus(log_m, log_low + ((s_low + s_low) + term_low))
    ln2, ln2_low = (code.number(v) for v in code.format.ln2)
    base, base_low = _times(k, ln2)
    total, total_low = _plus(base, log_m)
    return total, total_low + (log_low + k.times_plus(ln2_low, base_low))


def _times(a: Vec, b: Vec) -> tuple[Vec, Vec]:
    """The product and its rounding error."""
    product = a * b
    return product, a.times_plus(b, _negative(product))


def _negative(a: Vec) -> Vec:
    return Vec(a.lanes, a.builder, a.builder.fneg(a.value))


def _plus(a: Vec, b: Vec) -> tuple[Vec, Vec]:
    """The sum and its rounding error, for |a| ≥ |b| or a = 0."""
    total = a + b
    return total, b - (total - a)


#: By the function's name in SymPy.
FUNCTIONS: dict[str, Callable[..., Vec]] = {
    "exp": exp,
    "log": log,
    "sin": sin,
    "cos": cos,
    "tanh": tanh,
    "pow": power,
    "sqrt": lambda x: x.call("sqrt"),
    "Abs": lambda x: x.call("fabs"),
}


def call(name: str, *arguments: Vec) -> Vec:
    """The function of :data:`FUNCTIONS` with that name."""
    return FUNCTIONS[name](*arguments)
