"""What a reaction–diffusion model is: text, numbers and a source. Everything else is derived from it."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from morphoscope.errors import UsageError, nearest
from morphoscope.models.expressions import evaluate, parse

if TYPE_CHECKING:
    import sympy


@dataclasses.dataclass(frozen=True)
class Model:
    """A reaction–diffusion system ∂c/∂t = D ∇²c + R(c), one equation a species.

    ``reaction`` and ``diffusion`` are text in the grammar of :mod:`morphoscope.models.expressions`, over the
    species and the parameters; a diffusion coefficient may use parameters only. ``background`` and
    ``perturbation`` are the two states that initial conditions are made of. ``dt``, ``spacing``, ``until`` are
    the customary time step, cell size and end time, in the model's own dimensionless units.

    Raises UsageError where a text can't be parsed or a name is missing.
    """

    name: str
    title: str
    reaction: Mapping[str, str]
    diffusion: Mapping[str, str]
    defaults: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    meanings: Mapping[str, str]
    background: Mapping[str, float]
    perturbation: Mapping[str, float]
    plane: tuple[str, str]  # the two parameters of the customary map, abscissa first
    source: str
    dt: float
    until: float
    spacing: float = 1.0

    def __post_init__(self) -> None:
        for field in ("diffusion", "background", "perturbation"):
            if set(getattr(self, field)) != set(self.reaction):
                raise UsageError(f"model {self.name!r}: {field} must name the species {', '.join(self.reaction)}")
        for field in ("ranges", "meanings"):
            if set(getattr(self, field)) != set(self.defaults):
                raise UsageError(f"model {self.name!r}: {field} must name the parameters {', '.join(self.defaults)}")

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.reaction.items()), tuple(self.diffusion.items())))

    @property
    def species(self) -> tuple[str, ...]:
        """Names of the fields, in the order of the arrays' species axis."""
        return tuple(self.reaction)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which engines take them."""
        return tuple(self.defaults)

    @functools.cached_property
    def reaction_terms(self) -> dict[str, sympy.Expr]:
        """R(c), one SymPy expression a species."""
        names = (*self.species, *self.parameters)
        return {s: parse(text, names) for s, text in self.reaction.items()}

    @functools.cached_property
    def diffusion_terms(self) -> dict[str, sympy.Expr]:
        """D, one SymPy expression a species, over parameters only."""
        return {s: parse(text, self.parameters) for s, text in self.diffusion.items()}

    @functools.cached_property
    def diffusion_parameters(self) -> frozenset[str]:
        """The parameters that diffusion coefficients depend on."""
        return frozenset(str(symbol) for term in self.diffusion_terms.values() for symbol in term.free_symbols)

    def diffusivities(self, parameters: Mapping[str, float]) -> dict[str, float]:
        """The diffusion coefficients as numbers."""
        values = self.complete(parameters)
        return {s: float(evaluate(term, values)) for s, term in self.diffusion_terms.items()}

    def complete(self, parameters: Mapping[str, Any]) -> dict[str, float]:
        """All parameters as numbers: the given ones, and defaults for the rest.

        Raises UsageError for an unknown name and for a value that is no number, NaN or out of range.
        """
        for name in parameters:
            if name not in self.defaults:
                raise UsageError(f"unknown parameter {name!r} of {self.name}; {nearest(name, self.defaults)}")
        return {name: self._checked(name, parameters.get(name, default)) for name, default in self.defaults.items()}

    def _checked(self, name: str, value: Any) -> float:
        low, high = self.ranges[name]
        expected = f"expected a number in [{low:g}, {high:g}]"
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"parameter {name}={value!r} is not a number; {expected}") from None
        if math.isnan(number) or not low <= number <= high:
            raise UsageError(f"parameter {name}={value} is out of range; {expected}")
        return number

    def equations(self) -> list[str]:
        """The equations as a person writes them, one line a species."""
        pretty = {"**2": "²", "**3": "³", "**": "^", "*": " ", " - ": " − "}
        lines = []
        for s in self.species:
            text = f"{self.diffusion[s]} ∇²{s} + {self.reaction[s]}"
            for old, new in pretty.items():
                text = text.replace(old, new)
            lines.append(f"∂{s}/∂t = {text.replace('+ -', '− ')}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :meth:`from_dict` reads them back."""
        values = dataclasses.asdict(self)
        values["ranges"] = {name: list(pair) for name, pair in self.ranges.items()}
        values["plane"] = list(self.plane)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Inverse of :meth:`to_dict`; raises UsageError when a field is missing or unknown."""
        known = {field.name for field in dataclasses.fields(cls)}
        if extra := set(values) - known:
            raise UsageError(f"model has unknown field {sorted(extra)[0]!r}; known: {sorted(known)}")
        try:
            return cls(
                **{
                    **values,
                    "ranges": {n: (p[0], p[1]) for n, p in values["ranges"].items()},
                    "plane": tuple(values["plane"]),
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"model description is incomplete: {error}") from error
