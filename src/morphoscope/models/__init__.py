"""Reaction–diffusion systems as text, parsed and never evaluated; the built-in ones are in :mod:`.builtin`."""

from __future__ import annotations

from pathlib import Path

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.registry import instances
from morphoscope.models.model import Model
from morphoscope.models.spatial import Ramp

__all__ = ["Model", "Ramp", "find_model", "get_model", "model_names"]


def _registry() -> dict[str, Model]:
    return instances("morphoscope.models.builtin", Model)


def model_names() -> list[str]:
    """Names of the built-in models."""
    return sorted(_registry())


def get_model(name: str) -> Model:
    """The built-in model of that name; raises UsageError with the nearest name otherwise."""
    if name not in _registry():
        raise UsageError(f"unknown model {name!r}; {nearest(name, model_names())}; `morphoscope models` lists all")
    return _registry()[name]


def find_model(text: str | Path) -> Model:
    """The built-in model of that name, or the one in a .toml file.

    Raises UsageError with the nearest name for an unknown one, and what :func:`.files.load_model` raises.
    """
    if str(text).lower().endswith(".toml"):
        from morphoscope.models.files import load_model

        return load_model(text)
    return get_model(str(text))
