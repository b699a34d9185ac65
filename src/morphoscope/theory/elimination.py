"""Steady states of polynomial and rational models, unknown by unknown: no general solver, no waiting.

The equations are split into factors, and every choice of one factor an equation is a case. In a case, an equation that
is linear in an unknown gives that unknown; one with a single unknown left gives it as roots of a polynomial; two with
two unknowns give a resultant. All that is left for numbers is to evaluate and to find roots of polynomials.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING

from morphoscope.models import Model
from morphoscope.theory.balances import balances

if TYPE_CHECKING:
    import sympy

MAX_CASES = 64
MAX_OPERATIONS = 250  # of one equation; beyond that the numerical way is faster
MAX_CANCELLED = 120  # of one in which common factors of numerator and denominator are looked for
MAX_SYMBOLS, MAX_FACTORED = 4, 60  # names and operations of a polynomial that is split into factors
MAX_DEGREE = 3  # of two equations in both unknowns, for a resultant


@dataclasses.dataclass(frozen=True)
class Linear:
    """``species`` = ``value``, over parameters and the species of the steps before."""

    species: str
    value: sympy.Expr


@dataclasses.dataclass(frozen=True)
class Roots:
    """``species`` is a root of the polynomial with these coefficients, the highest power first."""

    species: str
    coefficients: tuple[sympy.Expr, ...]


Case = tuple[Linear | Roots, ...]


class _Beyond(Exception):  # noqa: N818
    """This system is not for elimination."""


@functools.lru_cache(maxsize=256)
def cases(model: Model) -> tuple[Case, ...] | None:
    """How to find all homogeneous steady states; None where elimination can't and numbers have to do it all.

    A case may give roots that are none of the system's (from resultants, at zeros of denominators): check residuals.
    """
    import sympy

    unknowns = frozenset(sympy.Symbol(s, real=True) for s in model.species)
    try:
        return tuple(_eliminated([_factors(b, unknowns) for b in balances(model)], unknowns))
    except (_Beyond, sympy.PolynomialError):
        return None


def _factors(expression: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> tuple[sympy.Expr, ...]:
    """The numerator's factors that hold unknowns; () where it is a number that is not zero."""
    import sympy

    if expression.count_ops() > MAX_OPERATIONS:
        raise _Beyond
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
            raise _Beyond  # an equation says nothing: states are not isolated
    return tuple(dict.fromkeys(found))


def _without_monomials(expression: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> list[sympy.Expr]:
    """A polynomial as the unknowns that divide it, and the rest; anything else as it is."""
    import sympy

    inside = sorted(expression.free_symbols & unknowns, key=str)
    if not expression.is_polynomial(*inside):
        return [expression]
    polynomial = sympy.Poly(expression, *inside)
    if polynomial.is_zero:
        raise _Beyond
    powers, rest = polynomial.terms_gcd()
    alone = [symbol for symbol, power in zip(inside, powers, strict=True) if power]
    return alone + [factor for factor in _split(rest) if factor.free_symbols & unknowns]


def _split(polynomial: sympy.Poly) -> list[sympy.Expr]:
    """The factors of a small polynomial; a large one stays whole, as factoring may take long and is not needed."""
    import sympy

    expression = polynomial.as_expr()
    if len(expression.free_symbols) > MAX_SYMBOLS or expression.count_ops() > MAX_FACTORED:
        return [expression]
    return [factor for factor, _ in sympy.factor_list(expression)[1]]


def _eliminated(equations: list[tuple[sympy.Expr, ...]], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    """The cases of a system whose equations are given as their factors."""
    found: list[Case] = []
    for chosen in itertools.product(*equations):
        found += _solved(list(dict.fromkeys(chosen)), unknowns)
        if len(found) > MAX_CASES:
            raise _Beyond
    return found


def _solved(equations: list[sympy.Expr], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    """The cases of one choice of factors."""
    if not equations:
        if unknowns:
            raise _Beyond  # two equations shared a factor: states are not isolated
        return [()]
    linear = _best_linear(equations, unknowns)
    if linear is not None:
        equation, unknown = linear
        slope = equation.diff(unknown)
        value = -(equation - slope * unknown).expand() / slope
        left = unknowns - {unknown}
        rest = [_factors(e.subs(unknown, value), left) for e in equations if e is not equation]
        step = Linear(str(unknown), value)
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
    """The equation and unknown with the simplest slope, free of unknowns if there is one."""
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


def _roots(equation: sympy.Expr, unknown: sympy.Symbol) -> Roots:
    import sympy

    if not equation.is_polynomial(unknown):
        raise _Beyond
    return Roots(str(unknown), tuple(sympy.Poly(equation, unknown).all_coeffs()))


def _by_resultant(equations: list[sympy.Expr], unknowns: frozenset[sympy.Symbol]) -> list[Case]:
    import sympy

    names = {symbol for equation in equations for symbol in equation.free_symbols}
    if len(equations) != 2 or len(unknowns) != 2 or len(names) > MAX_SYMBOLS + 2:
        raise _Beyond
    first, second = sorted(unknowns, key=str)
    for equation in equations:
        if not equation.is_polynomial(first, second) or sympy.Poly(equation, first, second).total_degree() > MAX_DEGREE:
            raise _Beyond
    eliminant = sympy.resultant(*equations, second)
    if eliminant == 0 or eliminant.count_ops() > 10 * MAX_OPERATIONS:
        raise _Beyond
    return [
        (_roots(factor, first), _roots(equations[0], second)) for factor in _factors_of(eliminant, frozenset({first}))
    ]


def _factors_of(eliminant: sympy.Expr, unknowns: frozenset[sympy.Symbol]) -> list[sympy.Expr]:
    return _without_monomials(eliminant, unknowns)
