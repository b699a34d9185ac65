"""Steady states of polynomial and rational models by elimination of one unknown at a time.

A general solver such as SymPy's can take minutes; this one is limited but fast. Each equation is split into factors.
Every choice of one factor per equation is a case. Within a case, an equation that is linear in an unknown is solved for
it, an equation with a single unknown becomes a polynomial whose roots are found numerically, and two equations in two
unknowns are combined into a resultant. What remains for the numerical part is to evaluate expressions and find
polynomial roots.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING

from morphoscope.models import Model
from morphoscope.theory.equations import steady_state_equations

if TYPE_CHECKING:
    import sympy

MAX_CASES = 64
MAX_OPERATIONS = 250  # per equation; above that, Newton's method is faster
MAX_CANCELLED = 120  # operations up to which common factors of numerator and denominator are cancelled
MAX_SYMBOLS, MAX_FACTORED = 4, 60  # symbols and operations up to which a polynomial is factored
MAX_DEGREE = 3  # total degree up to which a resultant is computed


@dataclasses.dataclass(frozen=True)
class LinearStep:
    """``species`` = ``value``, an expression over the parameters and the species of earlier steps."""

    species: str
    value: sympy.Expr


@dataclasses.dataclass(frozen=True)
class RootStep:
    """``species`` is a root of the polynomial with these coefficients, highest power first."""

    species: str
    coefficients: tuple[sympy.Expr, ...]


Case = tuple[LinearStep | RootStep, ...]


class _NotEliminable(Exception):  # noqa: N818
    """Elimination can't solve this system."""


@functools.lru_cache(maxsize=256)
def elimination_cases(model: Model) -> tuple[Case, ...] | None:
    """The steps that find all homogeneous steady states; None if elimination can't solve the model.

    A case may yield values that do not solve the system (from resultants, or at zeros of denominators), so check the
    residuals.
    """
    import sympy

    unknowns = frozenset(sympy.Symbol(s, real=True) for s in model.species)
    try:
        return tuple(_eliminated([_factors(b, unknowns) for b in steady_state_equations(model)], unknowns))
    except (_NotEliminable, sympy.PolynomialError):
        return None


def _factors(expression: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> tuple[sympy.Expr, ...]:
    """The factors of the numerator that contain unknowns; () if the expression is a non-zero constant."""
    import sympy

    if expression.count_ops() > MAX_OPERATIONS:
        raise _NotEliminable
    numerator, denominator = sympy.together(expression).as_numer_denom()
    small = (numerator / denominator).count_ops() <= MAX_CANCELLED
    if small and denominator.free_symbols & unknowns and (numerator * denominator).is_polynomial(*unknowns):
        numerator, _ = sympy.cancel(numerator / denominator).as_numer_denom()
    found: list[sympy.Expr] = []
    for factor in sympy.Mul.make_args(numerator):
        base = factor.base if factor.is_Pow and factor.exp.is_Integer and factor.exp > 0 else factor
        if base.free_symbols & unknowns:
            found += _without_monomials(base, unknowns)
        elif base.is_zero:
            raise _NotEliminable  # 0 = 0: the steady states are not isolated
    return tuple(dict.fromkeys(found))


def _without_monomials(expression: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> list[sympy.Expr]:
    """A polynomial split into the unknowns that divide it and the remaining factors; other expressions unchanged."""
    import sympy

    inside = sorted(expression.free_symbols & unknowns, key=str)
    if not expression.is_polynomial(*inside):
        return [expression]
    polynomial = sympy.Poly(expression, *inside)
    if polynomial.is_zero:
        raise _NotEliminable
    powers, rest = polynomial.terms_gcd()
    alone = [symbol for symbol, power in zip(inside, powers, strict=True) if power]
    return alone + [factor for factor in _split(rest) if factor.free_symbols & unknowns]


def _split(polynomial: sympy.Poly) -> list[sympy.Expr]:
    """The factors of a small polynomial. A large one is not split: factoring is optional here and may take long."""
    import sympy

    expression = polynomial.as_expr()
    if len(expression.free_symbols) > MAX_SYMBOLS or expression.count_ops() > MAX_FACTORED:
        return [expression]
    return [factor for factor, _ in sympy.factor_list(expression)[1]]


def _eliminated(equations: list[tuple[sympy.Expr, ...]], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    """The cases of a system, given the factors of each equation."""
    found: list[Case] = []
    for chosen in itertools.product(*equations):
        found += _solved(list(dict.fromkeys(chosen)), unknowns)
        if len(found) > MAX_CASES:
            raise _NotEliminable
    return found


def _solved(equations: list[sympy.Expr], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    """The cases for one choice of factors."""
    if not equations:
        if unknowns:
            raise _NotEliminable  # two equations share a factor: the steady states are not isolated
        return [()]
    linear = _best_linear(equations, unknowns)
    if linear is not None:
        equation, unknown = linear
        slope = equation.diff(unknown)
        value = -(equation - slope * unknown).expand() / slope
        left = unknowns - {unknown}
        rest = [_factors(e.subs(unknown, value), left) for e in equations if e is not equation]
        step = LinearStep(str(unknown), value)
        return [(*case, step) for case in _eliminated(rest, left)]
    for equation in equations:
        inside = equation.free_symbols & unknowns
        if len(inside) == 1:
            (unknown,) = inside
            left = unknowns - inside
            rest = [_factors(e, left) for e in equations if e is not equation]
            return [(_roots(equation, unknown), *case) for case in _eliminated(rest, left)]
    return _by_resultant(equations, unknowns)


def _best_linear(
    equations: list[sympy.Expr], unknowns: frozenset[sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Symbol] | None:
    """The equation and unknown with the simplest slope, preferably free of unknowns; None if none is linear."""
    options = []
    for equation in equations:
        for unknown in sorted(equation.free_symbols & unknowns, key=str):
            slope = equation.diff(unknown)
            if unknown not in slope.free_symbols:
                options.append((len(slope.free_symbols & unknowns), slope.count_ops(), str(unknown), equation, unknown))
    if not options:
        return None
    best = min(options, key=lambda option: option[:3])
    return best[3], best[4]


def _roots(equation: sympy.Expr, unknown: sympy.Symbol) -> RootStep:
    import sympy

    if not equation.is_polynomial(unknown):
        raise _NotEliminable
    return RootStep(str(unknown), tuple(sympy.Poly(equation, unknown).all_coeffs()))


def _by_resultant(equations: list[sympy.Expr], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    import sympy

    names = {symbol for equation in equations for symbol in equation.free_symbols}
    if len(equations) != 2 or len(unknowns) != 2 or len(names) > MAX_SYMBOLS + 2:
        raise _NotEliminable
    first, second = sorted(unknowns, key=str)
    for equation in equations:
        if not equation.is_polynomial(first, second) or sympy.Poly(equation, first, second).total_degree() > MAX_DEGREE:
            raise _NotEliminable
    eliminant = sympy.resultant(*equations, second)
    if eliminant == 0 or eliminant.count_ops() > 10 * MAX_OPERATIONS:
        raise _NotEliminable
    return [
        (_roots(factor, first), _roots(equations[0], second)) for factor in _factors_of(eliminant, frozenset({first}))
    ]


def _factors_of(eliminant: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> list[sympy.Expr]:
    return _without_monomials(eliminant, unknowns)
