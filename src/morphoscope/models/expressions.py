"""Reaction terms as text: parsed with a whitelist, never evaluated as Python.

The one grammar for built-in models, files and the command line: numbers, names, ``+ - * / **``, parentheses,
the functions of :data:`FUNCTIONS` and, in reaction terms, the operators of space of :data:`OPERATORS`. Everything
else is refused with the place of the offending character.
"""

from __future__ import annotations

import ast
import functools
import operator as arithmetic
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from morphoscope.errors import UsageError, nearest

if TYPE_CHECKING:
    import sympy

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs")
OPERATORS = ("laplace", "dx", "dy")
MAX_LENGTH = 2000
MAX_DEPTH = 60
MAX_EXPONENT = 64

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


def operator(name: str) -> Any:
    """An operator of space as an unevaluated SymPy function."""
    import sympy

    return sympy.Function(name, real=True)


def parse(text: str, names: Iterable[str], *, operators: bool = False) -> sympy.Expr:
    """The SymPy expression that ``text`` spells, in the given names (real symbols) and :data:`FUNCTIONS`.

    ``operators`` allows those of space too. Raises UsageError, naming the column, for anything outside the grammar.
    """
    import sympy

    if len(text) > MAX_LENGTH:
        raise UsageError(f"expression of {len(text)} characters; at most {MAX_LENGTH} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or 1
        raise UsageError(
            f"can't read {text!r} at column {column}: expected a formula such as 'a - u + u**2*v'"
        ) from error
    symbols = {name: sympy.Symbol(name, real=True) for name in names}
    return _build(tree.body, text, symbols, (*FUNCTIONS, *OPERATORS) if operators else FUNCTIONS, depth=0)


def _build(node: ast.expr, text: str, symbols: dict[str, Any], functions: tuple[str, ...], depth: int) -> Any:
    import sympy

    def refuse(what: str) -> UsageError:
        return UsageError(f"{text!r}, column {node.col_offset + 1}: {what}")

    def inside(child: ast.expr) -> Any:
        return _build(child, text, symbols, functions, depth + 1)

    if depth > MAX_DEPTH:
        raise refuse(f"nested deeper than {MAX_DEPTH}; use fewer parentheses")
    match node:
        case ast.Constant(value=bool()):
            raise refuse("True and False are no numbers")
        case ast.Constant(value=int() | float()):
            source = ast.get_source_segment(text.strip(), node) or str(node.value)
            return sympy.Integer(node.value) if isinstance(node.value, int) else sympy.Float(source)
        case ast.Name(id=name):
            if name not in symbols:
                raise refuse(f"unknown name {name!r}; {nearest(name, symbols)}")
            return symbols[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -inside(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return inside(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            a, b = inside(left), inside(right)
            if isinstance(op, ast.Pow) and b.is_number and abs(b) > MAX_EXPONENT:
                raise refuse(f"exponent {b} is beyond ±{MAX_EXPONENT}")
            if isinstance(op, ast.Div) and b.is_zero:
                raise refuse("division by zero")
            return _OPERATORS[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            if name not in functions:
                raise refuse(f"unknown function {name!r}; {nearest(name, functions)}")
            if name in OPERATORS:
                return operator(name)(inside(argument))
            return getattr(sympy, "Abs" if name == "abs" else name)(inside(argument))
    raise refuse(f"only numbers, names, + - * / **, parentheses and {', '.join(functions)} can be used")


def evaluate(expression: sympy.Basic, values: Mapping[str, Any], apply: Callable[[str, Any], Any] | None = None) -> Any:
    """The value of an expression where every name has a value: numbers or NumPy arrays.

    ``apply(name, field)`` is what an operator of space makes of a field.
    """
    import numpy as np
    import sympy

    if expression.is_Symbol:
        return values[str(expression)]
    if expression.is_Integer:
        return int(expression)
    if expression.is_number:
        return float(expression)
    arguments = [evaluate(argument, values, apply) for argument in expression.args]
    if isinstance(expression, sympy.Add):
        return functools.reduce(arithmetic.add, arguments)
    if isinstance(expression, sympy.Mul):
        return functools.reduce(arithmetic.mul, arguments)
    if isinstance(expression, sympy.Pow):
        return arithmetic.pow(*arguments)
    name = expression.func.__name__
    if name in OPERATORS and apply is not None:
        return apply(name, *arguments)
    return getattr(np, name.lower())(*arguments)
