"""SymPy expressions as GLSL ES 3.00 and as WGSL: SymPy's own printer, made safe for what our formulas may contain.

SymPy's printer writes integers as ``2``, which GLSL does not convert, every power as ``pow``, which is undefined for
negative bases, and has no ``tanh``. It has no WGSL; there the same expressions are written in the same way, except that
a function has only one kind of arguments.
"""

from __future__ import annotations

from typing import Any

from sympy import S
from sympy.printing.glsl import GLSLPrinter

LONGEST_PRODUCT = 8  # higher whole powers are computed by a function


class Printer(GLSLPrinter):  # type: ignore[misc]
    """Prints expressions whose numbers are all floats, and whose powers have the values that NumPy gives."""

    whole_power = "power"  # the function of a float and an integer

    def _number(self, value: float) -> str:
        text = repr(float(value))
        return text if any(sign in text for sign in ".e") else f"{text}.0"

    def _print_Integer(self, expr: Any) -> str:
        return self._number(float(expr))

    _print_int = _print_Integer

    def _print_Rational(self, expr: Any) -> str:
        return self._number(float(expr))

    def _print_Float(self, expr: Any) -> str:
        return self._number(float(expr))

    def _print_NumberSymbol(self, expr: Any) -> str:
        return self._number(float(expr))

    _print_Exp1 = _print_NumberSymbol
    _print_Pi = _print_NumberSymbol

    def _print_tanh(self, expr: Any) -> str:
        # A larger argument overflows inside tanh on some processors; float32 has no number between tanh(10) and 1.
        return f"tanh(clamp({self._print(expr.args[0])}, -10.0, 10.0))"

    def _print_Pow(self, expr: Any) -> str:
        base, exponent = expr.args
        printed = self._print(base)
        if exponent.is_Integer:
            size = abs(int(exponent))
            atom = printed if base.is_Symbol else f"({printed})"
            whole = (
                f"({'*'.join([atom] * size)})" if size <= LONGEST_PRODUCT else f"{self.whole_power}({printed}, {size})"
            )
            return whole if exponent > 0 else f"(1.0/{whole})"
        if exponent is S.Half:
            return f"sqrt({printed})"
        return f"power({printed}, {self._print(exponent)})"


def printed(expression: Any) -> str:
    """The expression as GLSL text."""
    return str(Printer().doprint(expression))


class ComputePrinter(Printer):
    """The same for WGSL."""

    whole_power = "whole_power"


def printed_compute(expression: Any) -> str:
    """The expression as WGSL text."""
    return str(ComputePrinter().doprint(expression))
