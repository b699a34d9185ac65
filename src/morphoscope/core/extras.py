"""Packages that only some functions need, and what to install when they are missing."""

from __future__ import annotations

from importlib.util import find_spec

from morphoscope.core.errors import UsageError

#: Extra of ``pip install 'morphoscope[EXTRA]'`` → the modules that it installs and that this package imports.
EXTRAS = {
    "cluster": ("bokeh", "dask", "dask_jobqueue", "distributed"),
    "import": ("h5netcdf", "h5py"),
    "learn": ("captum", "safetensors", "sklearn", "torch", "zuko"),
    "objects": ("obstore",),
    "explore": ("anywidget", "tornado", "traitlets"),
    "timm": ("timm",),
}


class MissingPackageError(UsageError, ImportError):
    """A function needs a package that is not installed."""


def require(extra: str) -> None:
    """Check that all packages of an extra are installed, without importing them.

    Public functions call it before they do anything else. Raises MissingPackageError, with the command that installs
    the packages.
    """
    if missing := [name for name in EXTRAS[extra] if find_spec(name) is None]:
        raise MissingPackageError(
            f"this needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed; "
            f"run pip install 'morphoscope[{extra}]'"
        )
