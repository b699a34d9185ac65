// Runs a simulator frame by frame: pace, colour range, and whether values are still finite. No markup in here.

import { signal } from "@preact/signals";

import { createSimulator, openSimulator } from "../../simulator/opening";
import { BACKENDS, type ModelProgram, type SimulatorOptions } from "../../simulator/program";
import { whenThere, type Extremes, type Later, type Moment, type Simulator } from "../../simulator/simulator";
import { plain } from "./words";

export const SECONDS = 60; // in which a run passes its usual end at speed 1
const LONGEST = 100; // milliseconds that a frame may catch up
const BUDGET: [number, number] = [12, 33]; // milliseconds of a frame that steps may take, at least and at most
const TIMED = 20; // frames between two measurements of how long a step takes
const MEASURED = 5; // frames between two looks at the extremes
const TOLD = 250; // milliseconds between two changes of the numbers beside the picture
const SHRINK = 0.05; // of the difference, by which a range follows extremes inwards

export class Runner {
  readonly playing = signal(false);
  readonly speed = signal(1);
  readonly species = signal(0);
  readonly auto = signal(true);
  readonly range = signal<[number, number]>([0, 1]);
  readonly time = signal(0);
  readonly rate = signal(0); // frames a second
  readonly pace = signal(0); // model time a second, measured
  readonly problem = signal("");
  readonly notice = signal(""); // what happened to the graphics processor
  palette: string[];
  shown = { steps: 0, time: 0 }; // of the picture on the canvas
  /** Called after each frame that was drawn. */
  drawn: (() => void) | null = null;
  private started: Float32Array[] | null = null;
  private marks: number[] = []; // steps at which the state is taken, ascending
  private taken: ((state: Float32Array[], time: number) => void) | null = null;
  private awaited = 0; // states that were asked for and have not arrived
  private run = 0; // how often a run began, here or on another backend
  private handle = 0;
  private last = 0;
  private owed = 0;
  private cost = 1; // milliseconds of a step
  private interval = 16; // milliseconds of a frame, smoothed
  private shownRange: [number, number] = [0, 1];
  private frames = 0;
  private counted = { frames: 0, since: 0, time: 0 };

  /** `canvas`: where the run is shown. */
  private constructor(readonly canvas: HTMLCanvasElement, public simulator: Simulator, private options: SimulatorOptions, palette: string[]) {
    this.palette = palette;
    this.range.value = this.shownRange = simulator.program.shown ?? [0, 1];
    void simulator.gone?.then((moment) => this.replace(moment));
  }

  static async open(canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions, palette: string[]): Promise<Runner> {
    return new Runner(canvas, await openSimulator(canvas, program, options), options, palette);
  }

  /** Go on without the graphics processor that was lost, from the last state that is known. */
  private replace(moment: Moment): void {
    const lost = this.simulator;
    try {
      this.simulator = createSimulator(document.createElement("canvas"), lost.program, { ...this.options, backend: undefined });
    } catch (error) {
      this.play(false);
      this.notice.value = `WebGPU has lost the graphics processor, and ${(error as Error).message}; reload the page.`;
      return;
    }
    this.simulator.resume(lost, moment);
    this.drawings = 0;
    this.measuring = false;
    lost.free();
    const name = BACKENDS[this.simulator.backend];
    this.notice.value = `WebGPU has lost the graphics processor; the run went on with ${name} from t = ${plain(moment.time, 5)}.`;
    this.anew();
  }

  get program(): ModelProgram {
    return this.simulator.program;
  }

  /** The state that reset goes back to. */
  get start(): Float32Array[] | null {
    return this.started;
  }

  /** Start from a state, which reset goes back to. */
  begin(state: Float32Array[]): void {
    this.started = state;
    this.reset();
  }

  reset(): void {
    if (!this.started) return;
    this.simulator.reset(this.started);
    this.problem.value = "";
    this.anew();
  }

  private anew(): void {
    this.run++;
    this.marks = [];
    this.awaited = this.owed = 0;
    this.measure(true);
    this.redraw();
    this.tell();
  }

  play(on = !this.playing.value): void {
    if (on && this.problem.value) return;
    this.playing.value = on;
    cancelAnimationFrame(this.handle);
    this.tell();
    this.last = this.counted.since = performance.now();
    this.counted.frames = this.frames;
    this.counted.time = this.simulator.time;
    if (on) this.handle = requestAnimationFrame(this.frame);
    else this.simulator.keep();
  }

  /** Some steps by hand. */
  advance(steps: number): void {
    this.forward(steps);
    this.simulator.keep();
    this.measure();
    this.redraw();
    this.tell();
  }

  /** Model time a second that the speed asks for. */
  get wanted(): number {
    return (this.speed.value * this.program.until) / SECONDS;
  }

  private frame = (now: number): void => {
    if (!this.playing.value) return;
    const passed = Math.min(Math.max(now - this.last, 0), LONGEST);
    this.last = now;
    this.interval += 0.1 * (passed - this.interval);
    this.owed += (this.wanted * passed) / 1000 / this.simulator.dt;
    const [least, largest] = BUDGET, budget = Math.min(Math.max(this.interval / 2, least), largest);
    const most = Math.max(1, Math.floor(budget / this.cost)), steps = this.simulator.busy ? 0 : Math.min(Math.floor(this.owed), most);
    this.owed = Math.min(this.owed - steps, most);
    if (this.frames++ % TIMED === 1 && steps) this.timed(steps);
    else this.forward(steps);
    if (this.frames % MEASURED === 0) this.measure();
    if (!this.drawings) this.redraw();
    this.count(now);
    if (this.playing.value) this.handle = requestAnimationFrame(this.frame);
  };

  /** Call `taken` with the state and the time after so many steps from now, ascending, as the run gets there; a reset ends it. */
  take(after: number[], taken: (state: Float32Array[], time: number) => void): void {
    this.marks = after.map((steps) => this.simulator.steps + steps);
    this.taken = taken;
    this.forward(0);
  }

  /** Whether states are still to be taken. */
  get taking(): boolean {
    return this.marks.length + this.awaited > 0;
  }

  private forward(steps: number): void {
    const end = this.simulator.steps + steps;
    for (let mark = this.marks[0]; mark !== undefined && mark <= end; mark = this.marks[0]) {
      if (mark > this.simulator.steps) this.simulator.step(mark - this.simulator.steps);
      this.marks.shift();
      this.hand();
    }
    if (end > this.simulator.steps) this.simulator.step(end - this.simulator.steps);
  }

  /** Hand the state over as it is now. */
  private hand(): void {
    const { run, taken } = this, { time } = this.simulator;
    this.awaited++;
    whenThere(this.simulator.read(), (state) => {
      if (run !== this.run) return;
      this.awaited--;
      taken?.(state, time);
    });
  }

  /** Take steps and measure how long one takes. */
  private timed(steps: number): void {
    whenThere(this.simulator.timing(() => this.forward(steps)), (passed) => {
      this.cost = Math.max(0.5 * (this.cost + passed / steps), 1e-4);
    });
  }

  private count(now: number): void {
    const seconds = (now - this.counted.since) / 1000;
    if (seconds * 1000 < TOLD) return;
    this.tell();
    this.rate.value = (this.frames - this.counted.frames) / seconds;
    this.pace.value = (this.simulator.time - this.counted.time) / seconds;
    this.counted = { frames: this.frames, since: now, time: this.simulator.time };
  }

  private measured = 0; // how often a range began anew
  private measuring = false;

  /** Follow the extremes of the species shown: at once outwards, slowly inwards, so that colours do not flicker. */
  measure(anew = false): void {
    if (this.measuring && !anew) return;
    if (anew) this.measured++;
    const number = this.measured;
    let late = false;
    this.measuring = true;
    whenThere(this.simulator.extremes(this.species.value), (found) => {
      if (number !== this.measured) return;
      this.measuring = false;
      this.follow(found, anew);
      if (!late || this.playing.value) return;
      this.redraw();
      this.tell();
    });
    late = true;
  }

  private follow({ low, high, finite }: Extremes, anew: boolean): void {
    if (!finite) {
      this.play(false);
      this.problem.value = "The values are no longer finite.";
      return;
    }
    if (!this.auto.value) return;
    const [a, b] = this.shownRange;
    const next = (old: number, found: number, outside: boolean) => (anew || outside ? found : old + SHRINK * (found - old));
    const flat = Math.max(1e-3 * Math.max(Math.abs(low), Math.abs(high)), 1e-9);
    const [l, h] = high - low < flat ? [(low + high) / 2 - flat, (low + high) / 2 + flat] : [low, high];
    this.shownRange = [next(a, l, l < a), next(b, h, h > b)];
    if (anew) this.tell();
  }

  /** A range that a person chose, until the next one or until `auto` is set. */
  setRange(range: [number, number]): void {
    this.auto.value = false;
    this.shownRange = range;
    this.tell();
    this.redraw();
  }

  private tell(): void {
    this.time.value = this.simulator.time;
    this.range.value = this.shownRange;
  }

  /** Show the state as it is now, unless the graphics processor is lost. */
  redraw(): void {
    whenThere(this.draw(), () => undefined);
  }

  private drawings = 0; // that have not arrived

  /** Show the state as it is now. */
  draw(): Later<void> {
    const { simulator } = this, { steps, time } = simulator;
    const drawing = simulator.draw(this.palette, this.shownRange, this.species.value);
    const arrived = () => {
      if (simulator !== this.simulator) return;
      this.drawings--;
      this.shown = { steps, time };
      this.show();
      this.drawn?.();
    };
    this.drawings++;
    return drawing instanceof Promise ? drawing.then(arrived) : arrived();
  }

  /** The canvas stays when WebGPU is lost; what comes then draws on another one. */
  private show(): void {
    const drawn = this.simulator.canvas, { canvas } = this;
    if (drawn !== canvas) canvas.getContext("2d")?.drawImage(drawn, 0, 0);
  }

  free(): void {
    this.play(false);
    this.simulator.free();
  }
}
