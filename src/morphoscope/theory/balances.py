"""What must vanish in a homogeneous steady state, and which states a model's equations can reach at all."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates
from morphoscope.models.spatial import Spatial

if TYPE_CHECKING:
    import sympy


def numbers(model: Model, parameters: Mapping[str, Any] | None = None) -> dict[str, float]:
    """All parameters of a model as numbers; raises UsageError for one that varies in space."""
    values = model.complete(parameters or {})
    for name, value in values.items():
        if isinstance(value, Spatial):
            raise UsageError(f"parameter {name} varies in space; theory needs one number, as in -p {name}=0.03")
    return values


def exact(expression: sympy.Expr) -> sympy.Expr:
    """The expression with decimal numbers as the fractions that they spell."""
    import sympy

    return expression.xreplace({x: sympy.Rational(str(x)) for x in expression.atoms(sympy.Float)})


@functools.lru_cache(maxsize=256)
def conserved(model: Model) -> tuple[tuple[float, ...], ...]:
    """Weights w, one row for each sum w·c that reactions leave alone, so that w·R(c) = 0 for all c.

    Empty for most models; one row of 1 for Cahn–Hilliard; (1, 1) where two species only turn into each other.
    """
    import sympy

    rates = [sympy.expand(exact(rate)).as_coefficients_dict() for rate in local_rates(model).values()]
    terms = sorted({term for rate in rates for term in rate}, key=str)
    matrix = (
        sympy.Matrix([[rate.get(term, 0) for term in terms] for rate in rates]) if terms else sympy.zeros(len(rates), 1)
    )
    return tuple(tuple(float(x) for x in vector) for vector in matrix.T.nullspace())


@functools.lru_cache(maxsize=256)
def balances(model: Model) -> tuple[sympy.Expr, ...]:
    """As many equations as species, zero in a homogeneous steady state: R(c), and totals where those are conserved.

    A conserved sum keeps the value that it has in the model's background.
    """
    import sympy

    rates = [exact(rate) for rate in local_rates(model).values()]
    weights = conserved(model)
    if not weights:
        return tuple(rates)
    fields = [sympy.Symbol(s, real=True) for s in model.species]
    totals = []
    for row in weights:
        given = [(sympy.Rational(str(w)), c, sympy.Rational(str(model.background[str(c)])))
                 for w, c in zip(row, fields, strict=True)]  # fmt: skip
        totals.append(sum(w * (c - start) for w, c, start in given))
    # The last non-zero entry of each null vector marks a rate that the others determine.
    spare = {int(np.flatnonzero(row)[-1]) for row in weights}
    return (*(rate for index, rate in enumerate(rates) if index not in spare), *totals)


@functools.lru_cache(maxsize=256)
def slopes(model: Model) -> tuple[tuple[sympy.Expr, ...], ...]:
    """The derivatives of :func:`balances` by the species."""
    import sympy

    return tuple(
        tuple(sympy.diff(balance, sympy.Symbol(s, real=True)) for s in model.species) for balance in balances(model)
    )


@functools.lru_cache(maxsize=256)
def nonnegative(model: Model) -> bool:
    """Whether a run that starts without negative concentrations never gets them, so that negative states don't matter.

    Yes where the model names no negative background or perturbation, space acts through diffusion alone, no rate of an
    absent species is negative (seen at 200 random places and parameters within 20 % of the defaults), and there is
    more than one species: models of a single field are mostly of an order parameter, which has no sign. Models with
    R(−c) = −R(c) aren't either.
    """
    import sympy

    named = (*model.background.values(), *model.perturbation.values())
    if len(model.species) < 2 or not model.plain or min(named) < 0:
        return False
    rates = local_rates(model)
    mirror = {sympy.Symbol(s, real=True): -sympy.Symbol(s, real=True) for s in model.species}
    if all(sympy.expand(rate.xreplace(mirror) + rate) == 0 for rate in rates.values()):
        return False
    random = np.random.default_rng(0)
    values: dict[str, Any] = {p: v * random.uniform(0.8, 1.2, 200) for p, v in model.defaults.items()}
    values |= {s: 10 ** random.uniform(-3, 1.5, 200) for s in model.species}
    with np.errstate(all="ignore"):
        return all(np.all(np.nan_to_num(evaluate(rates[s], {**values, s: 0.0})) >= 0) for s in model.species)
