"""Homogeneous steady states in closed form, and the region where they exist."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates
from morphoscope.theory.elimination import Case, LinearStep, elimination_cases

if TYPE_CHECKING:
    import sympy

ClosedForm = dict[str, "sympy.Expr"]


@functools.cache
def closed_form_states(model: Model) -> tuple[ClosedForm, ...]:
    """Find the homogeneous steady states in closed form.

    These are the solutions of R(c) = 0 for which elimination (:mod:`.elimination`) leaves only polynomials of first or
    second degree. States that need polynomials of a higher degree are left out. A solution that is complex or negative
    only for some parameters is included.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    tuple of dict
        One dict per state: SymPy expressions over the parameters, by species. Empty if there is no closed form.

    Examples
    --------
    >>> from morphoscope import models, theory
    >>> (state,) = theory.closed_form_states(models.get_model("brusselator"))
    >>> state["u"], state["v"]
    (A, B/A)
    """
    import sympy

    poles = [sympy.together(rate).as_numer_denom()[1] for rate in local_rates(model).values()]
    found: list[ClosedForm] = []
    for case in elimination_cases(model) or ():
        for form in _forms(case):
            values = {sympy.Symbol(s, real=True): value for s, value in form.items()}
            real = not any(value.has(sympy.I) for value in form.values())
            if real and form not in found and not any(pole.subs(values).is_zero for pole in poles):
                found.append(form)
    return tuple(found)


def _forms(case: Case) -> list[ClosedForm]:
    """The closed forms of one case; empty if a polynomial has a degree above two."""
    import sympy

    forms: list[dict[Any, Any]] = [{}]
    for step in case:
        symbol = sympy.Symbol(step.species, real=True)
        grown = []
        for form in forms:
            if isinstance(step, LinearStep):
                values = [step.value.subs(form)]
            else:
                values = _low_roots([c.subs(form) for c in step.coefficients])
            grown += [{**form, symbol: sympy.simplify(value)} for value in values]
        forms = grown
    return [{str(symbol): value for symbol, value in form.items()} for form in forms]


def _low_roots(coefficients: list[sympy.Expr]) -> list[sympy.Expr]:
    """The roots of a polynomial of degree one or two; squares of positive parameters are moved out of the root."""
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
    """Measure how far parameters are inside the region where a non-trivial homogeneous steady state exists.

    The margin is the smallest radicand of the square roots in the closed forms. For Gray–Scott it is a positive
    multiple of f − 4 (f + k)², which vanishes on the line k = (√f − 2 f) / 2.

    Parameters
    ----------
    model : Model
        The model.
    parameters : mapping
        Parameter values by name: numbers or arrays that broadcast. Parameters not given take the model's defaults.

    Returns
    -------
    ndarray
        Positive where the state exists, negative where it does not, with the broadcast shape of the parameters. +∞ if
        no closed form contains a square root.

    Examples
    --------
    >>> import numpy as np
    >>> from morphoscope import models, theory
    >>> theory.existence_margin(models.get_model("gray-scott"), {"f": 0.03, "k": np.array([0.05, 0.07])}) > 0
    array([ True, False])
    """
    import sympy

    values = {**model.defaults, **parameters}
    radicands = {
        power.base
        for state in closed_form_states(model)
        for expression in state.values()
        for power in expression.atoms(sympy.Pow)
        if power.exp.is_Rational and power.exp.q == 2 and len(power.base.free_symbols) > 1
    }
    shape = np.broadcast_shapes(*(np.shape(v) for v in parameters.values()))
    margins = [np.broadcast_to(evaluate(r, values), shape) for r in radicands]
    return np.min(margins, axis=0) if margins else np.full(shape, np.inf)
