"""From a model's text to the arithmetic of one Euler step, written once and emitted for any lane width.

The reaction of each species is expanded into Σ coefficient(parameters) · term(fields). Coefficients are numbers of
a run, computed in float64 beforehand; terms are emitted once, with common subexpressions shared by all species.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from morphoscope.engines.grid import Grid
from morphoscope.engines.vectors import Vec
from morphoscope.models.expressions import evaluate
from morphoscope.models.model import Model

#: For each stencil: the weight of the neighbour sum and of the centre, in units of D·dt/dx².
STENCIL_WEIGHTS = {9: (0.25, -4.0), 5: (1.0, -4.0)}
_INTRINSICS = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "Abs": "fabs"}


@dataclasses.dataclass(frozen=True)
class Weighted:
    """One addend of a species' reaction: dt · coefficient · term; ``term`` None stands for 1."""

    coefficient: sympy.Expr
    term: sympy.Expr | None


class StepProgram:
    """The arithmetic of one explicit Euler step of a model.

    ``coefficients`` lists what is a number of the run; the kernel gets their values as one float32 array, after
    the two stencil weights of each species.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.fields = [sympy.Symbol(s, real=True) for s in model.species]
        self.coefficients: list[sympy.Expr] = []
        addends = [self._addends(model.reaction_terms[s]) for s in model.species]
        terms = [w.term for row in addends for w in row if w.term is not None]
        self.shared, reduced = sympy.cse(terms, order="canonical") if terms else ([], [])
        replacement = iter(reduced)
        self.addends = [
            [w if w.term is None else Weighted(w.coefficient, next(replacement)) for w in row] for row in addends
        ]
        self._register_all()

    def _addends(self, reaction: sympy.Expr) -> list[Weighted]:
        collected: dict[sympy.Expr, sympy.Expr] = {}
        for part in sympy.Add.make_args(sympy.expand(reaction)):
            coefficient, term = part.as_independent(*self.fields, as_Add=False)
            collected[term] = collected.get(term, sympy.S.Zero) + coefficient

        def rank(item: tuple[sympy.Expr, sympy.Expr]) -> tuple[int, Any]:
            # Constants first and own linear terms last: so that f·(1 − u) is exactly 0 at u = 1.
            term = item[0]
            order = 0 if term == 1 else 2 if term in self.fields else 1
            return order, sympy.default_sort_key(term)

        return [
            Weighted(coefficient, None if term == 1 else term)
            for term, coefficient in sorted(collected.items(), key=rank)
            if coefficient != 0
        ]

    def _register_all(self) -> None:
        for row in self.addends:
            for weighted in row:
                self._slot(weighted.coefficient)
        for _, expression in self.shared:
            self._register(expression)
        for row in self.addends:
            for weighted in row:
                if weighted.term is not None:
                    self._register(weighted.term)

    def _register(self, expression: sympy.Basic) -> None:
        if self._is_uniform(expression):
            self._slot(expression)
            return
        for argument in expression.args:
            self._register(argument)

    def _is_uniform(self, expression: sympy.Basic) -> bool:
        names = {str(symbol) for symbol in expression.free_symbols}
        return bool(names) and names <= set(self.model.parameters)

    def _slot(self, expression: Any) -> int:
        if expression not in self.coefficients:
            self.coefficients.append(expression)
        return self.coefficients.index(expression)

    @property
    def count(self) -> int:
        """How many numbers the kernel takes: stencil weights, dt · coefficients, coefficients."""
        return 2 * len(self.fields) + 2 * len(self.coefficients)

    def numbers(self, parameters: Mapping[str, float], grid: Grid, dt: float) -> NDArray[np.float32]:
        """The run's numbers, computed in float64 and rounded once."""
        neighbours, centre = STENCIL_WEIGHTS[grid.stencil]
        values: list[float] = []
        for diffusivity in self.model.diffusivities(parameters).values():
            # The centre weight is a power of two times the rounded neighbour weight, so ∇² of a constant is 0.
            weight = float(np.float32(neighbours * diffusivity * dt / grid.spacing**2))
            values += [weight, weight * centre / neighbours]
        rates = [float(evaluate(c, parameters)) for c in self.coefficients]
        return np.array([*values, *(dt * r for r in rates), *rates], dtype=np.float32)

    def emit(self, numbers: list[Vec], cells: list[Vec], neighbours: list[Vec]) -> list[Vec]:
        """The new value of each species from its cell and the weighted sum of its neighbours."""
        species = len(self.fields)
        scaled = numbers[2 * species :][: len(self.coefficients)]
        plain = numbers[2 * species + len(self.coefficients) :]
        tracer = _Tracer(self, plain, dict(zip(self.model.species, cells, strict=True)))
        for symbol, expression in self.shared:
            tracer.known[str(symbol)] = tracer(expression)
        new = []
        for index, row in enumerate(self.addends):
            change: Vec | None = None
            for weighted in row:
                factor = scaled[self._slot(weighted.coefficient)]
                if weighted.term is None:
                    change = factor
                elif change is None:
                    change = factor * tracer(weighted.term)
                else:
                    change = factor.times_plus(tracer(weighted.term), change)
            edge, centre = numbers[2 * index : 2 * index + 2]
            cell = cells[index]
            change = centre * cell if change is None else centre.times_plus(cell, change)
            new.append(cell + edge.times_plus(neighbours[index], change))
        return new


class _Tracer:
    """Walks a term and emits it; every subterm once."""

    def __init__(self, program: StepProgram, uniforms: list[Vec], known: dict[str, Vec]) -> None:
        self.program, self.uniforms, self.known = program, uniforms, known
        self.done: dict[sympy.Basic, Vec] = {}

    def __call__(self, expression: sympy.Basic) -> Vec:
        if expression not in self.done:
            self.done[expression] = self._emit(expression)
        return self.done[expression]

    def _emit(self, expression: sympy.Basic) -> Vec:
        if self.program._is_uniform(expression):
            return self.uniforms[self.program.coefficients.index(expression)]
        if isinstance(expression, sympy.Symbol):
            return self.known[str(expression)]
        if expression.is_number:
            return self._constant(float(expression))
        if isinstance(expression, sympy.Add):
            return self._sum(list(expression.args))
        if isinstance(expression, sympy.Mul):
            return self._product(list(expression.args))
        if isinstance(expression, sympy.Pow):
            return self._power(*expression.args)
        return self(expression.args[0]).call(_INTRINSICS[expression.func.__name__])

    def _constant(self, value: float) -> Vec:
        sample = next(iter(self.known.values()))
        return sample.lanes.constant(sample.builder, value)

    def _sum(self, addends: list[Any]) -> Vec:
        total = self(addends[0])
        for addend in addends[1:]:
            if isinstance(addend, sympy.Mul):
                first, rest = addend.args[0], addend.args[1:]
                total = self(first).times_plus(self(sympy.Mul(*rest)), total)
            else:
                total = total + self(addend)
        return total

    def _product(self, factors: list[Any]) -> Vec:
        below = [f for f in factors if isinstance(f, sympy.Pow) and f.exp.is_number and f.exp < 0]
        above = [f for f in factors if f not in below]
        result = self(above[0]) if above else self._constant(1.0)
        for factor in above[1:]:
            result = result * self(factor)
        for factor in below:
            result = result / self(sympy.Pow(factor.base, -factor.exp))
        return result

    def _power(self, base: Any, exponent: Any) -> Vec:
        if exponent.is_number and exponent < 0:
            return self._constant(1.0) / self(sympy.Pow(base, -exponent))
        if exponent.is_Integer:
            return self(base).power(int(exponent))
        if exponent == sympy.Rational(1, 2):
            return self(base).call("sqrt")
        return self(base).call("pow", self(exponent))
