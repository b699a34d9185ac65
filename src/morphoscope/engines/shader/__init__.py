"""Steps of explicit Euler as text of fragment shaders, for simulations on the graphics processor of a browser."""

from morphoscope.engines.shader.passes import Shader, ShaderPass, shader

__all__ = ["Shader", "ShaderPass", "shader"]
