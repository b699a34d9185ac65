"""Spatial operators in reaction terms: ``laplace(c)``, ``dx(c)`` and ``dy(c)``, which may be nested.

They are kept as unevaluated SymPy functions. :func:`separate_operators` replaces each application by a symbol and
returns the expressions that the operators are applied to; all users of the terms start from that form.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models.expressions import OPERATORS, evaluate, operator

if TYPE_CHECKING:
    import sympy

    from morphoscope.models.model import Model


@dataclasses.dataclass(frozen=True)
class OperatorApplication:
    """``symbol`` stands for the operator ``name`` applied to ``argument``, which may contain earlier symbols."""

    symbol: sympy.Symbol
    name: str
    argument: sympy.Expr


def separate_operators(
    terms: Mapping[str, sympy.Expr],
) -> tuple[dict[str, sympy.Expr], tuple[OperatorApplication, ...]]:
    """The terms without operators, and the applications that they contained, inner ones first, each once."""
    import sympy

    known: dict[sympy.Expr, OperatorApplication] = {}

    def inner(expression: Any) -> Any:
        if not expression.args:
            return expression
        arguments = [inner(argument) for argument in expression.args]
        rebuilt = expression.func(*arguments)
        if rebuilt.func.__name__ not in OPERATORS:
            return rebuilt
        if rebuilt not in known:
            symbol = sympy.Symbol(f"_{rebuilt.func.__name__}{len(known)}", real=True)
            known[rebuilt] = OperatorApplication(symbol, rebuilt.func.__name__, rebuilt.args[0])
        return known[rebuilt].symbol

    return {name: inner(term) for name, term in terms.items()}, tuple(known.values())


def rates(model: Model) -> dict[str, sympy.Expr]:
    """The complete right-hand side of each species, D ∇²c + R(c), with operators as functions."""
    import sympy

    laplace = operator("laplace")
    return {
        s: model.diffusion_terms[s] * laplace(sympy.Symbol(s, real=True)) + term
        for s, term in model.reaction_terms.items()
    }


def local_rates(model: Model) -> dict[str, sympy.Expr]:
    """The right-hand side of each species in a homogeneous state, where all operators yield 0."""
    terms, applications = separate_operators(model.reaction_terms)
    nothing = {application.symbol: 0 for application in applications}
    return {s: term.subs(nothing) for s, term in terms.items()}


@functools.lru_cache(maxsize=256)
def linear_symbol(model: Model) -> sympy.Matrix:
    """The linearisation around a homogeneous state as a matrix (species, species).

    Entry (i, j) is the derivative of the rate of species i with respect to a perturbation of species j. Operators
    appear as the symbols ``laplace``, ``dx`` and ``dy``: for a plane wave exp(i q·x), substitute −q², i q_x and i q_y,
    or their values on a grid. With zeros the matrix is the Jacobian of the reaction.
    """
    import sympy

    terms, applications = separate_operators(rates(model))
    fields = [sympy.Symbol(s, real=True) for s in model.species]
    waves: dict[Any, list[Any]] = {}

    def derivative(term: Any, field: Any, column: int) -> Any:
        total = sympy.diff(term, field)
        for application in applications:
            if application.symbol in term.free_symbols:
                total += sympy.diff(term, application.symbol) * waves[application.symbol][column]
        return total

    for application in applications:
        wave = sympy.Symbol(application.name)
        waves[application.symbol] = [
            wave * derivative(application.argument, field, column) for column, field in enumerate(fields)
        ]
    matrix = [[derivative(terms[s], field, column) for column, field in enumerate(fields)] for s in model.species]
    return sympy.Matrix(matrix).subs({application.symbol: 0 for application in applications})


@functools.lru_cache(maxsize=256)
def spatial_parameters(model: Model) -> frozenset[str]:
    """The parameters that influence the spatial terms of the linearisation: diffusion coefficients, velocities, …"""
    if model.diffusion_only:
        return model.diffusion_parameters
    symbol = linear_symbol(model)
    still = symbol.subs(dict.fromkeys(OPERATORS, 0))
    return frozenset(str(s) for s in (symbol - still).expand().free_symbols) & set(model.parameters)


def linearised(
    model: Model, values: Mapping[str, Any], laplace: Any = 0.0, dx: Any = 0.0, dy: Any = 0.0
) -> NDArray[np.complex128]:
    """:func:`linear_symbol` as numbers, (…, species, species), complex.

    ``values``: the homogeneous state and all parameters, by name. ``laplace``, ``dx``, ``dy``: the symbols of the
    operators, in 1/length², 1/length, 1/length. All may be arrays that broadcast.
    """
    everything = {**values, "laplace": laplace, "dx": dx, "dy": dy}
    shape = np.broadcast_shapes(*(np.shape(v) for v in everything.values()))
    symbol = linear_symbol(model)
    size = len(model.species)
    found = np.empty((*shape, size, size), dtype=np.complex128)
    for row in range(size):
        for column in range(size):
            found[..., row, column] = evaluate(symbol[row, column], everything)
    return found
