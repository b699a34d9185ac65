"""The application with all its commands, in the order in which help lists them.

Each command's help shows an example; each calls the function of the same name in the API.
"""

from __future__ import annotations

import importlib

from morphoscope.cli.base import app

__all__ = ["app"]

for _commands in ("models", "theory", "simulate", "ensemble", "describe", "reading", "draw", "loop"):
    importlib.import_module(f"morphoscope.cli.{_commands}")
