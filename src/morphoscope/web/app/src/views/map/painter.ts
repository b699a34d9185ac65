// Draws up to millions of scattered points: discs in WebGL2. Few points are drawn on a 2D canvas, as starting WebGL takes
// up to seconds where it is emulated; so are all where there is no WebGL.

export interface Placement {
  scale: [number, number]; // pixels of the canvas per unit of the stored coordinates
  offset: [number, number]; // pixels from the left and from the top of coordinate 0
  radius: number; // of a point, in pixels
}

export interface Painter {
  /** Coordinates of 0 … 1, x then y of each point. */
  points(coordinates: Float32Array): void;
  /** Red, green, blue, opacity of each point. */
  colours(values: Uint8Array): void;
  draw(width: number, height: number, placement: Placement): void;
  free(): void;
}

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

class WebGLPainter implements Painter {
  private program: WebGLProgram;
  private buffers: { points: WebGLBuffer; colours: WebGLBuffer };
  private count = 0;
  private lost = false;
  private kept: { points?: Float32Array; colours?: Uint8Array } = {};

  constructor(private canvas: HTMLCanvasElement, private gl: WebGL2RenderingContext, redraw: () => void) {
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
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers.points);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, coordinates, this.gl.STATIC_DRAW);
  }

  colours(values: Uint8Array): void {
    this.kept.colours = values;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers.colours);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }

  draw(width: number, height: number, { scale, offset, radius }: Placement): void {
    if (this.lost || this.gl.isContextLost()) return;
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
    gl.uniform1f(place("radius"), radius);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
  }

  free(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

class PlainPainter implements Painter {
  private place: Float32Array = new Float32Array();
  private shade: Uint8Array = new Uint8Array();

  constructor(private canvas: HTMLCanvasElement, private context: CanvasRenderingContext2D) {}

  points(coordinates: Float32Array): void {
    this.place = coordinates;
  }

  colours(values: Uint8Array): void {
    this.shade = values;
  }

  draw(width: number, height: number, { scale, offset, radius }: Placement): void {
    const { canvas, context, place, shade } = this;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.clearRect(0, 0, width, height);
    let last = "";
    for (let i = 0; i < place.length / 2; i++) {
      const alpha = shade[4 * i + 3] ?? 0;
      const x = place[2 * i]! * scale[0] + offset[0];
      const y = place[2 * i + 1]! * scale[1] + offset[1];
      if (!alpha || x < -radius || y < -radius || x > width + radius || y > height + radius) continue;
      const colour = `rgba(${shade[4 * i]},${shade[4 * i + 1]},${shade[4 * i + 2]},${alpha / 255})`;
      if (colour !== last) context.fillStyle = last = colour;
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fill();
    }
  }

  free(): void {}
}

const FEW = 20_000;

export function createPainter(canvas: HTMLCanvasElement, count: number, redraw: () => void): Painter {
  const gl = count <= FEW ? null : canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: false });
  if (gl) return new WebGLPainter(canvas, gl, redraw);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser can't draw");
  return new PlainPainter(canvas, context);
}
