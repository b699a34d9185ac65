// Steps on the processor, by the WebAssembly that Python writes from the model (morphoscope.engines.webassembly). Where
// the processor emulates graphics, this is several times as fast as shaders.

import type { Boundary, KernelProgram, ModelProgram } from "./program";

const LEFT = 4; // floats before the first cell of a row; the last of them is its ghost
const VECTOR = 4;
const PAGE = 65536;

type Pass = (old: number, inner: number, next: number, values: number, vectors: number, rows: number) => void;

export interface KernelGrid {
  width: number;
  height: number;
  boundary: [Boundary, Boundary];
  stencil: 9 | 5;
  spacing: number;
}

export class Kernel {
  private floats: Float32Array;
  private passes: Pass[];
  private program: KernelProgram;
  private pitch: number; // floats of a row of one field
  private inner: number; // fields of inner results
  private buffers: [number, number, number]; // floats before: the state, the next state, inner results

  /** Throws where the browser has no WebAssembly with SIMD, or forbids it. */
  constructor(private model: ModelProgram, program: KernelProgram, private grid: KernelGrid) {
    this.program = program;
    this.pitch = program.pitch / 4;
    this.inner = program.inner[program.inner.length - 1]?.[1] ?? 0;
    const rows = (grid.height + 2) * this.pitch, own = rows * model.species.length, values = 3 + model.parameters.length;
    const first = Math.ceil(values / VECTOR) * VECTOR;
    this.buffers = [first, first + own, first + 2 * own];
    const size = 4 * (first + 2 * own + rows * this.inner + VECTOR);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(size / PAGE) });
    const code = Uint8Array.from(atob(program.code), (letter) => letter.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { page: { memory } });
    this.passes = Array.from({ length: program.inner.length + 1 }, (_, i) => exports[`pass${grid.stencil}_${i}`] as Pass);
    this.floats = new Float32Array(memory.buffer);
  }

  /** Advance a state, one array a species in row order, in place. */
  step(state: Float32Array[], count: number, dt: number, parameters: number[]): void {
    const { width, height, spacing } = this.grid, species = state.length;
    this.floats.set([dt, 0.5 / spacing, 1 / (spacing * spacing), ...parameters]);
    const row = (s: number, y: number) => this.buffers[0] + ((y + 1) * species + s) * this.pitch + LEFT;
    state.forEach((values, s) => {
      for (let y = 0; y < height; y++) this.floats.set(values.subarray(y * width, (y + 1) * width), row(s, y));
    });
    for (let i = 0; i < count; i++) this.once(species);
    state.forEach((values, s) => {
      for (let y = 0; y < height; y++) values.set(this.floats.subarray(row(s, y), row(s, y) + width), y * width);
    });
  }

  private once(species: number): void {
    const { width, height } = this.grid, vectors = Math.ceil(width / VECTOR), background = this.model.background;
    const [old, next, inner] = this.buffers;
    for (let s = 0; s < species; s++) this.fill(old, species, s, background[s] ?? 0);
    this.passes.forEach((pass, i) => {
      const made = this.program.inner[i], target = made ? inner : next;
      pass(4 * old, 4 * inner, 4 * target, 0, vectors, height);
      if (made) for (let field = made[0]; field < made[1]; field++) this.fill(inner, this.inner, field, 0);
    });
    this.buffers = [next, old, inner];
  }

  /** The ghost cells of a field, first left and right, then whole rows, so that corners are right. */
  private fill(buffer: number, fields: number, field: number, outside: number): void {
    const { width, height, boundary: [across, down] } = this.grid, floats = this.floats;
    const stride = fields * this.pitch, first = buffer + field * this.pitch + LEFT;
    for (let y = 1; y <= height; y++) {
      const at = first + y * stride, last = at + width - 1;
      const periodic = across === "periodic", open = across === "no-flux";
      floats[at - 1] = periodic ? (floats[last] as number) : open ? (floats[at] as number) : outside;
      floats[last + 1] = periodic ? (floats[at] as number) : open ? (floats[last] as number) : outside;
    }
    const ghost = (y: number, from: number) => {
      const at = first + y * stride - 1, source = first + from * stride - 1;
      if (down === "dirichlet") floats.fill(outside, at, at + width + 2);
      else floats.copyWithin(at, source, source + width + 2);
    };
    ghost(0, down === "periodic" ? height : 1);
    ghost(height + 1, down === "periodic" ? 1 : height);
  }
}
