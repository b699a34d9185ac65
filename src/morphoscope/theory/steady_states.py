"""Homogeneous steady states in closed form, and where they exist."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate

if TYPE_CHECKING:
    import sympy

State = dict[str, "sympy.Expr"]


@functools.cache
def steady_states(model: Model) -> tuple[State, ...]:
    """All solutions of R(c) = 0 that SymPy finds in closed form, one expression a species; none where it can't."""
    import sympy

    species = [sympy.Symbol(s, real=True) for s in model.species]
    positive = {sympy.Symbol(p, real=True): sympy.Symbol(p, positive=True) for p in model.parameters}
    back = {new: old for old, new in positive.items()}
    equations = [term.subs(positive) for term in model.reaction_terms.values()]
    unknowns = [sympy.Symbol(f"_{s}") for s in model.species]
    equations = [e.subs(dict(zip(species, unknowns, strict=True))) for e in equations]
    try:
        solutions = sympy.solve(equations, unknowns, dict=True)
    except NotImplementedError:
        return ()
    return tuple(
        {str(s): solution[x].subs(back) for s, x in zip(species, unknowns, strict=True)}
        for solution in solutions
        if all(x in solution for x in unknowns)
    )


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
