"""The compiler: a model's step as a program, written as vector code for the processor at hand."""

from morphoscope.engines.cpu.engine import CpuEngine, Stepper

__all__ = ["CpuEngine", "Stepper"]
