// One model that runs live: its parameters, its start, and what theory says about the point where it is.

import { batch, signal } from "@preact/signals";

import { boundariesOf, type ModelProgram, type Preset } from "../../simulator/program";
import { LOCAL_STARTS, localStart } from "../../simulator/starts";
import { whenThere } from "../../simulator/simulator";
import { wavelength } from "../../simulator/wavelength";
import { backendAsked } from "./link";
import { Runner } from "./runner";
import type { LiveSource, PlaneLine, Point, Spec, TheorySource, Values } from "./source";

export interface LiveGrid {
  width: number;
  height: number;
  boundary: string;
  stencil: 9 | 5;
  spacing?: number;
}

export interface Beginning {
  parameters?: Values;
  initial?: string | null;
  seed?: number;
  field?: { values: Float32Array[]; exact: boolean; name: string } | null; // the very start of a run
}

const QUIET = 180; // milliseconds without a change of a parameter after which theory is asked
const AGAIN = 5000; // milliseconds after which it is asked again if there was no answer
const MARGIN = 0.9; // of the largest stable step, which is that of diffusion alone

interface Given {
  name: string;
  exact: boolean; // a run's own start, not one like it
  file?: boolean | undefined;
}

export class Session {
  readonly parameters = signal<Values>({});
  readonly initial = signal("");
  readonly seed = signal(0);
  readonly given = signal<Given | null>(null); // the run or the file whose start this is
  readonly point = signal<Point | null>(null);
  readonly asking = signal(false);
  readonly lines = signal<PlaneLine[] | null>(null);
  readonly measured = signal<number | null>(null);
  readonly dt = signal(0);
  readonly told = signal(""); // why there is no such start
  readonly untold = signal(""); // why there is no theory
  began = { initial: "", seed: 0 }; // of the pattern that is shown; what is chosen may still be on its way
  runner: Runner | null = null;
  moved: ((parameters: Values) => void) | null = null;
  leaving: (() => void) | null = null; // called before the run ends, while it can still be saved
  private timer = 0;
  private asked = 0;
  private busy = false;
  private planeOf = "";
  private beginnings = 0; // starts that were asked for
  private attached = 0; // how often it was shown on a canvas, or freed
  private step: number; // the one that is used where it is stable

  constructor(
    readonly program: ModelProgram,
    readonly spec: Spec,
    readonly source: LiveSource | null,
    readonly grid: LiveGrid,
    private beginning: Beginning,
    readonly theory: TheorySource | null = source,
  ) {
    const own = Object.fromEntries(program.parameters.map((p) => [p.name, p.default]));
    this.parameters.value = { ...own, ...beginning.parameters };
    this.initial.value = beginning.initial ?? (source ? program.initial : LOCAL_STARTS[0]);
    this.seed.value = beginning.seed ?? 0;
    this.step = this.dt.value = program.dt;
    this.asking.value = theory !== null; // as soon as the run has begun
  }

  get starts(): string[] {
    const names = this.source ? this.program.starts : [...LOCAL_STARTS];
    return [...new Set([this.initial.value, ...names])];
  }

  get spacing(): number {
    return this.grid.spacing ?? this.program.spacing;
  }

  /** Show the run on a canvas. Throws UnsupportedError where the browser can't compute it. */
  async attach(canvas: HTMLCanvasElement, palette: string[]): Promise<void> {
    const { width, height, boundary, stencil } = this.grid;
    const options = { width, height, stencil, spacing: this.spacing, boundary: boundariesOf(boundary), backend: backendAsked() };
    const number = ++this.attached, runner = await Runner.open(canvas, this.program, options, palette).catch((error: Error) => {
      this.asking.value = false;
      throw error;
    });
    if (number !== this.attached) return runner.free();
    this.runner = runner;
    this.send();
    const field = this.beginning.field;
    if (field) this.take(field);
    else await this.begin();
    if (number === this.attached) this.changed();
  }

  private take(field: Given & { values: Float32Array[] }): void {
    this.given.value = { name: field.name, exact: field.exact, file: field.file };
    this.runner?.begin(field.values);
    this.runner?.play(true);
  }

  private send(): void {
    const simulator = this.runner?.simulator;
    if (!simulator) return;
    for (const [name, value] of Object.entries(this.parameters.value)) simulator.setParameter(name, value);
    simulator.setStep(this.dt.value);
  }

  /** Begin from the chosen initial condition and seed; the pattern that was there is lost. */
  async begin(play = true): Promise<void> {
    const { width, height } = this.grid, number = ++this.beginnings, initial = this.initial.value, seed = this.seed.value;
    this.told.value = "";
    try {
      const state = this.source
        ? await this.source.begin(this.spec, this.parameters.value, initial, seed, width, height)
        : localStart(this.program, initial, seed, width, height);
      if (number !== this.beginnings) return; // another one was chosen meanwhile
      this.given.value = null;
      this.began = { initial, seed };
      this.runner?.begin(state);
      if (play) this.runner?.play(true);
    } catch (error) {
      if (number === this.beginnings) this.told.value = (error as Error).message;
    }
  }

  /** Begin from a picture or an array of the model's state. Throws Error if it can't be read. */
  async beginFrom(file: File, bright: boolean): Promise<void> {
    if (!this.source) throw new Error("without its server this page can't read files");
    const { width, height } = this.grid, number = ++this.beginnings;
    const values = await this.source.startOf(this.spec, file, bright, width, height);
    if (number !== this.beginnings) return; // another one was chosen meanwhile
    this.told.value = "";
    this.take({ values, exact: true, name: file.name, file: true });
  }

  /** Keep the pattern as it is now as an ensemble; returns the name of its folder. */
  async keep(): Promise<string> {
    const simulator = this.runner?.simulator;
    if (!simulator || !this.source) throw new Error("there is no run to save");
    const { width, height, spacing, time } = simulator, { boundary } = this.grid, parameters = this.parameters.value;
    return this.source.keep(this.spec, parameters, await simulator.read(), { width, height, spacing, boundary, time });
  }

  set(name: string, value: number): void {
    if (!Number.isFinite(value)) return;
    this.parameters.value = { ...this.parameters.value, [name]: value };
    this.runner?.simulator.setParameter(name, value);
    this.changed();
  }

  async choose(preset: Preset): Promise<void> {
    batch(() => {
      const own = Object.fromEntries(this.program.parameters.map((p) => [p.name, p.default]));
      this.parameters.value = { ...own, ...preset.parameters };
      if (this.source) this.initial.value = preset.initial ?? this.program.initial;
      this.seed.value = preset.seed;
    });
    this.send();
    this.changed();
    await this.begin();
  }

  /** Half the time step, from now on, and back to the start. */
  halve(): void {
    this.step = this.dt.value = this.dt.value / 2;
    this.send();
    this.runner?.reset();
    this.runner?.play(true);
  }

  private changed(): void {
    this.moved?.(this.parameters.value);
    if (!this.theory) return;
    this.asking.value = true;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), QUIET);
  }

  /** One question at a time: sliders move faster than a slow computer finds steady states. */
  private async ask(): Promise<void> {
    const number = ++this.asked;
    if (this.busy) return;
    const source = this.theory as TheorySource, values = this.parameters.value;
    this.busy = true;
    try {
      const point = await source.point(this.spec, values, this.spacing, this.grid.stencil);
      if (!this.runner) return;
      this.untold.value = "";
      this.point.value = point;
      this.limit(point.dt);
      await this.askPlane(source, values);
    } catch (error) {
      this.planeOf = ""; // its lines may not have come
      this.untold.value = `theory: ${(error as Error).message}`;
      this.timer = window.setTimeout(() => void this.ask(), AGAIN);
    } finally {
      this.busy = false;
      this.asking.value = number !== this.asked;
      if (this.asking.value && this.runner) void this.ask();
    }
  }

  /** The time step is the model's, or less where that is not stable. */
  private limit(largest: number | null): void {
    const stable = largest !== null && this.step > largest ? MARGIN * largest : this.step;
    if (stable === this.dt.value) return;
    this.dt.value = stable;
    this.send();
  }

  get ends(): [[number, number], [number, number]] {
    const range = (name: string) => this.program.parameters.find((p) => p.name === name)?.range ?? [0, 1];
    return [range(this.program.plane[0]), range(this.program.plane[1])];
  }

  /** Lines depend on the parameters that are not axes. */
  private async askPlane(source: TheorySource, values: Values): Promise<void> {
    const plane = this.program.plane;
    const others = JSON.stringify(Object.entries(values).filter(([name]) => !plane.includes(name)));
    if (plane[0] === plane[1] || others === this.planeOf) return;
    this.planeOf = others;
    const lines = await source.plane(this.spec, values, ...this.ends);
    if (others === this.planeOf) this.lines.value = lines;
  }

  /** The wavelength of the pattern as it is now. */
  measure(): void {
    const runner = this.runner;
    if (!runner || runner.problem.value) return;
    const { simulator } = runner, species = runner.species.value;
    const periodic: [boolean, boolean] = [simulator.boundary[0] === "periodic", simulator.boundary[1] === "periodic"];
    whenThere(simulator.read(), (state) => {
      const field = state[species];
      if (!field || this.runner !== runner || runner.species.value !== species) return;
      this.measured.value = wavelength(field, simulator.width, simulator.height, simulator.spacing, periodic);
    });
  }

  free(): void {
    this.leaving?.();
    clearTimeout(this.timer);
    this.asked++;
    this.attached++;
    this.runner?.free();
    this.runner = null;
  }
}
