"""The definition of a reaction–diffusion model as text, numbers and a source. Everything else is derived from it."""

from __future__ import annotations

import dataclasses
import functools
import keyword
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.models.expressions import FUNCTIONS, OPERATORS, evaluate, parse
from morphoscope.models.parameters import Parameters
from morphoscope.models.spatial import Spatial, as_spatial

if TYPE_CHECKING:
    import sympy


UNLIMITED = (-1e6, 1e6)  # the range of a parameter without a given range
MAX_SPECIES = 4
UNKNOWN = "0"  # the formulas of a model whose equations are not known


@dataclasses.dataclass(frozen=True, kw_only=True)
class Model:
    """A reaction–diffusion system ∂c/∂t = D ∇²c + R(c) with one equation per species and 1 to 4 species.

    Formulas are text in the grammar of :mod:`morphoscope.models.expressions`. They are parsed, never evaluated as code.
    All quantities are in the model's own dimensionless units.

    Parameters
    ----------
    name : str
        Short name, as used on the command line.
    reaction : mapping
        R(c): one formula per species, over species and parameters. Formulas may contain ``laplace(…)``, ``dx(…)`` and
        ``dy(…)`` of any expression, also nested, for advection, cross-diffusion and fourth-order terms.
    diffusion : mapping
        D: one formula per species, over parameters only. Species without one do not diffuse.
    defaults : mapping
        The parameters and their default values.
    title : str
        Name for figures and tables. Default: ``name``.
    ranges : mapping
        Limits (low, high) by parameter. Parameters without an entry are practically unlimited.
    meanings : mapping
        One line of text by parameter.
    background, perturbation : mapping
        The two homogeneous states that initial conditions are made of, by species. Default: 0 and 1.
    plane : tuple of str
        The two parameters of the model's class map, horizontal axis first. Default: the first two parameters.
    source : str
        Reference to the literature.
    dt : float or None
        Default time step. None: derived from the limits that diffusion and reaction set.
    until : float
        Default end time.
    spacing : float
        Default cell size.
    initial : str
        Default initial condition, in the notation of the command line.
    apart : float
        Default time between frames.
    shown : tuple of float or None
        The range of the first species that pictures show. None: derived from the data.
    integrator : str
        Default integrator: ``euler`` or ``etdrk2``.
    literature : str
        What a run with the defaults shows, and where it was published.

    Raises
    ------
    UsageError
        If a name is missing or invalid. Formulas are parsed on first use, so an invalid formula raises then.

    Examples
    --------
    >>> from morphoscope import Model
    >>> model = Model(
    ...     name="schnakenberg",
    ...     reaction={"u": "a - u + u**2*v", "v": "b - u**2*v"},
    ...     diffusion={"u": "1", "v": "d"},
    ...     defaults={"a": 0.1, "b": 0.9, "d": 40.0},
    ... )
    >>> model.species, model.parameters
    (('u', 'v'), ('a', 'b', 'd'))
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
    plane: tuple[str, ...] = ()
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
                f"model {self.name!r}: {name!r} is not a valid name; "
                f"use letters and digits, but none of {', '.join(taken)}"
            )
        if name in self.reaction and name in self.defaults:
            raise UsageError(f"model {self.name!r}: {name!r} is both a species and a parameter; rename one")

    def _complete_mapping(self, field: str, names: Mapping[str, Any], what: str, neutral: Any) -> None:
        given = getattr(self, field)
        if extra := [name for name in given if name not in names]:
            raise UsageError(
                f"model {self.name!r}: {field} has the key {extra[0]!r}, but the {what} are {', '.join(names)}"
            )
        self._fill(field, {name: given.get(name, neutral) for name in names})

    def _fill(self, field: str, value: Any) -> None:
        object.__setattr__(self, field, value)

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.reaction.items()), tuple(self.diffusion.items())))

    @property
    def species(self) -> tuple[str, ...]:
        """Names of the fields, in the order of the species axis of arrays."""
        return tuple(self.reaction)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which engines take them."""
        return tuple(self.defaults)

    @functools.cached_property
    def reaction_terms(self) -> dict[str, sympy.Expr]:
        """R(c): one SymPy expression per species."""
        names = (*self.species, *self.parameters)
        return {s: parse(text, names, operators=True) for s, text in self.reaction.items()}

    @functools.cached_property
    def diffusion_terms(self) -> dict[str, sympy.Expr]:
        """D: one SymPy expression per species, over parameters only."""
        return {s: parse(text, self.parameters) for s, text in self.diffusion.items()}

    @functools.cached_property
    def diffusion_parameters(self) -> frozenset[str]:
        """The parameters that the diffusion coefficients depend on."""
        if all(text in self.defaults for text in self.diffusion.values()):  # without SymPy, which is slow to import
            return frozenset(self.diffusion.values())
        return frozenset(str(symbol) for term in self.diffusion_terms.values() for symbol in term.free_symbols)

    @functools.cached_property
    def diffusion_only(self) -> bool:
        """Whether the only spatial coupling is D ∇²c: the reaction terms contain no operators."""
        return not any(f"{name}(" in "".join(text.split()) for text in self.reaction.values() for name in OPERATORS)

    def diffusivities(self, parameters: Parameters) -> dict[str, float]:
        """The diffusion coefficients as numbers; a parameter that varies in space counts with its largest value."""
        values = parameters.highest
        named = {s: values[text] for s, text in self.diffusion.items() if text in values}
        terms = self.diffusion_terms if len(named) < len(self.diffusion) else {}
        return {s: float(named[s] if s in named else evaluate(terms[s], values)) for s in self.diffusion}

    def complete(self, parameters: Mapping[str, Any]) -> Parameters:
        """All parameters: the given ones, checked, and the defaults of the rest.

        Parameters
        ----------
        parameters
            Values by name: numbers, their text, or spatially varying values that :func:`.as_spatial` accepts.

        Returns
        -------
        Parameters
            All parameters, given and default.

        Raises
        ------
        UsageError
            For an unknown name and for a value that is not a number, NaN or out of range.
        """
        for name in parameters:
            if name not in self.defaults:
                raise UsageError(f"unknown parameter {name!r} of {self.name}; {nearest(name, self.defaults)}")
        given = {name: self._checked(name, parameters[name]) for name in self.defaults if name in parameters}
        numbers, refused = self._checked_defaults
        for name in refused - given.keys():
            self._checked(name, self.defaults[name])
        return Parameters(given, numbers)

    def owns(self, parameters: Any) -> bool:
        """Whether :meth:`complete` of this model, or of one with the same defaults, created these parameters."""
        if not isinstance(parameters, Parameters):
            return False
        own = self._checked_defaults[0]
        return parameters.defaults is own or parameters.defaults == own

    @functools.cached_property
    def _checked_defaults(self) -> tuple[dict[str, float], set[str]]:
        """The defaults as numbers, and the names of those that are invalid, which a run must set itself."""
        numbers, refused = dict(self.defaults), set()
        for name, value in self.defaults.items():
            try:
                numbers[name] = self._number(name, value)
            except UsageError:
                refused.add(name)
        return numbers, refused

    def _checked(self, name: str, value: Any) -> float | Spatial:
        spatial = as_spatial(value)
        if spatial is None:
            return self._number(name, value)
        for end in spatial.bounds():
            self._number(name, end)
        return spatial

    def _number(self, name: str, value: Any) -> float:
        low, high = self.ranges[name]
        expected = f"expected a number in [{low:g}, {high:g}]"
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"parameter {name}={value!r} is not a number; {expected}") from None
        if math.isnan(number) or not low <= number <= high:
            raise UsageError(f"parameter {name}={value} is out of range; {expected}")
        return number

    @property
    def known(self) -> bool:
        """Whether there are equations. Those of imported patterns are not known, and are written as 0."""
        return any(text != UNKNOWN for text in (*self.reaction.values(), *self.diffusion.values()))

    def equations(self) -> list[str]:
        """The equations as readable text, one line per species; none if they are not known."""
        if not self.known:
            return []
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
            factor = "" if coefficient in ("1", "1.0") else f"{coefficient} "
            text = self.reaction[s] if coefficient in ("0", "0.0") else f"{factor}∇²{s} + {self.reaction[s]}"
            for old, new in pretty.items():
                text = text.replace(old, new)
            lines.append(f"∂{s}/∂t = {text.replace('+ -', '− ')}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :meth:`from_dict` reads them back."""
        values = dataclasses.asdict(self)
        values["ranges"] = {name: list(pair) for name, pair in self.ranges.items()}
        values["plane"] = list(self.plane)
        values["shown"] = None if self.shown is None else list(self.shown)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """Inverse of :meth:`to_dict`; raises UsageError if a field is missing or unknown."""
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
            raise UsageError(f"model data are incomplete or invalid: {error}") from error
