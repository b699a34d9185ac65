"""Steps of explicit Euler as text of shaders, for simulations on the graphics processor of a browser.

:func:`shader` writes fragment shaders for WebGL2, :func:`compute_shader` compute shaders for WebGPU.
"""

from morphoscope.engines.shader.compute import ComputeShader, compute_shader
from morphoscope.engines.shader.passes import Shader, shader
from morphoscope.engines.shader.writer import ShaderPass

__all__ = ["ComputeShader", "Shader", "ShaderPass", "compute_shader", "shader"]
