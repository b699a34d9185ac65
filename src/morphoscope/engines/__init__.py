"""Engines turn an initial state, parameters and step numbers into snapshots."""

from __future__ import annotations

from collections.abc import Callable

from morphoscope.core.registry import Registry
from morphoscope.engines.base import CHECK_EVERY, Engine, Job, Result, Watch
from morphoscope.engines.grid import Grid

__all__ = ["CHECK_EVERY", "ENGINES", "Engine", "Grid", "Job", "Result", "Watch", "engine_names", "get_engine"]

#: The engines by name. The compiler is loaded when its engine is requested.
ENGINES: Registry[Callable[[], Engine]] = Registry("engine")
ENGINES.add_code("cpu", "morphoscope.engines.cpu.engine:CpuEngine")
ENGINES.add_code("reference", "morphoscope.engines.reference:ReferenceEngine")
engine_names = ENGINES.names


def get_engine(name: str) -> Engine:
    """The engine of that name; raises UsageError otherwise."""
    return ENGINES.get(name)()
