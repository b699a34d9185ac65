"""Homogeneous steady states in closed form, and where they exist."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates
from morphoscope.theory.elimination import Case, Linear, cases

if TYPE_CHECKING:
    import sympy

ClosedForm = dict[str, "sympy.Expr"]


@functools.cache
def steady_states(model: Model) -> tuple[ClosedForm, ...]:
    """All solutions of R(c) = 0 in closed form, one expression a species; those without one are left out.

    They are what elimination (:mod:`.elimination`) leaves with polynomials of first and second degree. Complex ones and
    negative ones are there too where it depends on the parameters whether they are.
    """
    import sympy

    poles = [sympy.together(rate).as_numer_denom()[1] for rate in local_rates(model).values()]
    found: list[ClosedForm] = []
    for case in cases(model) or ():
        for form in _forms(case):
            there = {sympy.Symbol(s, real=True): value for s, value in form.items()}
            real = not any(value.has(sympy.I) for value in form.values())
            if real and form not in found and not any(pole.subs(there).is_zero for pole in poles):
                found.append(form)
    return tuple(found)


def _forms(case: Case) -> list[ClosedForm]:
    """The closed forms of one case; none where a polynomial's degree is above two."""
    import sympy

    forms: list[dict[Any, Any]] = [{}]
    for step in case:
        symbol = sympy.Symbol(step.species, real=True)
        grown = []
        for form in forms:
            if isinstance(step, Linear):
                values = [step.value.subs(form)]
            else:
                values = _low_roots([c.subs(form) for c in step.coefficients])
            grown += [{**form, symbol: sympy.simplify(value)} for value in values]
        forms = grown
    return [{str(symbol): value for symbol, value in form.items()} for form in forms]


def _low_roots(coefficients: list[sympy.Expr]) -> list[sympy.Expr]:
    """The roots of a polynomial of first or second degree, with what is a square in positive parameters taken out."""
    import sympy

    if len(coefficients) == 2:
        return [-coefficients[1] / coefficients[0]]
    if len(coefficients) != 3:
        return []
    a, b, c = coefficients
    positive = {x: sympy.Symbol(x.name, positive=True) for x in sympy.Add(a, b, c).free_symbols}
    radicand = sympy.factor_terms(sympy.expand((b**2 - 4 * a * c).subs(positive)))
    root = sympy.sqrt(radicand).subs({new: old for old, new in positive.items()})
    return [(-b + sign * root) / (2 * a) for sign in (1, -1)]


def existence_margin(model: Model, parameters: Mapping[str, Any]) -> NDArray[np.float64]:
    """Positive where a homogeneous state beyond the trivial one exists, negative where it does not.

    The smallest radicand of the closed forms: for Gray–Scott a positive multiple of f − 4 (f + k)², which is zero on
    k = (√f − 2 f) / 2. Parameters may be arrays that broadcast; the rest takes the model's defaults.
    Returns +∞ where no closed form has a square root.
    """
    import sympy

    values = {**model.defaults, **parameters}
    radicands = {
        power.base
        for state in steady_states(model)
        for expression in state.values()
        for power in expression.atoms(sympy.Pow)
        if power.exp.is_Rational and power.exp.q == 2 and len(power.base.free_symbols) > 1
    }
    shape = np.broadcast_shapes(*(np.shape(v) for v in parameters.values()))
    margins = [np.broadcast_to(evaluate(r, values), shape) for r in radicands]
    return np.min(margins, axis=0) if margins else np.full(shape, np.inf)
