"""What a page needs to compute theory itself, without Python: formulas as trees, which need no parser.

`theory/formula.ts` evaluates them, `theory/states.ts` and `theory/waves.ts` do with them what
:func:`.homogeneous_states` and :func:`.most_unstable` do.
"""

from __future__ import annotations

from typing import Any

from morphoscope.models import Model
from morphoscope.theory.elimination import LinearStep, elimination_cases
from morphoscope.theory.equations import (
    conserved_sums,
    equation_derivatives,
    preserves_nonnegativity,
    steady_state_equations,
)
from morphoscope.theory.linearization import isotropic, linear_terms

Tree = float | str | list[Any]


def theory_program(model: Model) -> dict[str, Any] | None:
    """The formulas of a model's theory; None if its steady states can't be found by elimination, but by search only."""
    cases = elimination_cases(model)
    if cases is None:
        return None
    return {
        "cases": [[_step(step) for step in case] for case in cases],
        "equations": [tree(equation) for equation in steady_state_equations(model)],
        "derivatives": [[tree(each) for each in row] for row in equation_derivatives(model)],
        "linear": [[row, column, list(powers), tree(c)] for row, column, powers, c in linear_terms(model)],
        "isotropic": isotropic(model),
        "positive": preserves_nonnegativity(model),
        "conserved": bool(conserved_sums(model)),
    }


def _step(step: Any) -> dict[str, Any]:
    if isinstance(step, LinearStep):
        return {"species": step.species, "value": tree(step.value)}
    return {"species": step.species, "roots": [tree(coefficient) for coefficient in step.coefficients]}


def tree(expression: Any) -> Tree:
    """A SymPy expression as a number, a name, or [operation, argument, …]."""
    import sympy

    found = sympy.sympify(expression)
    if found.is_Symbol:
        return str(found)
    if found.is_number:
        return float(found)
    operation = {"Add": "+", "Mul": "*", "Pow": "^"}.get(found.func.__name__, found.func.__name__.lower())
    return [operation, *(tree(argument) for argument in found.args)]
