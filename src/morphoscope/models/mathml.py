"""A model's equations as MathML, which browsers render without a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy

    from morphoscope.models.model import Model

_SIGNS = {"laplace": "<msup><mo>∇</mo><mn>2</mn></msup>", "dx": "<msub><mo>∂</mo><mi>x</mi></msub>",
          "dy": "<msub><mo>∂</mo><mi>y</mi></msub>"}  # fmt: skip


def mathml(model: Model) -> list[str]:
    """The equations ∂c/∂t = D ∇²c + R(c) as presentation MathML, one ``math`` element per species.

    None if they are not known. Terms appear in SymPy's order.
    """
    if not model.known:
        return []
    lines = []
    for species, reaction in model.reaction_terms.items():
        printer = _printer(model)
        name, term = printer(_symbol(species)), model.diffusion_terms[species]
        parts = [] if term == 0 else [f"{_factor(printer, term)}{_SIGNS['laplace']}{name}"]
        if reaction != 0 or not parts:
            parts.append(printer(reaction))
        left = f"<mfrac><mrow><mo>∂</mo>{name}</mrow><mrow><mo>∂</mo><mi>t</mi></mrow></mfrac>"
        lines.append(f'<math display="block"><mrow>{left}<mo>=</mo>{"<mo>+</mo>".join(parts)}</mrow></math>')
    return lines


def _symbol(name: str) -> sympy.Symbol:
    import sympy

    return sympy.Symbol(name, real=True)


def _factor(printer: Any, coefficient: sympy.Expr) -> str:
    """A diffusion coefficient before ∇²; nothing for 1."""
    if coefficient == 1:
        return ""
    text = printer(coefficient)
    return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>" if coefficient.is_Add else str(text)


def _printer(model: Model) -> Any:
    from sympy.printing.mathml import MathMLPresentationPrinter

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc]
        """Spatial operators as ∇², ∂ₓ and ∂ᵧ; a parameter ``Du`` as D with the index u."""

        def _print_Function(self, expr: Any) -> Any:
            if expr.func.__name__ not in _SIGNS:
                return super()._print_Function(expr)
            row = self._parsed(f"<mrow>{_SIGNS[expr.func.__name__]}</mrow>")
            argument = self._print(expr.args[0])
            if expr.args[0].is_Symbol:
                row.appendChild(argument)
                return row
            for text in ("(", argument, ")"):
                row.appendChild(self._sign(text) if isinstance(text, str) else text)
            return row

        def _sign(self, text: str) -> Any:
            sign = self.dom.createElement("mo")
            sign.appendChild(self.dom.createTextNode(text))
            return sign

        def _parsed(self, text: str) -> Any:
            from xml.dom.minidom import parseString

            return self.dom.importNode(parseString(text).documentElement, True)

        def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:
            name = str(sym)
            if name[:1] == "D" and name[1:] in model.species:
                return self._parsed(f"<msub><mi>D</mi><mi>{name[1:]}</mi></msub>")
            return super()._print_Symbol(sym, style)

    printer = Printer()
    return lambda expression: printer._print(expression).toxml()
