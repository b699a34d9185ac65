"""Morphoscope maps, classifies and discovers patterns in reaction–diffusion systems.

The functions of :mod:`morphoscope.api` are here by the same names (except ``models`` and ``theory``, which are
packages: use ``morphoscope.api.models`` and ``morphoscope.api.theory``); the nouns Model, Plan, Ensemble, Classifier
and Atlas too. All load lazily.
"""

from __future__ import annotations

import importlib
from typing import Any

_FUNCTIONS = (
    "agree", "annotate", "check_model", "classify", "describe", "ensemble", "evaluate", "explain", "explore",
    "export", "map", "montage", "new_model", "open_atlas", "refine", "reproduce", "scan", "scan_plan", "simulate",
    "train",
)  # fmt: skip
_HOMES = {
    "Atlas": "morphoscope.atlas",
    "Classifier": "morphoscope.learning.classifier",
    "Ensemble": "morphoscope.ensembles",
    "Grid": "morphoscope.engines",
    "Model": "morphoscope.models",
    "Plan": "morphoscope.ensembles",
    "UsageError": "morphoscope.errors",
} | dict.fromkeys(_FUNCTIONS, "morphoscope.api")

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'morphoscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
