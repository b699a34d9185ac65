"""Registration by being there: every module of a package is imported, and what it defines of a kind is found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any


@functools.cache
def instances(package: str, kind: Any) -> dict[str, Any]:
    """All module-level objects of type ``kind`` in the modules of a package, by their ``name``."""
    folder = importlib.import_module(package).__path__
    modules = (importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(folder))
    return {thing.name: thing for module in modules for thing in vars(module).values() if isinstance(thing, kind)}
