"""Engines turn an initial state, parameters and step numbers into snapshots."""

from __future__ import annotations

from morphoscope.core.errors import UsageError, nearest
from morphoscope.engines.base import CHECK_EVERY, Engine, Job, Result
from morphoscope.engines.grid import Grid

__all__ = ["CHECK_EVERY", "Engine", "Grid", "Job", "Result", "engine_names", "get_engine"]


def engine_names() -> list[str]:
    """Names that :func:`get_engine` knows."""
    return ["cpu", "reference"]


def get_engine(name: str) -> Engine:
    """The engine of that name; raises UsageError otherwise."""
    match name:
        case "cpu":
            from morphoscope.engines.cpu.engine import CpuEngine

            return CpuEngine()
        case "reference":
            from morphoscope.engines.reference import ReferenceEngine

            return ReferenceEngine()
    raise UsageError(f"unknown engine {name!r}; {nearest(name, engine_names())}")
