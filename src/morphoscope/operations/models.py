"""List, check and begin models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.engines.contract import Check
    from morphoscope.models import Model

PathLike = str | Path


def list_models(name: PathLike | None = None) -> list[Model]:
    """The built-in models, or the one of that name or in that file (.toml)."""
    from morphoscope.models import find_model, model_names

    return [find_model(n) for n in ([name] if name else model_names())]


def check_model(model: PathLike | Model) -> list[Check]:
    """Check a model against the public contract: see :mod:`morphoscope.engines.contract`.

    ``model``: a model, a built-in one's name, or a file (.toml).
    """
    from morphoscope.engines.contract import check_model as check
    from morphoscope.models import Model, find_model

    return check(model if isinstance(model, Model) else find_model(model))


def new_model(name: str, out: PathLike | None = None) -> Path:
    """Write a commented example of a model of that name, to ``NAME.toml`` unless ``out`` is given; returns its path."""
    from morphoscope.models.files import new_model as write

    return write(name, out)
