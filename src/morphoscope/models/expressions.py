"""Formulas as text, parsed with a whitelist and never evaluated as Python.

This is the only grammar, for built-in models, files and the command line: numbers, names, ``+ - * / **``, parentheses,
the functions of :data:`FUNCTIONS` and, in reaction terms, the spatial operators of :data:`OPERATORS`. Everything else
is rejected with the position of the offending character. So are formulas that would take too long to process: those
whose expanded form has more than :data:`.expansion.MAX_TERMS` terms, or numbers beyond :data:`LARGEST`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator as arithmetic
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.models.expansion import MAX_LEAVES, MAX_TERMS, addends_of, expanded_size, largest_constant
from morphoscope.models.syntax import Node, read, syntax_error

if TYPE_CHECKING:
    import sympy

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs")
OPERATORS = ("laplace", "dx", "dy")
MAX_EXPONENT = 64
MAX_NESTED_OPERATORS = 4
MAX_LAYERS = 3  # SymPy's sign assumptions take exponential time in nested functions, quotients and roots
LARGEST = 1e38  # about the largest float32, the engines' precision
SMALLEST = 1e-300
_NOT_A_NUMBER = f"not a real number between {SMALLEST:g} and {LARGEST:g}"
_MAX_REACH = 300
_MAX_BITS = 1024  # of the numerator and denominator of a fraction

_HEADS = ("Add", "Mul", "Pow", "exp", "log", "sin", "cos", "tanh", "Abs", *OPERATORS)


class UnknownNameError(UsageError):
    """A formula contains a ``name`` that is neither a species nor a parameter."""

    def __init__(self, line: str, name: str) -> None:
        super().__init__(line)
        self.name = name


def operator(name: str) -> Any:
    """A spatial operator as an unevaluated SymPy function."""
    import sympy

    return sympy.Function(name, real=True)


def parse(text: str, names: Iterable[str], *, operators: bool = False) -> sympy.Expr:
    """Parse ``text`` into a SymPy expression over ``names`` (as real symbols) and :data:`FUNCTIONS`.

    ``operators`` also allows the spatial operators. Raises UsageError with the column for anything outside the grammar,
    for values that are not real numbers, and for formulas that are too large; UnknownNameError for other names.
    """
    return _Builder(text, names, (*FUNCTIONS, *OPERATORS) if operators else FUNCTIONS)(read(text)).expression


@dataclasses.dataclass(frozen=True, slots=True)
class _Built:
    """An expression with upper bounds on its complexity.

    ``reach``: largest power of ten between 1 and its coefficients; ``nested``: depth of nested spatial operators;
    ``layers``: depth of nested functions, of denominators that are sums, and of powers that are not products.
    """

    expression: Any
    reach: float = 0.0
    nested: int = 0
    layers: int = 0

    def wrapped(self, expression: Any) -> _Built:
        """The result of applying a function or root to this expression, or of dividing by it."""
        return dataclasses.replace(self, expression=expression, layers=self.layers + 1)


class _Builder:
    """Builds SymPy expressions from a syntax tree and rejects parts that can't be processed."""

    def __init__(self, text: str, names: Iterable[str], functions: tuple[str, ...]) -> None:
        import sympy

        self.text, self.functions, self.sympy = text, functions, sympy
        self.symbols = {name: sympy.Symbol(name, real=True) for name in names}
        self.sizes: dict[Any, tuple[int, int]] = {}

    def __call__(self, node: Node) -> _Built:
        built = getattr(self, f"_{node.kind}")(node)
        self._check(node, built)
        return built

    def _error(self, node: Node, what: str) -> UsageError:
        return syntax_error(self.text, node.column, what)

    def _number(self, node: Node) -> _Built:
        value = float(node.text)
        if value != 0 and not SMALLEST <= value <= LARGEST:
            raise self._error(node, f"{node.text} is {_NOT_A_NUMBER}")
        whole = node.text.isdigit()
        return _Built(self.sympy.Integer(node.text) if whole else self.sympy.Float(node.text), reach=_reach(value))

    def _name(self, node: Node) -> _Built:
        name = node.text
        if name not in self.symbols:
            known = nearest(name, self.symbols) if self.symbols else "only numbers can be used here"
            problem = self._error(node, f"unknown name {name!r}; {known}")
            raise UnknownNameError(str(problem), name)
        return _Built(self.symbols[name])

    def _call(self, node: Node) -> _Built:
        name = node.text
        if name not in self.functions:
            if name in self.symbols:
                raise self._error(node, f"{name!r} is not a function; write * between factors")
            raise self._error(node, f"unknown function {name!r}; {nearest(name, self.functions)}")
        inner = self(node.parts[0])
        if name in OPERATORS:
            if inner.nested == MAX_NESTED_OPERATORS:
                raise self._error(
                    node, f"operators nested deeper than {MAX_NESTED_OPERATORS}; use at most {MAX_NESTED_OPERATORS}"
                )
            return dataclasses.replace(inner, expression=operator(name)(inner.expression), nested=inner.nested + 1)
        self._check_layers(node, inner.layers + 1)
        function = getattr(self.sympy, "Abs" if name == "abs" else name)
        if name == "exp" and inner.expression.has(self.sympy.log):
            raise self._error(node, "log inside exp is not supported; write a power with **")
        return inner.wrapped(function(inner.expression))

    def _negative(self, node: Node) -> _Built:
        inner = self(node.parts[0])
        return dataclasses.replace(inner, expression=-inner.expression)

    def _reciprocal(self, node: Node) -> _Built:
        return self._divided(_Built(self.sympy.S.One), node)

    def _divided(self, above: _Built, node: Node) -> _Built:
        below = self(node.parts[0])
        if _is_zero(below.expression):
            raise self._error(node, "division by zero")
        if below.expression.is_Add or below.layers:
            self._check_layers(node, below.layers + 1)
            below = below.wrapped(below.expression)
        return _multiplied(above, below, above.expression / below.expression)

    def _sum(self, node: Node) -> _Built:
        parts = [self(part) for part in node.parts]
        return _Built(
            self.sympy.Add(*(part.expression for part in parts)),
            max(part.reach for part in parts) + math.log10(len(parts)),
            max(part.nested for part in parts),
            max(part.layers for part in parts),
        )

    def _product(self, node: Node) -> _Built:
        total = self(node.parts[0])
        for part in node.parts[1:]:
            if part.kind == "reciprocal":
                total = self._divided(total, part)
            else:
                factor = self(part)
                total = _multiplied(total, factor, total.expression * factor.expression)
            self._check(part, total)
        return total

    def _power(self, node: Node) -> _Built:
        base, exponent = (self(part) for part in node.parts)
        value, whole = self._exponent(node.parts[1], exponent.expression)
        if value is not None and value < 0 and _is_zero(base.expression):
            raise self._error(node, "division by zero")
        if base.reach * whole > _MAX_REACH:
            raise self._error(node, f"this power can exceed 1e±{_MAX_REACH}; use smaller numbers")
        layers = max(base.layers, exponent.layers)
        if value is None or not value.is_Integer or value < 0:
            layers += 1
            self._check_layers(node, layers)
        return _Built(
            base.expression**exponent.expression,
            base.reach * max(whole, 1.0) + (exponent.reach if value is None else 0.0),
            max(base.nested, exponent.nested),
            layers,
        )

    def _exponent(self, node: Node, expression: Any) -> tuple[Any, float]:
        """An exponent's value if it is a number, and the largest power of the base that expansion can split off."""
        expanded = self.sympy.expand(expression)
        for addend in addends_of(expanded):
            factor = addend.as_independent(*addend.free_symbols, as_Add=False)[0]
            if not abs(factor) <= MAX_EXPONENT:
                raise self._error(node, f"exponent {factor} exceeds ±{MAX_EXPONENT}")
        return expanded if expanded.is_number else None, largest_constant(expanded)

    def _check(self, node: Node, built: _Built) -> None:
        self._check_size(node, built.expression)
        if built.reach > _MAX_REACH:
            raise self._error(node, f"the value can exceed 1e±{_MAX_REACH} here; use smaller numbers")
        expression = built.expression
        if node.kind in ("call", "power") and any(
            not _is_plain(part) for part in self.sympy.preorder_traversal(expression)
        ):
            raise self._error(node, "this is not a real number")
        number = expression if expression.is_number else expression.as_coeff_Mul()[0]
        if not self._is_usable(number):
            raise self._error(node, f"the value is {_NOT_A_NUMBER}")

    def _check_size(self, node: Node, expression: Any) -> None:
        terms, leaves = expanded_size(expression, self.sizes)
        if terms > MAX_TERMS or leaves > MAX_LEAVES:
            count = f"{terms} terms" if terms > MAX_TERMS else f"{leaves} names and numbers"
            raise self._error(node, f"expanded, this has up to {count}; the limits are {MAX_TERMS} and {MAX_LEAVES}")

    def _check_layers(self, node: Node, layers: int) -> None:
        if layers > MAX_LAYERS:
            raise self._error(
                node, f"functions, quotients and roots nested deeper than {MAX_LAYERS}; simplify the formula"
            )

    def _is_usable(self, number: Any) -> bool:
        if number.is_Rational and max(int(number.p).bit_length(), int(number.q).bit_length()) > _MAX_BITS:
            return False
        value = number if number.is_Rational else number.evalf(15)
        if not (value.is_Rational or value.is_Float):
            return False
        size = abs(float(value))
        return size == 0 == value or SMALLEST <= size <= LARGEST


def _reach(value: float) -> float:
    return abs(math.log10(value)) if value else 0.0


def _multiplied(first: _Built, second: _Built, expression: Any) -> _Built:
    return _Built(
        expression,
        first.reach + second.reach,
        max(first.nested, second.nested),
        max(first.layers, second.layers),
    )


def _is_zero(expression: Any) -> bool:
    return bool(expression.is_number) and float(expression.evalf(15)) == 0


def _is_plain(part: Any) -> bool:
    """Whether the rest of the package supports this part: a real number, a name, or a known operation."""
    if part.is_Atom:
        return bool(part.is_Symbol or (part.is_number and part.is_real and part.is_finite))
    return part.func.__name__ in _HEADS


def evaluate(expression: sympy.Basic, values: Mapping[str, Any], apply: Callable[[str, Any], Any] | None = None) -> Any:
    """Evaluate an expression, with a number or NumPy array for every name.

    ``apply(name, field)`` applies a spatial operator to a field.
    """
    return _evaluator(expression)(values, apply)


_Evaluator = Callable[[Mapping[str, Any], Callable[[str, Any], Any] | None], Any]


@functools.lru_cache(maxsize=4096)
def _evaluator(expression: sympy.Basic) -> _Evaluator:
    """A function that evaluates an expression; walking through the tree of SymPy for every run would be slow."""
    import numpy as np
    import sympy

    if expression.is_Symbol:
        symbol = str(expression)
        return lambda values, apply: values[symbol]
    if expression.is_number:
        number = int(expression) if expression.is_Integer else float(expression)
        return lambda values, apply: number
    parts = [_evaluator(argument) for argument in expression.args]
    operations: dict[Any, Callable[[Any, Any], Any]] = {
        sympy.Add: arithmetic.add,
        sympy.Mul: arithmetic.mul,
        sympy.Pow: _power,
    }
    for kind, operation in operations.items():
        if isinstance(expression, kind):
            return functools.partial(_combined, operation, parts)
    name = expression.func.__name__

    def applied(values: Mapping[str, Any], apply: Callable[[str, Any], Any] | None) -> Any:
        function = functools.partial(apply, name) if name in OPERATORS and apply is not None else None
        return (function or getattr(np, name.lower()))(*(part(values, apply) for part in parts))

    return applied


def _combined(
    operation: Callable[[Any, Any], Any],
    parts: list[_Evaluator],
    values: Mapping[str, Any],
    apply: Callable[[str, Any], Any] | None,
) -> Any:
    return functools.reduce(operation, [part(values, apply) for part in parts])


def _power(base: Any, exponent: Any) -> Any:
    """``base ** exponent`` as in NumPy also for plain numbers: 1/0 is infinite, the root of a negative number NaN."""
    import numpy as np

    if not isinstance(base, int | float):
        return base**exponent
    with np.errstate(all="ignore"):
        return np.float64(base) ** exponent
