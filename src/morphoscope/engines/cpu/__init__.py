"""The compiler: a model's time step as a program, written as vector code for the current processor."""

from morphoscope.engines.cpu.engine import CpuEngine, Stepper

__all__ = ["CpuEngine", "Stepper"]
