"""Reaction–diffusion systems as text, parsed and never evaluated; the built-in ones are in :mod:`.builtin`."""

from __future__ import annotations

from pathlib import Path

from morphoscope.core.registry import Registry
from morphoscope.models.model import Model
from morphoscope.models.spatial import Ramp

__all__ = ["MODELS", "Model", "Ramp", "find_model", "get_model", "model_names"]


#: The built-in models, one a file in :mod:`.builtin`.
MODELS: Registry[Model] = Registry("model")
MODELS.add_package("morphoscope.models.builtin", Model)
model_names, get_model = MODELS.names, MODELS.get


def find_model(text: str | Path) -> Model:
    """The built-in model of that name, or the one in a .toml file.

    Raises UsageError with the nearest name for an unknown one, and what :func:`.files.load_model` raises.
    """
    if str(text).lower().endswith(".toml"):
        from morphoscope.models.files import load_model

        return load_model(text)
    return get_model(str(text))
