// Draws scattered points on a graphics card: discs in WebGL2, all in one call, moved by the card.

import type { Window } from "../../state/store";
import type { Frame } from "./overlay";
import { placementOf, radiusOf, seenOf, type Painter } from "./placement";

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
uniform vec2 scale, offset, canvas;
uniform float radius;
out vec4 shade;
out vec2 corner;
void main() {
  corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  vec2 pixel = vec2(place.x, place.y) * scale + offset + corner * radius;
  gl_Position = vec4(pixel / canvas * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
  if (colour.a == 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  shade = colour;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade;
in vec2 corner;
out vec4 pixel;
void main() {
  if (dot(corner, corner) > 1.0) discard;
  pixel = vec4(shade.rgb * shade.a, shade.a);
}`;

export class WebGLPainter implements Painter {
  private program: WebGLProgram;
  private buffers: { points: WebGLBuffer; colours: WebGLBuffer };
  private count = 0;
  private seen = new Int32Array(); // room for the numbers of the points that are seen
  private lost = false;
  private kept: { points?: Float32Array; colours?: Uint8Array } = {};

  /** Null if there is no WebGL2. */
  static create(place: HTMLElement, redraw: () => void): WebGLPainter | null {
    const canvas = document.createElement("canvas");
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    if (gl) place.append(canvas);
    return gl && new WebGLPainter(canvas, gl, redraw);
  }

  private constructor(private canvas: HTMLCanvasElement, private gl: WebGL2RenderingContext, redraw: () => void) {
    [this.program, this.buffers] = this.prepare();
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = true;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      [this.program, this.buffers] = this.prepare();
      if (this.kept.points) this.points(this.kept.points);
      if (this.kept.colours) this.colours(this.kept.colours);
      redraw();
    });
  }

  private prepare(): [WebGLProgram, { points: WebGLBuffer; colours: WebGLBuffer }] {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
      throw new Error(gl.getProgramInfoLog(program) ?? "the map's shader does not compile");
    const buffers = { points: gl.createBuffer(), colours: gl.createBuffer() };
    for (const [name, buffer, size, type, normalised] of [
      ["place", buffers.points, 2, gl.FLOAT, false],
      ["colour", buffers.colours, 4, gl.UNSIGNED_BYTE, true],
    ] as const) {
      const slot = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(slot);
      gl.vertexAttribPointer(slot, size, type, normalised, 0, 0);
      gl.vertexAttribDivisor(slot, 1);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    return [program, buffers];
  }

  points(coordinates: Float32Array): void {
    this.kept.points = coordinates;
    this.count = coordinates.length / 2;
    this.seen = new Int32Array(this.count);
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers.points);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, coordinates, this.gl.STATIC_DRAW);
  }

  colours(values: Uint8Array): void {
    this.kept.colours = values;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers.colours);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  draw(frame: Frame, all: Window): void {
    if (this.lost || this.gl.isContextLost() || !this.kept.points) return;
    const placement = placementOf(frame, all, devicePixelRatio || 1);
    const { width, height, scale, offset } = placement;
    const { gl, canvas } = this;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.program);
    const place = (name: string) => gl.getUniformLocation(this.program, name);
    gl.uniform2f(place("canvas"), width, height);
    gl.uniform2f(place("scale"), ...scale);
    gl.uniform2f(place("offset"), ...offset);
    gl.uniform1f(place("radius"), radiusOf(seenOf(this.kept.points, placement, this.seen), placement));
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
  }

  free(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.canvas.remove();
  }
}
