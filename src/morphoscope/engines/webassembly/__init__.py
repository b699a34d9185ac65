"""Steps of explicit Euler as WebAssembly, for browsers whose graphics are emulated by the processor."""

from morphoscope.engines.webassembly.kernel import PITCH, Kernel, kernel

__all__ = ["PITCH", "Kernel", "kernel"]
