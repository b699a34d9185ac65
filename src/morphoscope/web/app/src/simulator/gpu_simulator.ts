// A run whose steps WebGPU computes, in buffers of its own. Nothing waits for the graphics processor: what is read from
// it arrives later.

import { copied } from "./gpu";
import { BLOCKS, BRUSH, EXTREMES, PICTURE } from "./gpu_shaders";
import type { Backend, ModelProgram, SimulatorOptions } from "./program";
import { ALL_SPECIES, coloursOf, gathered, HISTORY, NUMBERS, Simulator, type Extremes, type Moment } from "./simulator";

const LONGEST = 512; // steps of one submission
const AHEAD = 2; // calls of `step` that are not finished, at most, unless somebody insists

interface Tool {
  run: GPUComputePipeline;
  values: GPUBuffer; // uniforms
}

export class GpuSimulator extends Simulator {
  /** Resolves when the device is lost, unless the run was freed, to the last state that was read. */
  readonly gone: Promise<Moment>;
  private kept: Moment = { state: [], steps: 0, time: 0 };
  private freed = false;
  private runs = 0; // how often a run began
  private pending = 0;
  private now = 0; // which of the fields is the state
  private fields: [GPUBuffer, GPUBuffer];
  private groups: [GPUBindGroup, GPUBindGroup];
  private uniforms: GPUBuffer;
  private history: GPUBuffer | null;
  private row = 0;
  private remembered = -1;
  private chain: GPUComputePipeline[] = [];
  private found: GPUBuffer; // extremes of blocks
  private palette: GPUBuffer;
  private colours: string[] | null = null;
  private pixels: GPUBuffer;
  private layout: GPUBindGroupLayout;
  private painting!: Tool;
  private looking!: Tool;
  private drawing!: Tool;
  private group: [number, number]; // cells of a workgroup along x and y

  private constructor(private device: GPUDevice, canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions) {
    super(canvas, program, options);
    this.gone = new Promise((resolve) => {
      void device.lost.then(() => this.freed || resolve(this.kept));
    });
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage, bytes = 4 * program.compute.channels * this.cells;
    const field = (size: number) => device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    this.fields = [field(bytes), field(bytes)];
    this.uniforms = this.uniformsOf(16 + 16 * program.parameters.length);
    this.history = this.height === 1 ? field(bytes * HISTORY) : null;
    this.found = field(16 * this.blocks);
    this.palette = field(4 * 256);
    this.pixels = field(4 * this.width * this.rows);
    this.group = this.height === 1 ? [64, 1] : [16, 8];
    const visibility = GPUShaderStage.COMPUTE, kinds = ["uniform", "read-only-storage", "storage", "storage"] as const;
    this.layout = device.createBindGroupLayout({ entries: kinds.map((type, binding) => ({ binding, visibility, buffer: { type } })) });
    const inner = field(Math.max(program.compute.inner * bytes, 16));
    const bound = (now: 0 | 1) => this.bound(this.layout, [this.uniforms, this.fields[now], this.fields[1 - now] as GPUBuffer, inner]);
    this.groups = [bound(0), bound(1)];
  }

  /** Throws where the device can't compute this model on this grid. */
  static async open(device: GPUDevice, canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions): Promise<GpuSimulator> {
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const made = new GpuSimulator(device, canvas, program, options);
    try {
      await made.compile();
      made.reset(made.uniform());
      const problem = (await device.popErrorScope()) ?? (await device.popErrorScope());
      if (problem) throw new Error(`WebGPU can't compute this run: ${problem.message}`);
    } catch (error) {
      made.free();
      throw error;
    }
    return made;
  }

  private async compile(): Promise<void> {
    const { device } = this, [x, y] = this.boundary, [across, down] = this.group;
    const numbers = {
      WIDTH: this.width, HEIGHT: this.height, STENCIL: this.stencil, BOUNDARY_X: NUMBERS[x], BOUNDARY_Y: NUMBERS[y], GROUP_X: across,
      GROUP_Y: down, CHANNELS: this.program.compute.channels, ROWS: this.rows, BLOCKS: this.blocks,
    };
    const head = Object.entries(numbers).map(([name, value]) => `const ${name} = ${value};\n`).join("");
    const module = (text: string) => device.createShaderModule({ code: head + text });
    const compute = (text: string, entryPoint: string, layout: GPUPipelineLayout | "auto" = "auto") =>
      device.createComputePipelineAsync({ layout, compute: { module: module(text), entryPoint } });
    const steps = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    const [chain, brush, extremes, picture] = await Promise.all([
      Promise.all(this.program.compute.passes.map((text) => compute(text, "advance", steps))),
      compute(BRUSH, "main"),
      compute(EXTREMES, "main"),
      compute(PICTURE, "main"),
    ]);
    this.chain = chain;
    this.painting = { run: brush, values: this.uniformsOf(48) };
    this.looking = { run: extremes, values: this.uniformsOf(16) };
    this.drawing = { run: picture, values: this.uniformsOf(16) };
  }

  private uniformsOf(size: number): GPUBuffer {
    return this.device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  }

  private bound(layout: GPUBindGroupLayout, buffers: GPUBuffer[]): GPUBindGroup {
    return this.device.createBindGroup({ layout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) });
  }

  get backend(): Backend {
    return "webgpu";
  }

  get busy(): boolean {
    return this.pending >= AHEAD;
  }

  private get blocks(): number {
    return Math.min(BLOCKS, this.cells);
  }

  /** Of a picture. */
  private get rows(): number {
    return this.height === 1 ? HISTORY : this.height;
  }

  private get state(): GPUBuffer {
    return this.fields[this.now] as GPUBuffer;
  }

  protected begin(state: Float32Array[]): void {
    const { channels } = this.program.compute, texels = new Float32Array(channels * this.cells);
    state.forEach((values, s) => {
      for (let cell = 0; cell < values.length; cell++) texels[cell * channels + s] = values[cell] as number;
    });
    this.device.queue.writeBuffer(this.state, 0, texels);
    this.runs++;
    this.kept = { state, steps: 0, time: 0 };
    this.row = 0;
    this.remembered = -1;
    if (this.history) this.device.queue.writeBuffer(this.history, 0, new Float32Array(this.history.size / 4).fill(Number.NaN));
  }

  protected advance(count: number): void {
    const { queue } = this.device;
    if (this.changed) {
      const table = this.table().flatMap((row) => [...row, 0]);
      queue.writeBuffer(this.uniforms, 0, Float32Array.of(this.dt, this.spacing, 0, 0, ...table));
      this.changed = false;
    }
    for (let left = count; left > 0; left -= LONGEST) this.submit(Math.min(left, LONGEST));
    this.pending++;
    queue.onSubmittedWorkDone().then(() => this.pending--, () => undefined);
  }

  private submit(steps: number): void {
    const encoder = this.device.createCommandEncoder(), pass = encoder.beginComputePass();
    const across = Math.ceil(this.width / this.group[0]), down = Math.ceil(this.height / this.group[1]);
    for (let i = 0; i < steps; i++) {
      pass.setBindGroup(0, this.groups[this.now] as GPUBindGroup);
      for (const pipeline of this.chain) {
        pass.setPipeline(pipeline);
        pass.dispatchWorkgroups(across, down);
      }
      this.now = 1 - this.now;
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** From when the device has done what it was told before. */
  async timing(work: () => void): Promise<number> {
    const { queue } = this.device;
    let begin = performance.now();
    const before = queue.onSubmittedWorkDone().then(() => (begin = performance.now()));
    work();
    await Promise.all([before, queue.onSubmittedWorkDone()]);
    return performance.now() - begin;
  }

  private compute({ run, values }: Tool, uniforms: ArrayBufferView<ArrayBuffer>, buffers: GPUBuffer[], groups: [number, number]): void {
    const encoder = this.device.createCommandEncoder(), pass = encoder.beginComputePass();
    this.device.queue.writeBuffer(values, 0, uniforms);
    pass.setPipeline(run);
    pass.setBindGroup(0, this.bound(run.getBindGroupLayout(0), [values, ...buffers]));
    pass.dispatchWorkgroups(...groups);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  brush(x: number, y: number, radius: number, strength: number, species = ALL_SPECIES): void {
    const { perturbation, background } = this.program, goal = strength >= 0 ? perturbation : background;
    const four = (value: (s: number) => number) => [0, 1, 2, 3].map(value);
    const mask = four((s) => (species === ALL_SPECIES || species === s ? 1 : 0));
    const uniforms = Float32Array.of(x, y, radius, Math.min(Math.abs(strength), 1), ...four((s) => goal[s] ?? 0), ...mask);
    const groups: [number, number] = [Math.ceil(this.width / this.group[0]), Math.ceil(this.height / this.group[1])];
    this.compute(this.painting, uniforms, [this.state], groups);
  }

  async read(): Promise<Float32Array[]> {
    const { steps, time, runs, cells } = this, { channels } = this.program.compute;
    const texels = new Float32Array(await copied(this.device, this.state));
    const state = this.program.species.map((_, s) => {
      const values = new Float32Array(cells);
      for (let cell = 0; cell < cells; cell++) values[cell] = texels[cell * channels + s] as number;
      return values;
    });
    if (runs === this.runs) this.kept = { state, steps, time };
    return state;
  }

  keep(): void {
    this.read().catch(() => undefined);
  }

  async extremes(species: number): Promise<Extremes> {
    this.compute(this.looking, Int32Array.of(species), [this.state, this.found], [Math.ceil(this.blocks / 64), 1]);
    return gathered(new Float32Array(await copied(this.device, this.found)), this.cells);
  }

  async draw(palette: string[], range: [number, number], species: number): Promise<void> {
    const { device, canvas, width, rows } = this;
    if (palette !== this.colours) device.queue.writeBuffer(this.palette, 0, coloursOf(palette));
    this.colours = palette;
    if (this.history) this.remember(this.history);
    const uniforms = new DataView(new ArrayBuffer(16)), shift = this.history ? Math.max(this.row - HISTORY, 0) % HISTORY : 0;
    range.forEach((end, i) => uniforms.setFloat32(4 * i, end, true));
    uniforms.setInt32(8, species, true);
    uniforms.setInt32(12, shift, true);
    const groups: [number, number] = [Math.ceil(width / this.group[0]), Math.ceil(rows / this.group[1])];
    this.compute(this.drawing, uniforms, [this.history ?? this.state, this.palette, this.pixels], groups);
    const pixels = new Uint8ClampedArray(await copied(device, this.pixels));
    if (canvas.width !== width || canvas.height !== rows) {
      canvas.width = width;
      canvas.height = rows;
    }
    canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, rows), 0, 0);
  }

  private remember(history: GPUBuffer): void {
    if (this.remembered === this.steps && this.row > 0) return;
    this.remembered = this.steps;
    const encoder = this.device.createCommandEncoder(), { size } = this.state;
    encoder.copyBufferToBuffer(this.state, 0, history, (this.row % HISTORY) * size, size);
    this.device.queue.submit([encoder.finish()]);
    this.row++;
  }

  free(): void {
    this.freed = true;
    this.device.destroy();
  }
}
