"""From a model's equations to the sweeps of one explicit Euler step: what is computed where, with which constants.

A *sweep* traverses all rows of the grid once. A spatial operator needs its argument in the neighbouring cells. If the
argument is a species, it is part of the state. Any other argument becomes an *auxiliary field*, which an earlier sweep
computes cell by cell: laplace(laplace(u)) takes two sweeps, w = laplace(u) and u ← u + dt (… laplace(w)); the second
one also uses w wherever laplace(u) occurs. Operators are linear, so if the argument is a sum of species with uniform
factors, the operator is applied to each species instead.

Each quantity that a sweep computes is Σ coefficient(parameters) · term(fields). Coefficients of uniform parameters are
constants of a run, computed in float64 beforehand; :mod:`.tracing` emits the code for the rest.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import sympy

from morphoscope.models.expressions import OPERATORS
from morphoscope.models.model import Model
from morphoscope.models.operators import rates


@dataclasses.dataclass(frozen=True)
class WeightedTerm:
    """coefficient · term; ``term`` None stands for 1."""

    coefficient: sympy.Expr
    term: sympy.Expr | None


@dataclasses.dataclass(frozen=True)
class StencilTerm:
    """coefficient · operator(field); the coefficient is a constant of the run."""

    coefficient: sympy.Expr
    operator: str
    field: str


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What a sweep computes in a cell: the rate of the species ``name``, or the value of an auxiliary field.

    ``own`` is the coefficient of a species in its own rate, ``own_laplace`` that of its ``laplace``. The latter is None
    if the species has no Laplacian of its own with a uniform coefficient; its linear term is then one of the
    ``addends``.
    """

    name: str
    addends: tuple[WeightedTerm, ...]
    stencils: tuple[StencilTerm, ...]
    own: sympy.Expr = sympy.S.Zero
    own_laplace: sympy.Expr | None = None


@dataclasses.dataclass(frozen=True)
class Sweep:
    """What is computed while traversing the rows once.

    The last sweep updates the state, earlier ones fill auxiliary fields. ``needs``: for each field that is read, the
    operators applied to it; empty if only the cell itself is read. ``inside``: symbols that stand for operators within
    addends, with (operator, field).
    """

    quantities: tuple[Quantity, ...]
    needs: dict[str, frozenset[str]]
    inside: dict[sympy.Symbol, tuple[str, str]]


class Program:
    """The sweeps of one time step of a model. ``varying``: parameters that are read cell by cell."""

    def __init__(self, model: Model, varying: frozenset[str] = frozenset()) -> None:
        self.model, self.varying = model, varying
        self.fields = [sympy.Symbol(s, real=True) for s in model.species]
        terms = {s: self._canonical(sympy.expand(term)) for s, term in rates(model).items()}
        self.auxiliary: dict[sympy.Expr, sympy.Symbol] = {}  # by the expression that they contain, inner ones first
        for term in terms.values():
            self._find_auxiliary(term)
        self._sweep_of: dict[sympy.Symbol, int] = {}
        for contents, symbol in self.auxiliary.items():
            self._sweep_of[symbol] = self._depth(contents)
        count = 1 + max((self._depth(term) for term in terms.values()), default=0)
        self.sweeps = tuple(self._sweep(number, count, terms) for number in range(count))

    def auxiliary_of(self, number: int) -> list[str]:
        """Names of the auxiliary fields that a sweep fills."""
        return [str(symbol) for symbol, own in self._sweep_of.items() if own == number]

    def uniform(self, expression: sympy.Basic) -> bool:
        """Whether an expression is a constant of the run: no fields, no parameters that vary in space."""
        return {str(s) for s in expression.free_symbols} <= set(self.model.parameters) - self.varying

    def expression_of(self, name: str) -> sympy.Expr:
        """The expression that a field contains: the symbol of a species, or that of an auxiliary field."""
        for expression, symbol in self.auxiliary.items():
            if str(symbol) == name:
                return expression
        return sympy.Symbol(name, real=True)

    def _canonical(self, expression: Any) -> Any:
        """Apply operators of sums of species or operators to each addend; drop operators of constants."""
        if not expression.args:
            return expression
        rebuilt = expression.func(*(self._canonical(argument) for argument in expression.args))
        if not _is_operator(rebuilt):
            return rebuilt
        parts = [self._split(part) for part in sympy.Add.make_args(sympy.expand(rebuilt.args[0]))]
        parts = [(c, t) for c, t in parts if t != 1 or not self.uniform(c)]
        if all(t in self.fields or _is_operator(t) for _, t in parts):
            return sympy.expand(sum((c * rebuilt.func(t) for c, t in parts), sympy.S.Zero))
        return rebuilt.func(sympy.Add(*(c * t for c, t in parts)))

    def _split(self, product: Any) -> tuple[Any, Any]:
        """A product as (uniform factors, other factors)."""
        uniform = [f for f in sympy.Mul.make_args(product) if self.uniform(f)]
        rest = [f for f in sympy.Mul.make_args(product) if not self.uniform(f)]
        return sympy.Mul(*uniform), sympy.Mul(*rest)

    def _find_auxiliary(self, expression: Any) -> None:
        for argument in expression.args:
            self._find_auxiliary(argument)
        if _is_operator(expression) and expression.args[0] not in self.fields:
            contents = expression.args[0]
            if contents not in self.auxiliary:
                self.auxiliary[contents] = sympy.Symbol(f"_aux{len(self.auxiliary)}", real=True)

    def _depth(self, expression: Any) -> int:
        """The first sweep that can compute an expression: after all auxiliary fields whose neighbours it needs."""
        inner = max((self._depth(argument) for argument in expression.args), default=0)
        if _is_operator(expression) and expression.args[0] not in self.fields:
            return max(inner, self._depth(expression.args[0]) + 1)
        return inner

    def _sweep(self, number: int, count: int, terms: dict[str, Any]) -> Sweep:
        last = number == count - 1
        wanted = terms if last else {str(s): e for e, s in self.auxiliary.items() if self._sweep_of[s] == number}
        inside: dict[sympy.Symbol, tuple[str, str]] = {}
        quantities = tuple(self._quantity(name, e, number, inside, last) for name, e in wanted.items())
        needs: dict[str, set[str]] = {s: set() for s in self.model.species} if last else {}
        for quantity in quantities:
            for stencil in quantity.stencils:
                needs.setdefault(stencil.field, set()).add(stencil.operator)
            if quantity.own_laplace is not None:
                needs[quantity.name].add("laplace")
            for weighted in quantity.addends:
                for expression in (weighted.coefficient, weighted.term):
                    for symbol in expression.free_symbols if expression is not None else ():
                        operator, field = inside.get(symbol, (None, str(symbol)))
                        if field not in self.model.parameters:
                            needs.setdefault(field, set()).update({operator} - {None})  # type: ignore[arg-type]
        return Sweep(quantities, {f: frozenset(n) for f, n in needs.items()}, inside)

    def _quantity(
        self, name: str, expression: Any, number: int, inside: dict[sympy.Symbol, tuple[str, str]], last: bool
    ) -> Quantity:
        collected: dict[Any, Any] = {}
        for part in sympy.Add.make_args(sympy.expand(expression)):
            coefficient, term = self._split(self._read(part, number, top=True))
            collected[term] = sympy.expand(collected.get(term, sympy.S.Zero) + coefficient)
        stencils = [
            StencilTerm(c, *_operator_and_field(t, self)) for t, c in collected.items() if _is_operator(t) and c != 0
        ]
        own, own_laplace = sympy.S.Zero, None
        itself = sympy.Symbol(name, real=True)
        found = [s for s in stencils if last and s.operator == "laplace" and s.field == name]
        if found:
            own, own_laplace = collected.pop(itself, sympy.S.Zero), found[0].coefficient
            stencils.remove(found[0])
        addends = [
            WeightedTerm(c, None if t == 1 else self._without_operators(t, inside))
            for t, c in sorted(collected.items(), key=lambda item: self._rank(item[0]))
            if c != 0 and not _is_operator(t)
        ]
        return Quantity(name, tuple(addends), tuple(stencils), own, own_laplace)

    def _read(self, expression: Any, number: int, *, top: bool) -> Any:
        """Replace expressions that an earlier sweep has stored by their auxiliary fields."""
        if expression in self.auxiliary and self._sweep_of[self.auxiliary[expression]] < number:
            return self.auxiliary[expression]
        if _is_operator(expression) or not expression.args:
            return expression
        return expression.func(*(self._read(argument, number, top=False) for argument in expression.args))

    def _without_operators(self, term: Any, inside: dict[sympy.Symbol, tuple[str, str]]) -> Any:
        if _is_operator(term):
            operator, field = _operator_and_field(term, self)
            symbol = sympy.Symbol(f"_{operator}_{field}", real=True)
            inside[symbol] = (operator, field)
            return symbol
        if not term.args:
            return term
        return term.func(*(self._without_operators(argument, inside) for argument in term.args))

    def _rank(self, term: Any) -> tuple[int, Any]:
        """Sort key: constants first and linear terms last, so that f·(1 − u) is exactly 0 at u = 1."""
        order = 0 if term == 1 else 2 if term in self.fields else 1
        return order, sympy.default_sort_key(term)


def _is_operator(expression: Any) -> bool:
    return expression.func.__name__ in OPERATORS


def _operator_and_field(expression: Any, program: Program) -> tuple[str, str]:
    """The operator and the field of an application."""
    argument = expression.args[0]
    return expression.func.__name__, str(program.auxiliary.get(argument, argument))
