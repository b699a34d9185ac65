"""What a reaction–diffusion model is: text, numbers and a source. Everything else is derived from it."""

from __future__ import annotations

import dataclasses
import functools
import keyword
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.models.expressions import FUNCTIONS, OPERATORS, evaluate, parse
from morphoscope.models.spatial import Spatial, as_spatial

if TYPE_CHECKING:
    import sympy


UNLIMITED = (-1e6, 1e6)  # the range of a parameter for which none is given
MAX_SPECIES = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model:
    """A reaction–diffusion system ∂c/∂t = D ∇²c + R(c), one equation a species, 1 to 4 species.

    ``reaction`` and ``diffusion`` are text in the grammar of :mod:`morphoscope.models.expressions`, over the species
    and the parameters. Reaction terms may also hold ``laplace(…)``, ``dx(…)`` and ``dy(…)`` of any expression, nested:
    for advection, cross-diffusion, terms of fourth order. A diffusion coefficient may use parameters only; species
    without one do not diffuse.

    ``background`` and ``perturbation`` are the two states that initial conditions are made of, ``initial`` the one that
    shows the model's patterns (as on the command line). ``dt``, ``spacing``, ``until``, ``integrator`` are the
    customary time step (None: chosen from what diffusion and reaction allow), cell size, end time and integrator, in
    the model's own dimensionless units; ``apart`` is the time between frames, ``shown`` the range of the first species
    that pictures show (None: each picture's own). ``literature``: what the default picture shows, and where it can be
    found in print.

    What is left out gets a neutral value: 0 for backgrounds, 1 for perturbations, any number for ranges.
    Raises UsageError where a name is missing or can't be used; a text outside the grammar is refused when first used.
    """

    name: str
    reaction: Mapping[str, str]
    diffusion: Mapping[str, str] = dataclasses.field(default_factory=dict)
    defaults: Mapping[str, float] = dataclasses.field(default_factory=dict)
    title: str = ""
    ranges: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    meanings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    background: Mapping[str, float] = dataclasses.field(default_factory=dict)
    perturbation: Mapping[str, float] = dataclasses.field(default_factory=dict)
    plane: tuple[str, ...] = ()  # the two parameters of the customary map, abscissa first
    source: str = ""
    dt: float | None = None
    until: float = 500.0
    spacing: float = 1.0
    initial: str = "pearson-gamma"
    apart: float = 30.0
    shown: tuple[float, float] | None = (0.0, 1.0)
    integrator: str = "euler"
    literature: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.reaction) <= MAX_SPECIES:
            raise UsageError(f"model {self.name!r} has {len(self.reaction)} species; use 1 to {MAX_SPECIES}")
        for name in (*self.reaction, *self.defaults):
            self._check_name(name)
        self._fill("title", self.title or self.name)
        self._fill("plane", tuple(self.plane) or (*self.parameters, *self.parameters)[:2])
        for field, neutral in (("diffusion", "0"), ("background", 0.0), ("perturbation", 1.0)):
            self._complete_mapping(field, self.reaction, "species", neutral)
        for field, value in (("ranges", UNLIMITED), ("meanings", "")):
            self._complete_mapping(field, self.defaults, "parameters", value)

    def _check_name(self, name: str) -> None:
        taken = (*FUNCTIONS, *OPERATORS)
        if not name.isidentifier() or keyword.iskeyword(name) or name in taken or name.startswith("_"):
            raise UsageError(
                f"model {self.name!r}: {name!r} can't be a name; use letters and digits, and none of {', '.join(taken)}"
            )
        if name in self.reaction and name in self.defaults:
            raise UsageError(f"model {self.name!r}: {name!r} is both species and parameter; rename one")

    def _complete_mapping(self, field: str, names: Mapping[str, Any], what: str, neutral: Any) -> None:
        given = getattr(self, field)
        if extra := [name for name in given if name not in names]:
            raise UsageError(f"model {self.name!r}: {field} names {extra[0]!r}, but the {what} are {', '.join(names)}")
        self._fill(field, {name: given.get(name, neutral) for name in names})

    def _fill(self, field: str, value: Any) -> None:
        object.__setattr__(self, field, value)

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
        return {s: parse(text, names, operators=True) for s, text in self.reaction.items()}

    @functools.cached_property
    def diffusion_terms(self) -> dict[str, sympy.Expr]:
        """D, one SymPy expression a species, over parameters only."""
        return {s: parse(text, self.parameters) for s, text in self.diffusion.items()}

    @functools.cached_property
    def diffusion_parameters(self) -> frozenset[str]:
        """The parameters that diffusion coefficients depend on."""
        return frozenset(str(symbol) for term in self.diffusion_terms.values() for symbol in term.free_symbols)

    @functools.cached_property
    def plain(self) -> bool:
        """Whether space acts through the diffusion coefficients alone: no operator in the reaction terms."""
        return not any(f"{name}(" in "".join(text.split()) for text in self.reaction.values() for name in OPERATORS)

    def diffusivities(self, parameters: Mapping[str, Any]) -> dict[str, float]:
        """The diffusion coefficients as numbers; of a parameter that varies in space, its largest value counts."""
        values = {n: v.bounds()[1] if isinstance(v, Spatial) else v for n, v in self.complete(parameters).items()}
        return {s: float(evaluate(term, values)) for s, term in self.diffusion_terms.items()}

    def complete(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, the given ones and defaults for the rest: numbers, or values of :mod:`.spatial`.

        Raises UsageError for an unknown name and for a value that is no number, NaN or out of range.
        """
        for name in parameters:
            if name not in self.defaults:
                raise UsageError(f"unknown parameter {name!r} of {self.name}; {nearest(name, self.defaults)}")
        return {name: self._checked(name, parameters.get(name, default)) for name, default in self.defaults.items()}

    def _checked(self, name: str, value: Any) -> float | Spatial:
        low, high = self.ranges[name]
        expected = f"expected a number in [{low:g}, {high:g}]"
        spatial = as_spatial(value)
        if spatial is not None:
            for end in spatial.bounds():
                self._checked(name, end)
            return spatial
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"parameter {name}={value!r} is not a number; {expected}") from None
        if math.isnan(number) or not low <= number <= high:
            raise UsageError(f"parameter {name}={value} is out of range; {expected}")
        return number

    def equations(self) -> list[str]:
        """The equations as a person writes them, one line a species."""
        pretty = {
            "laplace(": "∇²(",
            "dx(": "∂ₓ(",
            "dy(": "∂ᵧ(",
            "**2": "²",
            "**3": "³",
            "**": "^",
            "*": " ",
            " - ": " − ",
        }
        lines = []
        for s in self.species:
            coefficient = self.diffusion[s].strip()
            spreads = "" if coefficient in ("1", "1.0") else f"{coefficient} "
            text = self.reaction[s] if coefficient in ("0", "0.0") else f"{spreads}∇²{s} + {self.reaction[s]}"
            for old, new in pretty.items():
                text = text.replace(old, new)
            lines.append(f"∂{s}/∂t = {text.replace('+ -', '− ')}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :meth:`from_dict` reads them back. Later fields are there where not customary."""
        values = dataclasses.asdict(self)
        values["ranges"] = {name: list(pair) for name, pair in self.ranges.items()}
        values["plane"] = list(self.plane)
        values["shown"] = None if self.shown is None else list(self.shown)
        for field, customary in _LATER_FIELDS.items():
            if values[field] == customary:
                del values[field]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Inverse of :meth:`to_dict`; raises UsageError when a field is missing or unknown."""
        known = {field.name for field in dataclasses.fields(cls)}
        if extra := set(values) - known:
            raise UsageError(f"model has unknown field {sorted(extra)[0]!r}; known: {sorted(known)}")
        shown = values.get("shown", (0.0, 1.0))
        try:
            return cls(
                **{
                    **values,
                    "ranges": {n: (p[0], p[1]) for n, p in values.get("ranges", {}).items()},
                    "plane": tuple(values.get("plane", ())),
                    "shown": None if shown is None else (shown[0], shown[1]),
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"model description is incomplete: {error}") from error


#: Fields that came after the first plans were stored, as JSON has them where nothing is said: so old hashes stay true.
_LATER_FIELDS = {
    "initial": "pearson-gamma",
    "apart": 30.0,
    "shown": [0.0, 1.0],
    "integrator": "euler",
    "literature": "",
}
