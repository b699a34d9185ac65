"""One step of explicit Euler of any model made of sums, products, quotients, whole powers and roots, as WebAssembly.

Memory holds fields with a rim of ghost cells, which whoever calls the kernel fills before each pass, so that the kernel
knows no boundaries. A row of a field takes :data:`PITCH` bytes on any grid, which makes the distances between
neighbours constants of the code; the rows of all fields of a buffer alternate. Four cells are computed at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.engines.webassembly import binary
from morphoscope.models.model import Model
from morphoscope.models.operators import OperatorApplication, rates, separate_operators

if TYPE_CHECKING:
    import sympy

LEFT = 16  # bytes before the first cell of a row; the last four are its ghost
PITCH = 4160  # bytes of a row: 1024 cells, and 16 bytes at either end
_VECTOR = 16
_ADDRESSES = ("old", "inner", "new", "values")  # parameters of a pass, then the numbers of vectors and of rows
_VALUES = ("dt", "per_length", "per_area")  # floats at ``values``; the model's parameters follow
_PLACES = {
    "laplace": [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)], "dx": [(-1, 0), (1, 0)], "dy": [(0, -1), (0, 1)],
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Kernel:
    """``code``: a module whose functions ``pass9_0``, ``pass9_1`` … are one step with the 9-point stencil.

    Those with 5 are for the other stencil. ``inner``: for each pass but the last the first field of inner results that
    it writes, and the first that it does not. The last one writes the next state.
    """

    code: bytes
    inner: tuple[tuple[int, int], ...]


class _UnsupportedError(Exception):
    """A function that has no instruction."""


def kernel(model: Model) -> Kernel | None:
    """The kernel of a model; None for one with functions such as ``exp``, or with powers that are not whole.

    Raises UsageError for a model without equations.
    """
    if not model.known:
        raise UsageError(f"the equations of {model.name} are not known, so it can't be simulated")
    chain = _Chain(model)
    try:
        functions = [
            _Pass(chain, number, stencil).function() for stencil in (9, 5) for number in range(len(chain.inner) + 1)
        ]
    except _UnsupportedError:
        return None
    return Kernel(binary.module(functions), tuple(chain.inner))


class _Chain:
    """What the passes of a model compute. Inner results are those that other operators are applied to."""

    def __init__(self, model: Model) -> None:
        import sympy

        self.model = model
        terms, applications = separate_operators(rates(model))
        self.terms = list(terms.values())
        self.species = [sympy.Symbol(s, real=True) for s in model.species]
        depths: dict[Any, int] = {}
        for application in applications:
            below = [depths[symbol] for symbol in application.argument.free_symbols if symbol in depths]
            depths[application.symbol] = 1 + max(below, default=0)
        read = {symbol for application in applications for symbol in application.argument.free_symbols}
        self.stored: list[OperatorApplication] = []
        self.inner: list[tuple[int, int]] = []
        for depth in range(1, max(depths.values(), default=0) + 1):
            here = [a for a in applications if a.symbol in read and depths[a.symbol] == depth]
            if here:
                self.inner.append((len(self.stored), len(self.stored) + len(here)))
                self.stored += here
        kept = {a.symbol for a in self.stored}
        self.direct = [a for a in applications if a.symbol not in kept]


class _Pass:
    """Writes the function of one pass.

    Locals: addresses, numbers of vectors and of rows, the vectors still to come in a row, then vectors.
    """

    def __init__(self, chain: _Chain, number: int, stencil: int) -> None:
        self.chain, self.number, self.stencil = chain, number, stencil
        self.last = number == len(chain.inner)
        self.vectors: dict[Any, int] = {}  # what → local variable
        self.first = len(_ADDRESSES) + 3

    def function(self) -> binary.Function:
        before = b"".join(self._value(index) for index in range(len(_VALUES) + len(self.chain.model.parameters)))
        body = self._cells()
        count, rows, left = (len(_ADDRESSES) + i for i in range(3))
        fields = {"old": len(self.chain.species), "inner": len(self.chain.stored)}
        fields["new"] = fields["old"] if self.last else fields["inner"]
        onward = b"".join(self._moved(name, binary.integer(_VECTOR) + binary.I32_ADD) for name in fields)
        row = b"".join(self._moved(name, self._row(fields[name], count)) for name in fields)
        one = binary.integer(1) + binary.I32_SUB
        columns = binary.LOOP + body + onward + binary.get(left) + one + binary.tee(left) + binary.branch_if(0)
        lines = binary.LOOP + binary.get(count) + binary.put(left) + columns + binary.END + row
        lines += binary.get(rows) + one + binary.tee(rows) + binary.branch_if(0) + binary.END
        name = f"pass{self.stencil}_{self.number}"
        return binary.Function(name, len(_ADDRESSES) + 2, 1, len(self.vectors), before + lines)

    def _row(self, fields: int, count: int) -> bytes:
        """From the end of a row to the next one of the same field."""
        passed = binary.get(count) + binary.integer(_VECTOR) + b"\x6c"
        return binary.integer(fields * PITCH) + binary.I32_ADD + passed + binary.I32_SUB

    @staticmethod
    def _moved(name: str, change: bytes) -> bytes:
        local = _ADDRESSES.index(name)
        return binary.get(local) + change + binary.put(local)

    def _local(self, key: Any) -> int:
        return self.vectors.setdefault(key, self.first + len(self.vectors))

    def _value(self, index: int) -> bytes:
        import sympy

        names = [*_VALUES, *(sympy.Symbol(p, real=True) for p in self.chain.model.parameters)]
        address = binary.get(_ADDRESSES.index("values"))
        return address + binary.load_splat(4 * index) + binary.put(self._local(names[index]))

    def _cells(self) -> bytes:
        """Four cells of all results."""
        import sympy

        chain = self.chain
        if self.last:
            made, wanted, first = chain.direct, chain.terms, 0
        else:
            first, stop = chain.inner[self.number]
            made = chain.stored[first:stop]
            wanted = [a.symbol for a in made]
        self.loaded: set[Any] = set()
        code = b"".join(self._application(a) for a in made)
        common, reduced = sympy.cse(list(wanted), symbols=sympy.numbered_symbols(cls=sympy.Dummy, real=True))
        for symbol, part in common:
            code += self._expression(part, (0, 0)) + binary.put(self._local(symbol))
            self.loaded.add((symbol, (0, 0)))
        for index, term in enumerate(reduced):
            code += binary.get(_ADDRESSES.index("new"))
            if self.last:  # in the order of the code: what is read first is kept for what follows
                code += self._symbol(chain.species[index], (0, 0)) + self._expression(term, (0, 0))
                code += binary.get(self._local("dt")) + binary.MULTIPLY + binary.ADD
            else:
                code += self._expression(term, (0, 0))
            code += binary.store(PITCH * self._fields() + PITCH * (first + index) + LEFT)
        return code

    def _fields(self) -> int:
        return len(self.chain.species) if self.last else len(self.chain.stored)

    def _application(self, application: OperatorApplication) -> bytes:
        """An operator's value in four cells, put into a local variable."""
        at = {place: self._argument(application.argument, place) for place in _PLACES[application.name]}
        if application.name == "dx":
            value = at[1, 0] + at[-1, 0] + binary.SUBTRACT + binary.get(self._local("per_length")) + binary.MULTIPLY
        elif application.name == "dy":
            value = at[0, 1] + at[0, -1] + binary.SUBTRACT + binary.get(self._local("per_length")) + binary.MULTIPLY
        else:
            value = self._laplace(at)
        self.loaded.add((application.symbol, (0, 0)))
        return value + binary.put(self._local(application.symbol))

    def _laplace(self, at: dict[tuple[int, int], bytes]) -> bytes:
        def total(places: Sequence[tuple[int, int]]) -> bytes:
            return at[places[0]] + b"".join(at[place] + binary.ADD for place in places[1:])

        def times(number: float) -> bytes:
            return binary.constant(number) + binary.MULTIPLY

        edges, corners = total([(-1, 0), (1, 0), (0, -1), (0, 1)]), total([(-1, -1), (1, -1), (-1, 1), (1, 1)])
        if self.stencil == 9:
            value = edges + times(0.5) + corners + times(0.25) + binary.ADD + at[0, 0] + times(3.0)
        else:
            value = edges + at[0, 0] + times(4.0)
        return value + binary.SUBTRACT + binary.get(self._local("per_area")) + binary.MULTIPLY

    def _argument(self, argument: sympy.Expr, place: tuple[int, int]) -> bytes:
        """The argument of an operator in the four cells at a place; computed once."""
        if argument.is_Symbol:
            return self._symbol(argument, place)
        key = (argument, place)
        if key in self.loaded:
            return binary.get(self._local(key))
        self.loaded.add(key)
        return self._expression(argument, place) + binary.tee(self._local(key))

    def _symbol(self, symbol: Any, place: tuple[int, int]) -> bytes:
        """A parameter, a result, or a field at a place, which is read once."""
        stored = [a.symbol for a in self.chain.stored]
        if symbol in self.chain.species:
            buffer, field, fields = "old", self.chain.species.index(symbol), len(self.chain.species)
        elif symbol in stored and (symbol, (0, 0)) not in self.loaded:
            buffer, field, fields = "inner", stored.index(symbol), len(stored)
        else:
            return binary.get(self._local(symbol))
        key = (symbol, place, buffer)
        if key in self.loaded:
            return binary.get(self._local(key))
        self.loaded.add(key)
        x, y = place
        offset = (y + 1) * fields * PITCH + field * PITCH + LEFT + 4 * x
        return binary.get(_ADDRESSES.index(buffer)) + binary.load(offset) + binary.tee(self._local(key))

    def _expression(self, expression: Any, place: tuple[int, int]) -> bytes:
        """Instructions that push an expression's value at a place."""
        if expression.is_Symbol:
            return self._symbol(expression, place)
        if expression.is_number:
            return binary.constant(float(expression))
        if expression.is_Add:
            return self._sum(expression, place)
        if expression.is_Mul:
            return self._product(expression, place)
        if expression.is_Pow:
            return self._power(expression, place)
        if expression.func.__name__ == "Abs":
            return self._expression(expression.args[0], place) + binary.ABS
        raise _UnsupportedError

    def _sum(self, expression: Any, place: tuple[int, int]) -> bytes:
        first, *others = sorted(expression.args, key=lambda term: bool(term.could_extract_minus_sign()))
        code = self._expression(first, place)
        for term in others:
            if term.could_extract_minus_sign():
                code += self._expression(-term, place) + binary.SUBTRACT
            else:
                code += self._expression(term, place) + binary.ADD
        return code

    def _product(self, expression: Any, place: tuple[int, int]) -> bytes:
        above, below = expression.as_numer_denom()
        if below != 1 and not below.is_number:
            return self._expression(above, place) + self._expression(below, place) + binary.DIVIDE
        first, *others = expression.args
        if first == -1:
            rest = expression.func(*others)
            return self._expression(rest, place) + binary.NEGATE
        code = self._expression(first, place)
        return code + b"".join(self._expression(factor, place) + binary.MULTIPLY for factor in others)

    def _power(self, expression: Any, place: tuple[int, int]) -> bytes:
        import sympy

        base, exponent = expression.args
        if exponent is sympy.S.Half:
            return self._expression(base, place) + binary.SQRT
        if not exponent.is_Integer:
            raise _UnsupportedError
        if exponent < 0:
            return binary.constant(1.0) + self._expression(base**-exponent, place) + binary.DIVIDE
        key = ("power", base, place)
        code = self._expression(base, place) + binary.tee(self._local(key))
        for digit in bin(int(exponent))[3:]:
            code += (
                binary.tee(self._local((key, "square"))) + binary.get(self._local((key, "square"))) + binary.MULTIPLY
            )
            if digit == "1":
                code += binary.get(self._local(key)) + binary.MULTIPLY
        return code
