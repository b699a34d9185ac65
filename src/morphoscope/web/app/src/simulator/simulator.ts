// A run of a model: explicit Euler with the stencils and boundaries of Python's engines. What computes the steps is a
// backend, each a subclass.

import type { Backend, Boundary, ModelProgram, SimulatorOptions } from "./program";

export const ALL_SPECIES = -1;
export const HISTORY = 256; // rows of the picture of a one-dimensional run
export const NUMBERS: Record<Boundary, number> = { periodic: 0, "no-flux": 1, dirichlet: 2 }; // in shaders

export class UnsupportedError extends Error {}

/** What is known at once, or when the graphics processor has answered. */
export type Later<T> = T | Promise<T>;

/** Call `then` with the value, at once if it is there. A run that has ended, or whose device was lost, gives no answer. */
export function whenThere<T>(value: Later<T>, then: (value: T) => void): void {
  if (value instanceof Promise) value.then(then, () => undefined);
  else then(value);
}

/** Smallest, largest and mean value of a species; finite: of all values. */
export interface Extremes {
  low: number;
  high: number;
  mean: number;
  finite: boolean;
}

/** A state with its number of steps and its time. */
export interface Moment {
  state: Float32Array[];
  steps: number;
  time: number;
}

export abstract class Simulator {
  readonly width: number;
  readonly height: number;
  readonly boundary: [Boundary, Boundary];
  readonly stencil: 9 | 5;
  readonly spacing: number;
  dt: number;
  steps = 0;
  time = 0;
  protected ramps = new Map<string, [number, number]>(); // change per cell along x and y
  protected values = new Map<string, number>();
  protected changed = true; // a parameter or the time step, since they were sent

  /** `canvas`: where it draws. */
  constructor(readonly canvas: HTMLCanvasElement, readonly program: ModelProgram, options: SimulatorOptions) {
    this.width = options.width;
    this.height = options.height;
    this.boundary = options.boundary ?? ["periodic", "periodic"];
    if (this.height === 1) this.boundary = [this.boundary[0], this.boundary[0] === "periodic" ? "periodic" : "no-flux"];
    this.stencil = options.stencil ?? 9;
    this.spacing = options.spacing ?? program.spacing;
    this.dt = options.dt ?? program.dt;
    for (const { name, default: value } of program.parameters) this.values.set(name, value);
  }

  /** Resolves when the graphics processor was lost, to the last state that was read; null where this is not noticed. */
  readonly gone: Promise<Moment> | null = null;

  /** What computes the steps now. */
  abstract get backend(): Backend;

  get cells(): number {
    return this.width * this.height;
  }

  get parameters(): Record<string, number> {
    return Object.fromEntries(this.values);
  }

  setParameter(name: string, value: number): void {
    if (!this.values.has(name)) throw new Error(`${this.program.name} has no parameter ${name}`);
    this.values.set(name, value);
    this.ramps.delete(name);
    this.changed = true;
  }

  /** A parameter that varies linearly along an axis, from the first to the last cell. */
  setRamp(name: string, axis: "x" | "y", start: number, stop: number): void {
    this.setParameter(name, start);
    const cells = axis === "x" ? this.width : this.height;
    const slope = (stop - start) / Math.max(cells - 1, 1);
    this.ramps.set(name, axis === "x" ? [slope, 0] : [0, slope]);
  }

  setStep(dt: number): void {
    this.dt = dt;
    this.changed = true;
  }

  /** Of each parameter, its value in the first cell and its changes along x and y. */
  protected table(): [number, number, number][] {
    return this.program.parameters.map(({ name }) => [this.values.get(name) ?? 0, ...(this.ramps.get(name) ?? [0, 0])] as [number, number, number]);
  }

  /** The background everywhere. */
  protected uniform(): Float32Array[] {
    return this.program.species.map((_, s) => new Float32Array(this.cells).fill(this.program.background[s] ?? 0));
  }

  /** Start from a state: one array a species, in row order. */
  reset(state: Float32Array[]): void {
    const wrong = state.find((values) => values.length !== this.cells);
    if (wrong) throw new Error(`a start of ${wrong.length} cells; the grid has ${this.cells}`);
    this.steps = this.time = 0;
    this.begin(state);
  }

  /** Go on from a moment of another run of the same model, at its parameters. */
  resume(other: Simulator, { state, steps, time }: Moment): void {
    this.values = new Map(other.values);
    this.ramps = new Map(other.ramps);
    this.setStep(other.dt);
    this.reset(state);
    this.steps = steps;
    this.time = time;
  }

  protected abstract begin(state: Float32Array[]): void;

  /** Advance by a number of steps. */
  step(count: number): void {
    this.advance(count);
    this.steps += count;
    this.time += count * this.dt;
  }

  protected abstract advance(count: number): void;

  /** Whether it is so far behind that it should get no more steps. */
  abstract get busy(): boolean;

  /** How many milliseconds the steps take that `work` asks for. */
  abstract timing(work: () => void): Later<number>;

  /** Paint a disc: strength 1 sets the perturbed state, −1 the background, values between mix. Places are in cells. */
  abstract brush(x: number, y: number, radius: number, strength: number, species?: number): void;

  /** The state, one array a species, in row order. */
  abstract read(): Later<Float32Array[]>;

  /** Remember the state as it is now, in case that the graphics processor is lost. */
  keep(): void {}

  abstract extremes(species: number): Later<Extremes>;

  /** Draw a species on the canvas, which gets the size of the grid; a 1D run as a space–time diagram, time downwards. */
  abstract draw(palette: string[], range: [number, number], species: number): Later<void>;

  /** Release everything that the graphics processor holds for this run. */
  abstract free(): void;
}

/** The extremes of all cells from those of blocks of them: low, high, sum, number of values that are not finite. */
export function gathered(blocks: Float32Array, cells: number): Extremes {
  let low = Infinity, high = -Infinity, sum = 0, wrong = 0;
  for (let i = 0; i < blocks.length; i += 4) {
    low = Math.min(low, blocks[i] as number);
    high = Math.max(high, blocks[i + 1] as number);
    sum += blocks[i + 2] as number;
    wrong += blocks[i + 3] as number;
  }
  return { low, high, mean: sum / cells, finite: wrong === 0 };
}

/** The bytes of 256 colours. */
export function coloursOf(palette: string[]): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(4 * 256);
  for (let i = 0; i < 256; i++) {
    const colour = Number.parseInt((palette[i] ?? "#000000").slice(1), 16);
    pixels.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], 4 * i);
  }
  return pixels;
}
