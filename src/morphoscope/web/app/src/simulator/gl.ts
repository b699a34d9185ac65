// The few things that the simulator needs of WebGL2.

import { SOFTWARE } from "./gpu";
import { UnsupportedError } from "./simulator";

export const CORNERS = `#version 300 es
void main() { gl_Position = vec4(vec2[3](vec2(-1), vec2(3, -1), vec2(-1, 3))[gl_VertexID], 0, 1); }`;

export function contextOf(canvas: HTMLCanvasElement): WebGL2RenderingContext {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "high-performance" });
  if (!gl) throw new UnsupportedError("this browser has no WebGL2, which live runs need");
  if (!gl.getExtension("EXT_color_buffer_float"))
    throw new UnsupportedError("this browser's graphics can't compute with float textures, which live runs need");
  return gl;
}

/** Whether the processor emulates a graphics card. */
export function emulated(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return SOFTWARE.test(name);
}

function compiled(gl: WebGL2RenderingContext, kind: number, text: string): WebGLShader {
  const shader = gl.createShader(kind);
  if (!shader) throw new UnsupportedError("the graphics of this browser were lost; reload the page");
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost())
    throw new Error(`a shader can't be compiled: ${gl.getShaderInfoLog(shader) ?? ""}`);
  return shader;
}

/** A program with the locations of its uniforms. */
export class Pass {
  readonly program: WebGLProgram;
  private places = new Map<string, WebGLUniformLocation | null>();

  constructor(private gl: WebGL2RenderingContext, fragment: string) {
    this.program = gl.createProgram();
    const shaders = [compiled(gl, gl.VERTEX_SHADER, CORNERS), compiled(gl, gl.FRAGMENT_SHADER, fragment)];
    for (const shader of shaders) gl.attachShader(this.program, shader);
    gl.linkProgram(this.program);
    for (const shader of shaders) gl.deleteShader(shader);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(`a shader can't be linked: ${gl.getProgramInfoLog(this.program) ?? ""}`);
  }

  at(name: string): WebGLUniformLocation | null {
    let place = this.places.get(name);
    if (place === undefined) {
      place = this.gl.getUniformLocation(this.program, name);
      this.places.set(name, place);
    }
    return place;
  }

  free(): void {
    this.gl.deleteProgram(this.program);
  }
}

/** A texture of four floats a texel that can be drawn to. */
export class Field {
  readonly texture: WebGLTexture;
  readonly target: WebGLFramebuffer;

  constructor(private gl: WebGL2RenderingContext, readonly width: number, readonly height: number) {
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, width, height);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    this.target = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.texture, 0);
  }

  write(values: Float32Array): void {
    const gl = this.gl;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, this.width, this.height, gl.RGBA, gl.FLOAT, values);
  }

  read(): Float32Array {
    const gl = this.gl, values = new Float32Array(4 * this.width * this.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.readPixels(0, 0, this.width, this.height, gl.RGBA, gl.FLOAT, values);
    return values;
  }

  free(): void {
    this.gl.deleteTexture(this.texture);
    this.gl.deleteFramebuffer(this.target);
  }
}
