"""Provenance of results: versions of this package and of those that it computes with."""

from __future__ import annotations

import importlib.metadata
import platform

__version__ = importlib.metadata.version("morphoscope")


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python, morphoscope, NumPy and further packages."""
    named = {name: importlib.metadata.version(name) for name in ("morphoscope", "numpy", *packages)}
    return {"python": platform.python_version(), **named}
