"""From the sweeps of a time step to arithmetic, defined once and emitted for any lane width and precision.

A species with a Laplacian of its own is advanced as

    u ← A u + e S + dt (all other terms),      A = 1 + dt (a − centre weight),  e = dt · edge weight,

where a is the coefficient of u in its own rate and S the weighted sum of its neighbours. A is rounded to the precision
of the run, and its rounding error is added to e. Therefore A + (sum of weights) e equals 1 + dt a as exactly as without
this folding, a homogeneous steady state is preserved, and three operations are saved. All other species are advanced by
an increment.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from morphoscope.engines.base import Job
from morphoscope.engines.cpu import functions
from morphoscope.engines.cpu.program import Program, Quantity, Sweep, WeightedTerm
from morphoscope.engines.cpu.vectors import Vec
from morphoscope.engines.noise import strength
from morphoscope.models.expressions import evaluate
from morphoscope.models.model import Model

#: By stencil: weight of the neighbour sum in 1/dx², and how many times the centre is subtracted from that sum.
STENCIL_WEIGHTS = {9: (0.25, 16.0), 5: (1.0, 4.0)}


@dataclasses.dataclass(frozen=True)
class Slot:
    """A constant that the kernel takes: its kind, the expression it depends on, whether it is multiplied by dt."""

    kind: str
    of: Any = sympy.S.One
    timed: bool = False


@dataclasses.dataclass(frozen=True)
class SharedTerms:
    """A sweep after elimination of common subexpressions: the ``symbols`` for them, and the addends that use them."""

    symbols: tuple[tuple[sympy.Symbol, sympy.Expr], ...]
    replaced: tuple[tuple[WeightedTerm, ...], ...]


class StepProgram:
    """The arithmetic of one explicit Euler step of a model.

    ``varying``: parameters that are read cell by cell; ``noisy``: species with additive noise. ``slots`` lists the
    constants of a run; the kernel takes their values as one array. ``rate``: replace the state by its rate of change
    instead of advancing it.
    """

    def __init__(
        self,
        model: Model,
        varying: frozenset[str] = frozenset(),
        noisy: frozenset[str] = frozenset(),
        *,
        rate: bool = False,
    ) -> None:
        self.model, self.noisy, self.rate = model, noisy, rate
        self.varying = tuple(p for p in model.parameters if p in varying)
        self.program = Program(model, varying)
        self.sweeps = self.program.sweeps
        self.shared = tuple(self._share(p) for p in self.sweeps)
        self.slots: dict[Slot, int] = {}
        for sweep, shared in zip(self.sweeps, self.shared, strict=True):
            self._register(sweep, shared)

    @property
    def count(self) -> int:
        """The number of constants that the kernel takes."""
        return len(self.slots)

    @functools.cached_property
    def cost(self) -> int:
        """Estimated operations per cell: one for an addition or product, thirty for an elementary function."""
        expressions = [e for s in self.shared for _, e in s.symbols]
        expressions += [w.term for s in self.shared for row in s.replaced for w in row if w.term is not None]
        functions_in = sum(len(e.atoms(sympy.Function)) for e in expressions)
        return sum(int(sympy.count_ops(e)) for e in expressions) + 30 * functions_in

    @staticmethod
    def _share(sweep: Sweep) -> SharedTerms:
        terms = [w.term for q in sweep.quantities for w in q.addends if w.term is not None]
        names = sympy.numbered_symbols("_c", real=True)
        symbols, reduced = sympy.cse(terms, symbols=names, order="canonical") if terms else ([], [])
        rest = iter(reduced)
        replaced = [
            tuple(w if w.term is None else WeightedTerm(w.coefficient, next(rest)) for w in q.addends)
            for q in sweep.quantities
        ]
        return SharedTerms(tuple(symbols), tuple(replaced))

    def _register(self, sweep: Sweep, shared: SharedTerms) -> None:
        last = sweep is self.sweeps[-1]
        for quantity, addends in zip(sweep.quantities, shared.replaced, strict=True):
            for weighted in addends:
                self._slot("number", weighted.coefficient, last)
            for stencil in quantity.stencils:
                for kind in ("edge", "centre") if stencil.operator == "laplace" else ("slope",):
                    self._slot(kind, stencil.coefficient, last)
            if quantity.own_laplace is not None:
                self._slot("own", (quantity.own, quantity.own_laplace))
                self._slot("own edge", (quantity.own, quantity.own_laplace))
            elif last and quantity.own != 0:
                self._slot("number", quantity.own, True)
            if last and quantity.name in self.noisy:
                self._slot("noise", quantity.name)
        for operator, _ in sweep.inside.values():
            for kind in ("edge", "centre") if operator == "laplace" else ("slope",):
                self._slot(kind)
        for field in sweep.needs:
            self._slot("beyond", field)
        for expression in (*(e for _, e in shared.symbols), *(w.term for row in shared.replaced for w in row)):
            if expression is not None:
                self._register_inside(expression)

    def _register_inside(self, expression: sympy.Basic) -> None:
        if self._is_number(expression):
            self._slot("number", expression)
            return
        for argument in expression.args:
            self._register_inside(argument)

    def _is_number(self, expression: sympy.Basic) -> bool:
        """Whether an expression contains parameters only, and at least one."""
        return bool(expression.free_symbols) and self.program.uniform(expression)

    def _slot(self, kind: str, of: Any = sympy.S.One, timed: bool = False) -> int:
        return self.slots.setdefault(Slot(kind, of, timed), len(self.slots))

    def numbers(self, job: Job, dtype: Any = np.float32) -> NDArray[Any]:
        """The constants of a run, computed in float64 and rounded once."""
        parameters, grid = job.parameters, job.grid
        dt, kept = (1.0, 0.0) if self.rate else (job.dt, 1.0)
        edge, centre = STENCIL_WEIGHTS[grid.stencil]
        per_area, beyond = 1 / grid.spacing**2, job.beyond

        def number(slot: Slot) -> float:
            match slot.kind:
                case "own" | "own edge":
                    rate, diffusivity = (float(evaluate(e, parameters)) for e in slot.of)
                    whole = kept + dt * rate
                    own = float(np.dtype(dtype).type(whole - dt * diffusivity * edge * per_area * centre))
                    return own if slot.kind == "own" else (whole - own) / centre
                case "noise":
                    return strength(grid, dt, job.noise[slot.of])
                case "beyond":
                    return self._beyond(slot.of, beyond)
            time = dt if slot.timed else 1.0
            scale = {"number": 1.0, "edge": edge * per_area, "centre": -edge * per_area * centre}
            factor = scale.get(slot.kind, 0.5 / grid.spacing)
            return time * factor * float(evaluate(slot.of, parameters))

        return np.array([number(slot) for slot in self.slots], dtype=dtype)

    def _beyond(self, field: str, values: Mapping[str, float]) -> float:
        """The value of a field in a homogeneous region, where all operators yield 0."""
        return float(evaluate(self.program.expression_of(field), values, lambda name, value: 0.0))

    def emit(
        self,
        number: int,
        numbers: list[Vec],
        cells: dict[str, Vec],
        seen: dict[tuple[str, str], Vec],
        random: dict[str, Vec],
    ) -> list[Vec]:
        """Emit the new values that a sweep computes in a cell.

        ``cells``: fields and varying parameters by name; ``seen``: for each (operator, field), the neighbour sum or the
        difference of neighbours; ``random``: standard normal numbers by species.
        """
        sweep, shared = self.sweeps[number], self.shared[number]
        last = number == len(self.sweeps) - 1
        tracer = _Tracer(self, numbers, dict(cells))
        for symbol, (operator, field) in sweep.inside.items():
            tracer.known[str(symbol)] = self._value(numbers, operator, cells[field], seen[operator, field])
        for symbol, expression in shared.symbols:
            tracer.known[str(symbol)] = tracer(expression)
        return [
            self._advance(quantity, addends, numbers, tracer, cells, seen, random, last)
            for quantity, addends in zip(sweep.quantities, shared.replaced, strict=True)
        ]

    def _value(self, numbers: list[Vec], operator: str, cell: Vec, seen: Vec) -> Vec:
        """The value of an operator in a cell."""
        if operator != "laplace":
            return numbers[self._slot("slope")] * seen
        return numbers[self._slot("edge")].times_plus(seen, numbers[self._slot("centre")] * cell)

    def _advance(
        self,
        quantity: Quantity,
        addends: tuple[WeightedTerm, ...],
        numbers: list[Vec],
        tracer: _Tracer,
        cells: dict[str, Vec],
        seen: dict[tuple[str, str], Vec],
        random: dict[str, Vec],
        last: bool,
    ) -> Vec:
        total = _Total()
        for weighted in addends:
            total.add(
                numbers[self._slot("number", weighted.coefficient, last)],
                None if weighted.term is None else tracer(weighted.term),
            )
        if quantity.name in random:
            total.add(numbers[self._slot("noise", quantity.name)], random[quantity.name])
        for stencil in quantity.stencils:
            around = seen[stencil.operator, stencil.field]
            if stencil.operator == "laplace":
                total.add(numbers[self._slot("centre", stencil.coefficient, last)], cells[stencil.field])
                total.add(numbers[self._slot("edge", stencil.coefficient, last)], around)
            else:
                total.add(numbers[self._slot("slope", stencil.coefficient, last)], around)
        if not last:
            return total.value or tracer.constant(0.0)
        cell = cells[quantity.name]
        if quantity.own_laplace is None and self.rate:
            return total.value or tracer.constant(0.0)
        if quantity.own_laplace is None:
            return cell if total.value is None else cell + total.value
        own = (quantity.own, quantity.own_laplace)
        total.add(numbers[self._slot("own edge", own)], seen["laplace", quantity.name])
        total.add(numbers[self._slot("own", own)], cell)
        assert total.value is not None
        return total.value


class _Total:
    """A sum of products, computed by fused multiply–adds."""

    def __init__(self) -> None:
        self.value: Vec | None = None

    def add(self, factor: Vec, term: Vec | None) -> None:
        """Add factor · term; ``term`` None stands for 1."""
        if term is None:
            self.value = factor if self.value is None else self.value + factor
        else:
            self.value = factor * term if self.value is None else factor.times_plus(term, self.value)


class _Tracer:
    """Traverses a term and emits its code, each subterm once."""

    def __init__(self, program: StepProgram, numbers: list[Vec], known: dict[str, Vec]) -> None:
        self.program, self.numbers, self.known = program, numbers, known
        self.done: dict[sympy.Basic, Vec] = {}

    def __call__(self, expression: sympy.Basic) -> Vec:
        if expression not in self.done:
            self.done[expression] = self._emit(expression)
        return self.done[expression]

    def _emit(self, expression: sympy.Basic) -> Vec:
        if self.program._is_number(expression):
            return self.numbers[self.program._slot("number", expression)]
        if isinstance(expression, sympy.Symbol):
            return self.known[str(expression)]
        if expression.is_number:
            return self.constant(float(expression))
        if isinstance(expression, sympy.Add):
            return self._sum(list(expression.args))
        if isinstance(expression, sympy.Mul):
            return self._product(list(expression.args))
        if isinstance(expression, sympy.Pow):
            return self._power(*expression.args)
        return functions.call(expression.func.__name__, self(expression.args[0]))

    def constant(self, value: float) -> Vec:
        """The same number in every lane."""
        sample = next(iter(self.known.values()))
        return sample.lanes.constant(sample.builder, value)

    def _sum(self, addends: list[Any]) -> Vec:
        total = self(addends[0])
        for addend in addends[1:]:
            if isinstance(addend, sympy.Mul) and not _denominators(addend.args):
                first, rest = addend.args[0], addend.args[1:]
                total = self(first).times_plus(self(sympy.Mul(*rest)), total)
            else:
                total = total + self(addend)
        return total

    def _product(self, factors: list[Any]) -> Vec:
        below = _denominators(factors)
        above = [f for f in factors if f not in below]
        result = self(above[0]) if above else self.constant(1.0)
        for factor in above[1:]:
            result = result * self(factor)
        if below:  # a single division, because it costs as much as ten multiplications
            result = result / self(sympy.Mul(*(sympy.Pow(f.base, -f.exp) for f in below)))
        return result

    def _power(self, base: Any, exponent: Any) -> Vec:
        if not exponent.is_number:
            return functions.call("pow", self(base), self(exponent))
        power = float(exponent)
        if power < 0:
            return self.constant(1.0) / self(sympy.Pow(base, -exponent))
        whole, half = divmod(power, 1.0)
        if half == 0:
            return self(base).power(int(whole))
        if half == 0.5:
            root = functions.call("sqrt", self(base))
            return root if whole == 0 else self(base).power(int(whole)) * root
        return functions.call("pow", self(base), self.constant(power))


def _denominators(factors: Any) -> list[Any]:
    return [f for f in factors if isinstance(f, sympy.Pow) and f.exp.is_number and f.exp < 0]
