// A run whose steps WebGL2 computes or, where the processor emulates graphics, WebAssembly; WebGL2 draws it.

import { BLOCK, BRUSH, EXTREMES, HEAD, PICTURE } from "./shaders";
import { Field, Pass, contextOf, emulated } from "./gl";
import { Kernel } from "./kernel";
import type { Backend, ModelProgram, ShaderPass, SimulatorOptions } from "./program";
import { ALL_SPECIES, coloursOf, gathered, HISTORY, NUMBERS, Simulator, type Extremes } from "./simulator";

interface Step {
  pass: Pass;
  textures: string[];
  writes: string;
}

export class GlSimulator extends Simulator {
  readonly gl: WebGL2RenderingContext;
  readonly packed: number; // cells in a texel
  private fields: [Field, Field];
  private inner = new Map<string, Field>();
  private blocks: Field;
  private history: Field | null;
  private row = 0;
  private chain: Step[] = [];
  private brushPass: Pass;
  private extremesPass: Pass;
  private picturePass: Pass;
  private palette: WebGLTexture;
  private colours: string[] | null = null;
  private kernel: Kernel | null;

  constructor(canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions) {
    super(canvas, program, options);
    const gl = (this.gl = contextOf(canvas));
    gl.bindVertexArray(gl.createVertexArray());
    this.packed = this.width % program.packed ? 1 : program.packed;
    const columns = this.width / this.packed;
    const field = (width = columns, height = this.height) => new Field(gl, width, height);
    this.fields = [field(), field()];
    for (const { writes } of program.passes) if (writes !== "state") this.inner.set(writes, field());
    this.blocks = field(Math.ceil(columns / BLOCK), Math.ceil(this.height / BLOCK));
    this.history = this.height === 1 ? field(columns, HISTORY) : null;
    const own = (text: string) => new Pass(gl, `#version 300 es\n#define PACKED ${this.packed}\n${HEAD}${text}`);
    this.brushPass = own(BRUSH);
    this.extremesPass = own(EXTREMES);
    this.picturePass = own(PICTURE);
    this.palette = gl.createTexture();
    const processor = options.backend ? options.backend === "webassembly" : emulated(gl);
    this.kernel = processor ? this.processor() : null;
    this.compile();
    this.reset(this.uniform());
  }

  /** What computes steps on the processor; null where only shaders can. */
  private processor(): Kernel | null {
    const { program, width, height, boundary, stencil, spacing } = this;
    try {
      return program.kernel && new Kernel(program, program.kernel, { width, height, boundary, stencil, spacing });
    } catch {
      return null;
    }
  }

  get backend(): Backend {
    return this.kernel !== null && this.ramps.size === 0 ? "webassembly" : "webgl2";
  }

  get busy(): boolean {
    return false;
  }

  private get columns(): number {
    return this.width / this.packed;
  }

  /** Where a species of a cell is among the floats of all texels. */
  private place(cell: number, species: number): number {
    return 4 * Math.floor(cell / this.packed) + species * this.packed + (cell % this.packed);
  }

  protected begin(state: Float32Array[]): void {
    this.write(state);
    this.row = 0;
    this.remembered = -1;
    this.history?.write(new Float32Array(4 * this.columns * HISTORY).fill(Number.NaN));
  }

  private write(state: Float32Array[]): void {
    const cells = this.cells, texels = new Float32Array(4 * this.columns * this.height);
    state.forEach((values, s) => {
      for (let cell = 0; cell < cells; cell++) texels[this.place(cell, s)] = values[cell] as number;
    });
    this.fields[0].write(texels);
  }

  setParameter(name: string, value: number): void {
    const varied = this.ramps.has(name);
    super.setParameter(name, value);
    if (varied) this.compile();
  }

  setRamp(name: string, axis: "x" | "y", start: number, stop: number): void {
    super.setRamp(name, axis, start, stop);
    this.compile();
  }

  private compile(): void {
    for (const { pass } of this.chain) pass.free();
    const [x, y] = this.boundary;
    const definitions = [`PACKED ${this.packed}`, `STENCIL ${this.stencil}`, `BOUNDARY_X ${NUMBERS[x]}`, `BOUNDARY_Y ${NUMBERS[y]}`];
    if (this.ramps.size) definitions.push("RAMPS");
    const head = ["#version 300 es", ...definitions.map((d) => `#define ${d}`), ""].join("\n");
    this.chain = this.program.passes.map(({ text, textures, writes }: ShaderPass) => ({
      pass: new Pass(this.gl, head + text), textures, writes,
    }));
    this.changed = true;
  }

  private sendParameters(): void {
    const gl = this.gl;
    const table = this.table().flat();
    for (const { pass, textures } of this.chain) {
      gl.useProgram(pass.program);
      gl.uniform1f(pass.at("dt"), this.dt);
      gl.uniform1f(pass.at("spacing"), this.spacing);
      if (table.length) gl.uniform3fv(pass.at("parameter"), table);
      textures.forEach((name, unit) => gl.uniform1i(pass.at(name), unit));
    }
    this.changed = false;
  }

  protected advance(count: number): void {
    if (!this.kernel || this.backend !== "webassembly") return this.draws(count);
    const state = this.read();
    this.kernel.step(state, count, this.dt, this.program.parameters.map(({ name }) => this.values.get(name) ?? 0));
    this.write(state);
  }

  private draws(count: number): void {
    const gl = this.gl;
    if (this.changed) this.sendParameters();
    gl.viewport(0, 0, this.columns, this.height);
    const alone = this.chain.length === 1;
    if (alone) gl.useProgram((this.chain[0] as Step).pass.program);
    gl.activeTexture(gl.TEXTURE0);
    for (let i = 0; i < count; i++) {
      for (const { pass, textures, writes } of this.chain) {
        if (!alone) gl.useProgram(pass.program);
        for (let unit = textures.length - 1; unit >= 0; unit--) {
          if (!alone) gl.activeTexture(gl.TEXTURE0 + unit);
          gl.bindTexture(gl.TEXTURE_2D, this.textureOf(textures[unit] as string));
        }
        gl.bindFramebuffer(gl.FRAMEBUFFER, writes === "state" ? this.fields[1].target : (this.inner.get(writes) as Field).target);
        gl.drawArrays(gl.TRIANGLES, 0, 3);
      }
      this.fields.reverse();
    }
  }

  private textureOf(name: string): WebGLTexture {
    return name === "state" ? this.fields[0].texture : (this.inner.get(name) as Field).texture;
  }

  private bindState(): void {
    this.gl.activeTexture(this.gl.TEXTURE0);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.fields[0].texture);
  }

  brush(x: number, y: number, radius: number, strength: number, species = ALL_SPECIES): void {
    const gl = this.gl, pass = this.brushPass, { perturbation, background } = this.program;
    const goal = strength >= 0 ? perturbation : background;
    const four = (value: (s: number) => number) => [0, 1, 2, 3].map(value) as [number, number, number, number];
    gl.useProgram(pass.program);
    gl.viewport(0, 0, this.columns, this.height);
    this.bindState();
    gl.uniform1i(pass.at("state"), 0);
    gl.uniform2f(pass.at("place"), x, y);
    gl.uniform1f(pass.at("radius"), radius);
    gl.uniform1f(pass.at("strength"), Math.min(Math.abs(strength), 1));
    gl.uniform4f(pass.at("towards"), ...four((s) => goal[s] ?? 0));
    gl.uniform4f(pass.at("mask"), ...four((s) => (species === ALL_SPECIES || species === s ? 1 : 0)));
    gl.uniform2i(pass.at("periodic"), +(this.boundary[0] === "periodic"), +(this.boundary[1] === "periodic"));
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.fields[1].target);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.fields.reverse();
  }

  read(): Float32Array[] {
    const texels = this.fields[0].read(), cells = this.cells;
    return this.program.species.map((_, s) => {
      const values = new Float32Array(cells);
      for (let cell = 0; cell < cells; cell++) values[cell] = texels[this.place(cell, s)] as number;
      return values;
    });
  }

  /** Wait until the graphics processor has done what it was told. */
  wait(): void {
    const gl = this.gl, texel = new Float32Array(4);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.fields[0].target);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, texel);
  }

  /** Without the waiting itself: on a busy computer it costs more than the steps. */
  timing(work: () => void): number {
    this.wait();
    const idle = performance.now();
    this.wait();
    const begin = performance.now();
    work();
    this.wait();
    return Math.max(performance.now() - begin - (begin - idle), 0);
  }

  /** Computed in blocks on the graphics processor, so that little is transferred. */
  extremes(species: number): Extremes {
    const gl = this.gl, pass = this.extremesPass;
    gl.useProgram(pass.program);
    gl.viewport(0, 0, this.blocks.width, this.blocks.height);
    this.bindState();
    gl.uniform1i(pass.at("state"), 0);
    gl.uniform1i(pass.at("species"), species);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.blocks.target);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    return gathered(this.blocks.read(), this.cells);
  }

  draw(palette: string[], range: [number, number], species: number): void {
    const gl = this.gl, pass = this.picturePass, shown = this.history ?? this.fields[0], columns = this.width;
    if (this.canvas.width !== columns || this.canvas.height !== shown.height) {
      this.canvas.width = columns;
      this.canvas.height = shown.height;
    }
    if (this.history) this.remember(this.history);
    if (palette !== this.colours) this.sendPalette(palette);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.useProgram(pass.program);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, shown.texture);
    gl.uniform1i(pass.at("state"), 0);
    gl.uniform1i(pass.at("palette"), 1);
    gl.uniform1i(pass.at("species"), species);
    gl.uniform2f(pass.at("range"), range[0], range[1]);
    gl.uniform2f(pass.at("pixels"), this.canvas.width, this.canvas.height);
    gl.uniform1i(pass.at("shift"), this.history ? Math.max(this.row - HISTORY, 0) % HISTORY : 0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private remembered = -1;

  private remember(history: Field): void {
    const gl = this.gl, row = this.row % HISTORY;
    if (this.remembered === this.steps && this.row > 0) return;
    this.remembered = this.steps;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.fields[0].target);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, history.target);
    gl.blitFramebuffer(0, 0, this.columns, 1, 0, row, this.columns, row + 1, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    this.row++;
  }

  private sendPalette(palette: string[]): void {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, coloursOf(palette));
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    this.colours = palette;
  }

  /** The canvas can be used for another run. */
  free(): void {
    for (const field of [...this.fields, ...this.inner.values(), this.blocks]) field.free();
    this.history?.free();
    for (const { pass } of this.chain) pass.free();
    for (const pass of [this.brushPass, this.extremesPass, this.picturePass]) pass.free();
    this.gl.deleteTexture(this.palette);
  }
}
