"""List, check and create models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.engines.contract import Check
    from morphoscope.models import Model

PathLike = str | Path


def list_models(name: PathLike | None = None) -> list[Model]:
    """List the built-in models, or look up one model.

    Parameters
    ----------
    name : str or Path, optional
        A built-in model's name or a model file (.toml). Default: all built-in models.

    Returns
    -------
    list of Model
        The models, in the order of their names.

    Raises
    ------
    UsageError
        If there is no such model, or the file can't be read.

    Examples
    --------
    >>> import morphoscope
    >>> (model,) = morphoscope.list_models("gray-scott")
    >>> model.parameters
    ('f', 'k', 'Du', 'Dv')
    """
    from morphoscope.models import find_model, model_names

    return [find_model(n) for n in ([name] if name else model_names())]


def check_model(model: PathLike | Model) -> list[Check]:
    """Check a model against the public contract: see :mod:`morphoscope.engines.contract`.

    Parameters
    ----------
    model : Model, str or Path
        A model, a built-in model's name, or a model file (.toml).

    Returns
    -------
    list of Check
        One result for each check: its name, whether it passed, and details.

    Raises
    ------
    UsageError
        If there is no such model, or a formula is invalid.

    Examples
    --------
    >>> import morphoscope
    >>> all(check.passed for check in morphoscope.check_model("allen-cahn"))
    True
    """
    from morphoscope.engines.contract import check_model as check
    from morphoscope.models import Model, find_model

    return check(model if isinstance(model, Model) else find_model(model))


def new_model(name: str, out: PathLike | None = None) -> Path:
    """Write a commented model file as a template for your own model.

    Parameters
    ----------
    name : str
        The new model's name.
    out : str or Path, optional
        File to write. Default: ``NAME.toml`` in the current folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If the name is invalid, or the file exists already or can't be written.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.new_model("my").name
    'my.toml'
    """
    from morphoscope.models.files import new_model as write

    return write(name, out)
