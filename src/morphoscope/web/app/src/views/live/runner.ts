// Runs a simulator frame by frame: pace, colour range, and whether values are still finite. No markup in here.

import { signal } from "@preact/signals";

import type { ModelProgram, SimulatorOptions } from "../../simulator/program";
import { Simulator } from "../../simulator/simulator";

export const SECONDS = 60; // in which a run passes its usual end at speed 1
const LONGEST = 100; // milliseconds that a frame may catch up
const BUDGET: [number, number] = [12, 33]; // milliseconds of a frame that steps may take, at least and at most
const TIMED = 20; // frames between two measurements of how long a step takes
const MEASURED = 5; // frames between two looks at the extremes
const TOLD = 250; // milliseconds between two changes of the numbers beside the picture
const SHRINK = 0.05; // of the difference, by which a range follows extremes inwards

export class Runner {
  readonly simulator: Simulator;
  readonly playing = signal(false);
  readonly speed = signal(1);
  readonly species = signal(0);
  readonly auto = signal(true);
  readonly range = signal<[number, number]>([0, 1]);
  readonly time = signal(0);
  readonly rate = signal(0); // frames a second
  readonly pace = signal(0); // model time a second, measured
  readonly problem = signal("");
  palette: string[];
  /** Called after each frame that was drawn. */
  drawn: (() => void) | null = null;
  private started: Float32Array[] | null = null;
  private marks: number[] = []; // steps at which the state is taken, ascending
  private taken: ((state: Float32Array[]) => void) | null = null;
  private handle = 0;
  private last = 0;
  private owed = 0;
  private cost = 1; // milliseconds of a step
  private interval = 16; // milliseconds of a frame, smoothed
  private shownRange: [number, number] = [0, 1];
  private frames = 0;
  private counted = { frames: 0, since: 0, time: 0 };

  constructor(canvas: HTMLCanvasElement, program: ModelProgram, options: SimulatorOptions, palette: string[]) {
    this.simulator = new Simulator(canvas, program, options);
    this.palette = palette;
    this.range.value = this.shownRange = program.shown ?? [0, 1];
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
    this.marks = [];
    this.owed = 0;
    this.problem.value = "";
    this.measure(true);
    this.draw();
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
  }

  /** Some steps by hand. */
  advance(steps: number): void {
    this.forward(steps);
    this.measure();
    this.draw();
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
    const most = Math.max(1, Math.floor(budget / this.cost)), steps = Math.min(Math.floor(this.owed), most);
    this.owed = Math.min(this.owed - steps, most);
    if (this.frames++ % TIMED === 1 && steps) this.timed(steps);
    else this.forward(steps);
    if (this.frames % MEASURED === 0) this.measure();
    this.draw();
    this.count(now);
    if (this.playing.value) this.handle = requestAnimationFrame(this.frame);
  };

  /** Call `taken` with the state after so many steps from now, ascending, as the run gets there; a reset ends it. */
  take(after: number[], taken: (state: Float32Array[]) => void): void {
    this.marks = after.map((steps) => this.simulator.steps + steps);
    this.taken = taken;
    this.forward(0);
  }

  /** Whether states are still to be taken. */
  get taking(): boolean {
    return this.marks.length > 0;
  }

  private forward(steps: number): void {
    const end = this.simulator.steps + steps;
    for (let mark = this.marks[0]; mark !== undefined && mark <= end; mark = this.marks[0]) {
      if (mark > this.simulator.steps) this.simulator.step(mark - this.simulator.steps);
      this.marks.shift();
      this.taken?.(this.simulator.read());
    }
    if (end > this.simulator.steps) this.simulator.step(end - this.simulator.steps);
  }

  /** Take steps and measure how long one takes, without the waiting itself: on a busy computer it costs more than the steps. */
  private timed(steps: number): void {
    this.simulator.wait();
    const idle = performance.now();
    this.simulator.wait();
    const begin = performance.now();
    this.forward(steps);
    this.simulator.wait();
    const cost = Math.max(performance.now() - begin - (begin - idle), 0) / steps;
    this.cost = Math.max(0.5 * (this.cost + cost), 1e-4);
  }

  private count(now: number): void {
    const seconds = (now - this.counted.since) / 1000;
    if (seconds * 1000 < TOLD) return;
    this.tell();
    this.rate.value = (this.frames - this.counted.frames) / seconds;
    this.pace.value = (this.simulator.time - this.counted.time) / seconds;
    this.counted = { frames: this.frames, since: now, time: this.simulator.time };
  }

  /** Follow the extremes of the species shown: at once outwards, slowly inwards, so that colours do not flicker. */
  measure(anew = false): void {
    const { low, high, finite } = this.simulator.extremes(this.species.value);
    if (!finite) {
      this.play(false);
      this.problem.value = "The values are no longer finite.";
      return;
    }
    if (!this.auto.value) return;
    const [a, b] = this.shownRange;
    const follow = (old: number, found: number, outside: boolean) => (anew || outside ? found : old + SHRINK * (found - old));
    const flat = Math.max(1e-3 * Math.max(Math.abs(low), Math.abs(high)), 1e-9);
    const [l, h] = high - low < flat ? [(low + high) / 2 - flat, (low + high) / 2 + flat] : [low, high];
    this.shownRange = [follow(a, l, l < a), follow(b, h, h > b)];
    if (anew) this.tell();
  }

  /** A range that a person chose, until the next one or until `auto` is set. */
  setRange(range: [number, number]): void {
    this.auto.value = false;
    this.shownRange = range;
    this.tell();
    this.draw();
  }

  private tell(): void {
    this.time.value = this.simulator.time;
    this.range.value = this.shownRange;
  }

  draw(): void {
    this.simulator.draw(this.palette, this.shownRange, this.species.value);
    this.drawn?.();
  }

  free(): void {
    this.play(false);
    this.simulator.free();
  }
}
