// What Python generates from a model (morphoscope.web.server.program): the text of its shaders, and what a page says
// about it.

import type { TheoryProgram } from "../theory/formula";

export interface ProgramParameter {
  name: string;
  meaning: string;
  default: number;
  range: [number, number]; // of a slider
}

export interface Preset {
  title: string;
  parameters: Record<string, number>;
  initial: string | null; // null: the model's own
  seed: number;
  picture: string | null; // the address of a picture
  note: string;
}

export interface ShaderPass {
  text: string;
  textures: string[];
  writes: string; // "state", or the name of a texture of inner results
}

export interface ComputeProgram {
  passes: string[]; // WGSL
  channels: number; // floats of a cell
  inner: number; // fields of inner results
}

export interface KernelProgram {
  code: string; // base64 of a WebAssembly module
  inner: [number, number][]; // the fields of inner results that each pass but the last writes
  pitch: number; // bytes of a row
}

/** The equations in the terms of VisualPDE (morphoscope.models.visualpde). */
export interface VisualPde {
  species: string[]; // with algebraic ones, which are last
  algebraic: number;
  reaction: string[];
  diffusion: Record<string, string>; // "1_2": of species 2 in the equation of species 1
  names: Record<string, string>; // of parameters
  order: number; // of the highest Laplacian
}

export interface ModelProgram {
  name: string;
  title: string;
  species: string[];
  parameters: ProgramParameter[];
  equations: string[]; // plain text
  mathml: string[];
  source: string;
  literature: string;
  background: number[]; // by species
  perturbation: number[];
  plane: [string, string];
  spacing: number;
  dt: number;
  until: number;
  apart: number; // time between two frames of a film
  initial: string;
  starts: string[];
  shown: [number, number] | null; // the range of the first species in pictures
  passes: ShaderPass[];
  packed: number; // cells in a texel, if the width of the grid is a multiple of it
  compute: ComputeProgram; // the same steps for WebGPU
  kernel: KernelProgram | null; // the same steps for the processor
  presets: Preset[];
  visualpde: VisualPde | null; // null: it can't express the model
  theory: TheoryProgram | null; // for pages without Python
  formulas: { reaction: Record<string, string>; diffusion: Record<string, string> };
}

export type Boundary = "periodic" | "no-flux" | "dirichlet";

/** What computes the steps. */
export type Backend = "webgpu" | "webgl2" | "webassembly";

export const BACKENDS: Record<Backend, string> = { webgpu: "WebGPU", webgl2: "WebGL2", webassembly: "WebAssembly" };

export interface SimulatorOptions {
  width: number;
  height: number;
  boundary?: [Boundary, Boundary]; // along x and y
  stencil?: 9 | 5;
  spacing?: number;
  dt?: number;
  backend?: Backend | undefined; // without it, the fastest that is there; WebAssembly computes what it can
}

/** The two boundaries of a text such as "periodic" or "x=no-flux,y=periodic". */
export function boundariesOf(text: string): [Boundary, Boundary] {
  if (!text.includes("=")) return [text as Boundary, text as Boundary];
  const parts = new Map(text.split(",").map((part) => part.split("=") as [string, Boundary]));
  return [parts.get("x") ?? "periodic", parts.get("y") ?? "periodic"];
}
