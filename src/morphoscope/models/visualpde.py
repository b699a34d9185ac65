"""A model in the terms of VisualPDE (visualpde.com), for links that open it there.

VisualPDE solves ∂c_i/∂t = Σ_j ∇·(D_ij ∇c_j) + f_i, where the last species may be *algebraic*: c_i = Σ_j ∇·(D_ij ∇c_j)
+ f_i. So ``a*laplace(E)`` with a constant ``a`` becomes the coefficients D_ij = a ∂E/∂c_j, and the inner one of nested
operators an algebraic species. ``dx(c)`` of a species is written ``c_x``.

The options and the syntax are those of VisualPDE's user guide (advanced options).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from morphoscope.models import Model
from morphoscope.models.operators import OperatorApplication, rates, separate_operators

MOST_SPECIES = 4  # with algebraic ones; what all its time-stepping schemes allow
#: What names mean there, beside functions and the slopes of species.
_TAKEN = frozenset(
    (
        *("x", "y", "t", "L", "L_x", "L_y", "L_min", "H", "S", "T", "e", "E", "PI", "pi", "dx", "dy", "dt", "seed"),
        *("ind", "min", "max", "mod", "round", "pow", "exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh"),
        *("tanh", "abs", "RAND", "RANDN", "WhiteNoise", "Gauss", "Bump", "ALPHA", "BETA", "RHS", "uvwq", "updated"),
        *("result", "texSize", "in", "out", "if", "else", "for", "while", "do", "int", "float", "bool", "vec2"),
        *("vec3", "vec4", "const", "uniform", "discard", "return", "void", "true", "false", "struct", "precision"),
        *("highp", "mediump", "lowp", "varying", "attribute", "sampler2D"),
    )
)


def visualpde(model: Model) -> dict[str, Any] | None:
    """The equations of a model there, as `views/live/visualpde.ts` reads them; None if they can't be expressed.

    ``order``: of the highest Laplacian, which determines how much shorter than ours the time step has to be.
    """
    try:
        return _Translation(model).made()
    except _NotExpressible:
        return None


class _NotExpressible(Exception):  # noqa: N818
    """VisualPDE has no such terms."""


class _Translation:
    """The equations of one model, with its operators as diffusion coefficients, slopes and algebraic species."""

    def __init__(self, model: Model) -> None:
        import sympy

        self.model, self.sympy = model, sympy
        self.terms, self.applications = separate_operators(rates(model))
        self.of = {application.symbol: application for application in self.applications}
        self.names = self._names()
        inner = {s for application in self.applications for s in application.argument.free_symbols if s in self.of}
        self.algebraic = [application for application in self.applications if application.symbol in inner]
        self.fields = [sympy.Symbol(s, real=True) for s in model.species] + [a.symbol for a in self.algebraic]
        if len(self.fields) > MOST_SPECIES or any(a.name != "laplace" for a in self.algebraic):
            raise _NotExpressible

    def _names(self) -> dict[Any, str]:
        """Names there of species, parameters and algebraic species."""
        model = self.model
        own = [*model.species, *model.parameters]
        slopes = {f"{s}_{axis}" for s in model.species for axis in "xy"}
        used = _TAKEN | slopes | set(own)
        found: dict[Any, str] = {}
        for symbol in [*(self.sympy.Symbol(name, real=True) for name in own), *self.of]:
            name = "lap" if symbol in self.of else str(symbol)
            if name in _TAKEN | slopes or symbol in self.of:
                name = next(free for i in range(len(used) + 1) if (free := f"{name}_{i}") not in used)
            used = used | {name}
            found[symbol] = name
        return found

    def made(self) -> dict[str, Any]:
        equations = [self._equation(self.terms[s]) for s in self.model.species]
        equations += [self._equation(application.symbol) for application in self.algebraic]
        diffusion = {
            f"{i + 1}_{j + 1}": self._text(coefficient)
            for i, (_, row) in enumerate(equations)
            for j, coefficient in enumerate(row)
        }
        return {
            "species": [self.names[field] for field in self.fields],
            "algebraic": len(self.algebraic),
            "reaction": [self._text(reaction) for reaction, _ in equations],
            "diffusion": diffusion,
            "names": {name: self.names[self.sympy.Symbol(name, real=True)] for name in self.model.parameters},
            "order": max((self._order(application) for application in self.applications), default=0),
        }

    def _equation(self, term: Any) -> tuple[Any, list[Any]]:
        """The reaction and the diffusion coefficients (one a field) of ``term``."""
        row = [self.sympy.Integer(0)] * len(self.fields)
        constant = {self.sympy.Symbol(name, real=True) for name in self.model.parameters}
        for application in (self.of[symbol] for symbol in self.of if symbol in term.free_symbols):
            symbol = application.symbol
            if application.name != "laplace":
                term = term.xreplace({symbol: self._slope(application)})
                continue
            factor = self.sympy.expand(term).coeff(symbol, 1)
            rest = self.sympy.expand(term - factor * symbol)
            if symbol in rest.free_symbols or factor.free_symbols - constant:
                raise _NotExpressible  # a·∇²E is the divergence of a flux only where a is the same everywhere
            term = term.xreplace({symbol: self.sympy.Integer(0)})
            slopes = [self.sympy.diff(application.argument, field) for field in self.fields]
            row = [old + factor * slope for old, slope in zip(row, slopes, strict=True)]
        return term, row

    def _slope(self, application: OperatorApplication) -> Any:
        """``c_x`` for ``dx(c)``."""
        argument = application.argument
        if argument not in self.fields[: len(self.model.species)]:
            raise _NotExpressible
        return self.sympy.Symbol(f"{self.names[argument]}_{application.name[-1]}", real=True)

    def _order(self, application: OperatorApplication) -> int:
        inner = [self._order(self.of[s]) for s in application.argument.free_symbols if s in self.of]
        return int(application.name == "laplace") + max(inner, default=0)

    def _text(self, expression: Any) -> str:
        named = {symbol: self.sympy.Symbol(name, real=True) for symbol, name in self.names.items()}
        return str(_printer().doprint(expression.xreplace(named)))


def _printer() -> Any:
    from sympy import S
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]
        """Powers with ^, whose base is in parentheses unless it is a name; only functions that the guide lists."""

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:
            base, exponent = expr.args
            if exponent.is_Rational and exponent < 0:
                return f"1/({self._print(base**-exponent)})"
            if exponent is S.Half:
                return f"sqrt({self._print(base)})"
            raised = self._print(base) if base.is_Symbol else f"({self._print(base)})"
            return f"{raised}^{exponent}" if exponent.is_Integer else f"{raised}^({self._print(exponent)})"

        def _print_Float(self, expr: Any) -> str:
            return str(np.format_float_positional(float(expr), trim="-"))

        def _print_Abs(self, expr: Any) -> str:
            inside = self._print(expr.args[0])
            return f"max({inside},-({inside}))"

    return Printer()
