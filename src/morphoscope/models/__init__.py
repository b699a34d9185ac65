"""Reaction–diffusion models as text, parsed and never evaluated as code. The built-in models are in :mod:`.builtin`."""

from __future__ import annotations

from pathlib import Path

from morphoscope.core.registry import Registry
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters
from morphoscope.models.spatial import Ramp

__all__ = ["MODELS", "Model", "Parameters", "Ramp", "find_model", "get_model", "model_names"]


#: The built-in models, one per file of :mod:`.builtin`.
MODELS: Registry[Model] = Registry("model")
MODELS.add_package("morphoscope.models.builtin", Model)


def model_names() -> list[str]:
    """List the names of the built-in models.

    Returns
    -------
    list of str
        The names in alphabetical order.

    Examples
    --------
    >>> from morphoscope import models
    >>> models.model_names()[:3]
    ['allen-cahn', 'barkley', 'brusselator']
    """
    return MODELS.names()


def get_model(name: str) -> Model:
    """Get a built-in model.

    Parameters
    ----------
    name : str
        Its name, such as ``gray-scott``.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    UsageError
        If no built-in model has this name. The message has the nearest one.

    Examples
    --------
    >>> from morphoscope import models
    >>> models.get_model("gray-scott").plane
    ('k', 'f')
    """
    return MODELS.get(name)


def check_equations(model: Model) -> None:
    """Raise UsageError for invalid equations. Those of built-in models are not parsed, which would import SymPy."""
    if model.name not in MODELS.names() or get_model(model.name) != model:
        _ = model.reaction_terms


def find_model(text: str | Path) -> Model:
    """Find a built-in model by its name, or load a model from a TOML file.

    Parameters
    ----------
    text : str or Path
        The name of a built-in model, or the path of a file that ends in ``.toml``.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    UsageError
        If no built-in model has this name, or if the file does not define a valid model.
    DataError
        If the file can't be read as TOML.

    Examples
    --------
    >>> from morphoscope import models
    >>> models.find_model("gray-scott").species
    ('u', 'v')
    """
    if str(text).lower().endswith(".toml"):
        from morphoscope.models.files import load_model

        return load_model(text)
    return get_model(str(text))
