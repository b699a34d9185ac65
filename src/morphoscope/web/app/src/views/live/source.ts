// What a live run asks of Python; without a server there is none of it.

import { npy, upload, type Ask } from "../../data/upload";
import type { ModelProgram } from "../../simulator/program";

/** The name of a model, or the formulas of one. */
export type Spec = string | { reaction: Record<string, string>; diffusion: Record<string, string>; parameters: Record<string, number> };
export type Values = Record<string, number>;

export interface Wave {
  wavelength: number;
  growth: number;
  frequency: number;
}

export interface State {
  values: Values;
  kind: string;
  stable: boolean;
  wave: Wave | null; // the fastest-growing one of finite length
  q: number[];
  growth: number[];
  frequency: number[];
}

export interface Point {
  kind: string;
  dt: number | null; // the largest stable step
  states: State[];
}

export interface PlaneLine {
  name: string;
  kind: string;
  pieces: [number, number][][];
}

export interface TheorySource {
  point(model: Spec, parameters: Values, spacing: number, stencil: number): Promise<Point>;
  plane(model: Spec, parameters: Values, across: [number, number], up: [number, number]): Promise<PlaneLine[]>;
}

export interface LiveSource extends TheorySource {
  program(model: Spec): Promise<ModelProgram>;
  begin(model: Spec, parameters: Values, initial: string, seed: number, width: number, height: number): Promise<Float32Array[]>;
  /** The start that a picture or an array makes. */
  startOf(model: Spec, file: File, bright: boolean, width: number, height: number): Promise<Float32Array[]>;
  /** Keep a state as an ensemble; returns the name of its folder. */
  keep(model: Spec, parameters: Values, state: Float32Array[], where: Kept): Promise<string>;
}

export interface Kept {
  width: number;
  height: number;
  spacing: number;
  boundary: string;
  time: number;
}

/** The source of a page that Python answers. */
export function askedFrom(ask: Ask, get: (name: string, number: number) => Promise<ArrayBuffer | null>): LiveSource {
  const start = async (number: number, width: number, height: number) => {
    const answer = await get("field", number);
    if (!answer) throw new Error("the start is gone; reset again");
    const values = new Float32Array(answer), cells = width * height;
    return Array.from({ length: values.length / cells }, (_, s) => values.subarray(s * cells, (s + 1) * cells));
  };
  return {
    program: (model) => ask("program", { model }),
    point: (model, parameters, spacing, stencil) => ask("point", { model, parameters, spacing, stencil }),
    plane: (model, parameters, across, up) => ask("plane", { model, parameters, across, up }),
    async begin(model, parameters, initial, seed, width, height) {
      return start(await ask<number>("begin", { model, parameters, initial, seed, width, height }), width, height);
    },
    async startOf(model, file, bright, width, height) {
      const number = await upload(ask, file.name, file);
      return start(await ask<number>("start_of", { number, model, width, height, bright }), width, height);
    },
    async keep(model, parameters, state, { width, height, spacing, boundary, time }) {
      const number = await upload(ask, "state.npy", npy(state, height, width));
      return ask<string>("keep", { number, model, parameters, spacing, boundary, time });
    },
  };
}
