// Where an atlas comes from. Views read atlases through these interfaces only, so the same views work on a server,
// from a file and in a notebook.
//
// A *row* is a position in the atlas's table, 0 … total − 1; a *run* is the number of a run in the plan, which rows
// have in the column `run`. Addresses and commands name runs; the page computes with rows.

import type { ModelProgram } from "../simulator/program";

export type { ModelProgram };

export type Floats = Float32Array | Float64Array;

export interface Parameter {
  name: string;
  meaning: string;
  default: number;
  range: [number, number] | null; // the model's limits
  varies: boolean; // whether the runs differ in it
}

export interface ModelInfo {
  name: string;
  title: string;
  species: string[];
  recorded: string; // the species that frames show
  equations: string[]; // plain text; empty if they are not known
  source: string;
  parameters: Parameter[];
}

export interface ClassInfo {
  name: string;
  symbol: string;
  colour: string; // #rrggbb
  homogeneous: boolean;
}

export interface Variable {
  name: string;
  title: string; // for menus and colour bars
  group: "trust" | "parameters" | "descriptors" | "probabilities";
  ends: [number, number]; // of the colour scale
  ratios: boolean; // whether the scale is logarithmic
  levels: string[] | null; // what the values 0, 1, … mean, if they are no numbers
}

export interface Sheets {
  count: number;
  side: number; // pixels of one thumbnail
  columns: number;
  perSheet: number;
}

export interface Manifest {
  name: string; // of the atlas
  title: string;
  version: string; // of the package that made it
  model: ModelInfo;
  grid: { width: number; height: number; spacing: number; boundary: string; stencil: number };
  dt: number;
  until: number;
  times: number[]; // of the frames
  total: number; // rows
  inferred: number; // points that were not simulated, whose classes are inferred
  first: number; // the row that is shown first
  plane: [string, string]; // the default axes of the map, abscissa first
  similarity: "there" | "possible" | ""; // places of the patterns by similarity: stored, or a server can compute them
  classes: ClassInfo[]; // in the order that labels refer to
  read: boolean; // whether a classifier has read the runs; false: an ensemble as it is
  classifier: { name: string } | null;
  variables: Variable[]; // what a map can be coloured and a montage be sorted by
  sheets: Sheets;
  colourRange: [number, number]; // of the recorded species, for all pictures
  palette: string[]; // 256 colours of fields and numbers, #rrggbb
  initial: string; // the initial condition of the plan
  starts: string[]; // the initial conditions of the runs, if they have several
  who: string; // the name under which labels are saved
  annotations: string; // where they are saved
  compared: { name: string } | null;
  estimator: string[] | null; // the parameters that an estimator tells
  edition: string; // changes when the classes of the runs were written again
  /** `groups`: whether the classes are groups that were found without labels; `proposals`: of classes that may be missing. */
  capabilities: { labels: boolean; live: boolean; train: boolean; details: boolean; export: boolean; groups: boolean; proposals: boolean };
}

/** The classes of all rows after the latest annotations. */
export interface Labels {
  revision: number;
  edition: string; // as in `Manifest`
  classes: ClassInfo[];
  label: Int16Array; // index into `classes`; −1: rejected as ambiguous
  annotated: Uint8Array; // 1: a person has said so
}

/** The columns that a first picture needs. They belong to an edition. */
export interface Table {
  total: number;
  run: Int32Array;
  parameters: Record<string, Float64Array>; // those that the runs set
  start: Int16Array | null; // index into `Manifest.starts`
  read: Int16Array; // index into `classes` of what was read
  readBy: Uint8Array; // index into `decisions`
  decisions: string[]; // "theory", "variance", "network", …
  probability: Float32Array; // of the class that was read
  known: Float32Array | null; // known score; NaN for runs that no network read
  unknown: Uint8Array; // 1: read as unknown
}

/** Points of an adaptive scan that were not simulated. */
export interface Inferred {
  total: number;
  parameters: Record<string, Float64Array>;
  read: Int16Array; // index into `classes`
  probability: Float32Array; // of the regression, not calibrated
}

/** Places of the patterns by similarity, in −1 … 1. */
export interface Similarity {
  row: Int32Array;
  x: Float32Array;
  y: Float32Array;
  trustworthiness: number; // 1: all neighbours are neighbours by their features
}

export interface TheoryLine {
  name: string;
  kind: string; // "existence", "saddle-node", "Hopf", "Turing", "spinodal"
  pieces: [number, number][][];
}

/** The state of all recorded frames of one run, (frames, height, width) in row order. */
export interface Frames {
  times: number[];
  height: number;
  width: number;
  values: Float32Array;
}

/** The initial state of a run, (species, height, width). */
export interface StartField {
  species: number;
  height: number;
  width: number;
  values: Float32Array;
  exact: boolean; // whether it is the very start of that run
}

/** What is said about one pattern beside its frames. */
export interface Detail {
  probabilities: [string, number][]; // class, probability; only 0 and 1 for runs that no network has read
  set: string[] | null; // the conformal set
  coverage: number | null;
  wavelength: number | null;
  command: string; // that repeats the run
  rings: { q: number[]; power: number[] }; // radial power spectrum
  estimate: { text: string; draws: Record<string, number[]> } | null;
}

export interface LabelChange {
  revision: number;
  edition: string;
  rows: number[];
  labels: number[]; // as in `Labels.label`
  annotated: number[];
  classes: ClassInfo[]; // all classes after the change
}

/** A second reading of the rows of an atlas. */
export interface Comparison {
  name: string;
  classes: ClassInfo[];
  read: Int16Array; // index into `classes`; −1: the other atlas does not have this run
  differs: number[]; // rows
  summary: string;
  changes: [string, string, number][]; // from, to, runs
  accuracy: number | null; // of the other atlas's classifier on its validation runs
  of: string; // the `PassStatus.result` that it is; empty for an atlas that the command named
}

export interface PassStatus {
  phase: "idle" | "running" | "done" | "cancelled" | "failed";
  text: string;
  share: number;
  result: string; // which new atlas there is to compare with; empty for none
}

/** Every call resolves after the change is stored, and rejects with a message otherwise. */
export interface LabelSource {
  /**
   * name: a class; "" rejects as ambiguous; null confirms the class of each, which the reader has `seen` (""
   * for an ambiguous one). Resolves to a remark, or "".
   */
  set(rows: number[], name: string | null, who: string, why: string, seen: string[]): Promise<string>;
  undo(who: string): Promise<string>;
  create(name: string, symbol: string, colour: string, who: string): Promise<string>;
  /** Called for every change, by this page or others; returns the function that ends it. */
  follow(changed: (change: LabelChange) => void): () => void;
}

export interface AtlasSource {
  kind: "server" | "file" | "widget";
  manifest(again?: boolean): Promise<Manifest>; // `again`: as it is now
  table(): Promise<Table>;
  inferred(): Promise<Inferred | null>;
  similarity(): Promise<Similarity | null>;
  current(): Promise<Labels>;
  column(variable: string): Promise<Floats>; // one of `Manifest.variables`, a value per row
  /** Bifurcation lines at values of the other parameters that vary; `coarse`: for a small map. */
  theory(plane: [string, string], at: Record<string, number>, coarse: boolean): Promise<TheoryLine[]>;
  sheet(number: number): string | Promise<string>; // the address of a sheet of thumbnails
  /** The address of a picture or a download of a run; null if there is none. */
  picture(kind: "composite" | "saliency" | "spectrum" | "png" | "npz" | "film", run: number): string | null;
  frames(run: number): Promise<Frames | null>;
  start(run: number): Promise<StartField | null>;
  detail(run: number): Promise<Detail | null>;
  labels: LabelSource | null;
  /** The labels as CSV, where no server stores them; null elsewhere. */
  labelTable: (() => Promise<string>) | null;
  shader(model: string): Promise<ModelProgram | null>; // a name, or the text of a model
  network(): Promise<ArrayBuffer | null>; // the reader's weights
  compare(): Promise<Comparison | null>;
  /** A request that only a server answers, such as training. Rejects elsewhere, and without an answer within `patience` (ms). */
  ask<T>(action: string, values?: Record<string, unknown>, patience?: number): Promise<T>;
  /** Called with whether the server is there, and again when that changes. */
  presence(changed: (there: boolean) => void): () => void;
}
