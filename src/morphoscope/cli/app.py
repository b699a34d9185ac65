"""The application with all its commands, in the order in which help lists them.

Each command's help shows an example; each calls the function of the same name in the API.
"""

from __future__ import annotations

from morphoscope.cli import loop, reading, simulation  # noqa: F401
from morphoscope.cli.base import app

__all__ = ["app"]
