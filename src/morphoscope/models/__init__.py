"""Models, one a file. A file in this folder that defines a :class:`Model` is registered by being there."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from morphoscope.errors import UsageError, nearest
from morphoscope.models.model import Model

__all__ = ["Model", "get_model", "model_names"]


@functools.cache
def _registry() -> dict[str, Model]:
    found: dict[str, Model] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found |= {m.name: m for m in vars(module).values() if isinstance(m, Model)}
    return found


def model_names() -> list[str]:
    """Names of the built-in models."""
    return sorted(_registry())


def get_model(name: str) -> Model:
    """The built-in model of that name; raises UsageError with the nearest name otherwise."""
    if name not in _registry():
        raise UsageError(f"unknown model {name!r}; {nearest(name, model_names())}; `morphoscope models` lists all")
    return _registry()[name]
