"""A model from a few texts: species and formulas as a person types them, parameters by the values they get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.models.expressions import UnknownNameError, parse
from morphoscope.models.model import Model
from morphoscope.models.spatial import as_spatial

NAME = "typed"
CUSTOMARY_INITIAL = "steady"  # the homogeneous steady state and noise: what any model can start from


def typed_model(reaction: Mapping[str, str], diffusion: Mapping[str, str], parameters: Mapping[str, Any]) -> Model:
    """The model of these formulas, one a species; the given values of its parameters are their defaults.

    It starts from the homogeneous steady state and noise, with an automatic time step; pictures have their own range.
    Raises UsageError with the column for a formula that can't be read, for a name without a value, and for a value
    whose name is in no formula.
    """
    used = {name: _default(name, value) for name, value in parameters.items()}
    model = Model(
        name=NAME,
        title="Typed model",
        reaction=dict(reaction),
        diffusion={species: str(value) for species, value in diffusion.items()},
        defaults=used,
        initial=CUSTOMARY_INITIAL,
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
            raise UsageError(f"parameter {name!r} is in no formula; leave it out, or correct its name")


def _default(name: str, value: Any) -> float:
    """A parameter's number; of one that varies in space, where it begins."""
    spatial = as_spatial(value)
    try:
        return float(value) if spatial is None else spatial.bounds()[0]
    except (TypeError, ValueError):
        raise UsageError(f"parameter {name}={value!r} is not a number; expected NAME=NUMBER") from None


def check_formulas(model: Model, where: str = "") -> None:
    """Raise UsageError for the first formula that can't be read, saying which it is; ``where`` begins the line."""
    for field, names in (("reaction", (*model.species, *model.parameters)), ("diffusion", model.parameters)):
        for species, text in getattr(model, field).items():
            place = f"{where}{field} of {species}: "
            try:
                parse(text, names, operators=field == "reaction")
            except UnknownNameError as error:
                remedy = _remedy(error.name, field, model, where)
                raise UsageError(f"{place}{error}{remedy}") from error
            except UsageError as error:
                raise UsageError(f"{place}{error}") from error


def _remedy(name: str, field: str, model: Model, where: str) -> str:
    if name in model.species:
        return f"; a {field} coefficient can use parameters only"
    return f"; or put {name} under [parameters]" if where else f"; or give its value, as in -p {name}=NUMBER"
