"""A model from formulas given as text; its parameters are the names that have values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.models.expressions import UnknownNameError, parse
from morphoscope.models.model import Model
from morphoscope.models.spatial import as_spatial

NAME = "typed"
DEFAULT_INITIAL = "steady"  # the homogeneous steady state with noise, which any model can start from


def typed_model(reaction: Mapping[str, str], diffusion: Mapping[str, str], parameters: Mapping[str, Any]) -> Model:
    """The model with these formulas, one per species; the given parameter values become its defaults.

    It starts from the homogeneous steady state with noise, and its time step is derived. Raises UsageError with the
    column for a formula that can't be parsed, for a name without a value, and for a value that no formula uses.
    """
    used = {name: _default(name, value) for name, value in parameters.items()}
    model = Model(
        name=NAME,
        title="Typed model",
        reaction=dict(reaction),
        diffusion={species: str(value) for species, value in diffusion.items()},
        defaults=used,
        initial=DEFAULT_INITIAL,
        shown=None,
    )
    check_formulas(model)
    _check_use(model)
    return model


def _check_use(model: Model) -> None:
    terms = (*model.reaction_terms.values(), *model.diffusion_terms.values())
    used = {str(symbol) for term in terms for symbol in term.free_symbols}
    for name in model.parameters:
        if name not in used:
            raise UsageError(f"parameter {name!r} is not used in any formula; remove it, or correct its name")


def _default(name: str, value: Any) -> float:
    """The number for a parameter; the smallest value if it varies in space."""
    spatial = as_spatial(value)
    try:
        return float(value) if spatial is None else spatial.bounds()[0]
    except (TypeError, ValueError):
        raise UsageError(f"parameter {name}={value!r} is not a number; expected one number per parameter") from None


def check_formulas(model: Model, where: str = "") -> None:
    """Raise UsageError for the first formula that can't be parsed; ``where`` is the beginning of the message."""
    for field, names in (("reaction", (*model.species, *model.parameters)), ("diffusion", model.parameters)):
        for species, text in getattr(model, field).items():
            place = f"{where}{field} of {species}: "
            try:
                parse(text, names, operators=field == "reaction")
            except UnknownNameError as error:
                remedy, argument = _remedy(error.name, field, model, where)
                raise UsageError(f"{place}{error}; {remedy}", parameter=argument) from error
            except UsageError as error:
                raise UsageError(f"{place}{error}") from error


def _remedy(name: str, field: str, model: Model, where: str) -> tuple[str, str | None]:
    """What the user can do about an unknown name, and the argument that it concerns."""
    if name in model.species:
        return f"a {field} coefficient can use parameters only", None
    if where:
        return f"or add {name} to [parameters]", None
    return f"or give parameter {name} a value", "parameters"
