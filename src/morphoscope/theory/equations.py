"""The equations that hold in a homogeneous steady state, and the states that a model can reach."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import local_rates, separate_operators
from morphoscope.models.spatial import Spatial

if TYPE_CHECKING:
    import sympy


def numeric_parameters(model: Model, parameters: Mapping[str, Any] | None = None) -> dict[str, float]:
    """All parameters of a model as numbers; raises UsageError if one varies in space."""
    values = model.complete(parameters or {})
    for name, value in values.items():
        if isinstance(value, Spatial):
            raise UsageError(f"parameter {name} varies in space; theory needs a single number, such as {name}=0.03")
    return dict(values)


def exact_fractions(expression: sympy.Expr) -> sympy.Expr:
    """The expression with decimal numbers replaced by the exact fractions that they denote."""
    import sympy

    return expression.xreplace({x: sympy.Rational(str(x)) for x in expression.atoms(sympy.Float)})


@functools.lru_cache(maxsize=256)
def conserved_sums(model: Model) -> tuple[tuple[float, ...], ...]:
    """Weights w, one row for each sum w·c that the reactions conserve: w·R(c) = 0 for all c.

    Empty for most models; one row of 1 for Cahn–Hilliard; (1, 1) if two species only turn into each other.
    """
    import sympy

    rates = [sympy.expand(exact_fractions(rate)).as_coefficients_dict() for rate in local_rates(model).values()]
    terms = sorted({term for rate in rates for term in rate}, key=str)
    matrix = (
        sympy.Matrix([[rate.get(term, 0) for term in terms] for rate in rates]) if terms else sympy.zeros(len(rates), 1)
    )
    return tuple(tuple(float(x) for x in vector) for vector in matrix.T.nullspace())


@functools.lru_cache(maxsize=256)
def steady_state_equations(model: Model) -> tuple[sympy.Expr, ...]:
    """As many equations as species, each zero in a homogeneous steady state.

    They are R(c) = 0, where conserved sums replace dependent equations: each conserved sum keeps the value that it has
    in the model's background.
    """
    import sympy

    rates = [exact_fractions(rate) for rate in local_rates(model).values()]
    weights = conserved_sums(model)
    if not weights:
        return tuple(rates)
    fields = [sympy.Symbol(s, real=True) for s in model.species]
    totals = []
    for row in weights:
        given = [(sympy.Rational(str(w)), c, sympy.Rational(str(model.background[str(c)])))
                 for w, c in zip(row, fields, strict=True)]  # fmt: skip
        totals.append(sum(w * (c - start) for w, c, start in given))
    # The last non-zero entry of each null vector marks a rate that is a combination of the others.
    spare = {int(np.flatnonzero(row)[-1]) for row in weights}
    return (*(rate for index, rate in enumerate(rates) if index not in spare), *totals)


@functools.lru_cache(maxsize=256)
def equation_derivatives(model: Model) -> tuple[tuple[sympy.Expr, ...], ...]:
    """The derivatives of :func:`steady_state_equations` with respect to the species."""
    import sympy

    return tuple(
        tuple(sympy.diff(equation, sympy.Symbol(s, real=True)) for s in model.species)
        for equation in steady_state_equations(model)
    )


@functools.lru_cache(maxsize=256)
def preserves_nonnegativity(model: Model) -> bool:
    """Whether concentrations that start non-negative stay non-negative, so that negative states don't matter.

    True if the model has more than one species, no negative background or perturbation, no operators in its reaction
    terms except of each species in its own equation, and no species has a negative rate while it is absent. Where a
    species is first absent, it has a minimum: its slopes are 0 and its Laplacian is not negative. The rates are
    evaluated at 200 random concentrations and parameters within 20 % of the defaults. Models of a single field are
    excluded because most describe an order parameter, which has no sign; so are models with R(−c) = −R(c).
    """
    import sympy

    named = (*model.background.values(), *model.perturbation.values())
    if len(model.species) < 2 or min(named) < 0 or not _own_operators_only(model):
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


def _own_operators_only(model: Model) -> bool:
    """Whether operators in the reaction of a species are applied to that species itself, as in advection."""
    if model.diffusion_only:
        return True
    terms, applications = separate_operators(model.reaction_terms)
    return all(
        str(application.argument) == species
        for species, term in terms.items()
        for application in applications
        if application.symbol in term.free_symbols
    )
