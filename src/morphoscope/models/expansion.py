"""The size of a formula after expansion, computed without expanding it."""

from __future__ import annotations

import math
from typing import Any

MAX_TERMS = 200  # in the expanded formula; a kernel of that size compiles in a few seconds
MAX_LEAVES = 2000  # names and numbers in the expanded formula


def expanded_size(expression: Any, known: dict[Any, tuple[int, int]]) -> tuple[int, int]:
    """Upper bounds for the result of ``sympy.expand``: the number of addends, and of names and numbers in all of them.

    ``known`` caches the sizes of parts. Roots, absolute values and denominators count like their contents: roots and
    absolute values may combine to whole powers, and denominators are multiplied out with each other. The logarithm of a
    product becomes a sum.
    """
    if expression in known:
        return known[expression]
    sizes = [expanded_size(part, known) for part in expression.args]
    terms = 1
    leaves = 2 if expression.is_Rational and not expression.is_Integer else 1
    if expression.is_Add:
        terms, leaves = (sum(numbers) for numbers in zip(*sizes, strict=True))
    elif expression.is_Mul:
        leaves = 0
        for more_terms, more_leaves in sizes:
            terms, leaves = terms * more_terms, terms * more_leaves + more_terms * leaves
    elif expression.func.__name__ == "exp":
        leaves = sizes[0][1]
    elif expression.is_Pow:
        terms, leaves = _power_size(expression, *sizes)
    elif sizes:
        leaves = sizes[0][1]
        terms = {"log": leaves, "sin": 1, "cos": 1, "tanh": 1}.get(expression.func.__name__, sizes[0][0])
    known[expression] = terms, leaves
    return terms, leaves


def _power_size(power: Any, base: tuple[int, int], exponent: tuple[int, int]) -> tuple[int, int]:
    times = math.ceil(largest_constant(power.exp.expand()))
    terms = math.comb(base[0] + times - 1, times)
    leaves = terms * base[1] * (1 if power.exp.is_Integer else 2)  # a root appears in every term
    if not power.exp.is_number:  # base**(a + b) becomes base**a · base**b
        leaves += exponent[1] + exponent[0] * base[1]
    return terms, leaves


def addends_of(expression: Any) -> tuple[Any, ...]:
    """The addends of a sum; any other expression is its own single addend."""
    return tuple(expression.args) if expression.is_Add else (expression,)


def largest_constant(exponent: Any) -> float:
    """The largest absolute value of the constant addends of an expanded exponent."""
    return max((abs(float(addend)) for addend in addends_of(exponent) if addend.is_number), default=0.0)
