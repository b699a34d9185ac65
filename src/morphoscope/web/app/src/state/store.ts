// What one page shows: the atlas, and the reader's choices as signals. Views read it and change it.

import { batch, computed, signal, type Signal } from "@preact/signals";

import type { AtlasSource, ClassInfo, Comparison, Floats, Inferred, Labels, Manifest, Table, TheoryLine } from "../data/source";

export type Tab = "map" | "pattern" | "montage" | "live" | "groups" | "proposals" | "pass" | "compare" | "photograph" | "share";
export type Theme = "auto" | "light" | "dark";
export type Tool = "pan" | "box" | "lasso";
/** A part of the plane: left, right, bottom, top. */
export type Window = [number, number, number, number];
export const CLASS = "class";
export const UNKNOWN = "unknown";
/** What maps can be sliced by beside the parameters: the start of the runs. */
export const START = "start";
/** The axes of the map of patterns that look alike. */
export const SIMILAR: [string, string] = ["similarity 1", "similarity 2"];
const LEAST_PER_VALUE = 4; // runs at a value of a parameter that is shown alone

/** Draws from a posterior, by parameter. */
export type Draws = Record<string, number[]>;

/** Places of patterns by similarity: the rows that have one, and columns of all rows by axis. */
export interface Places {
  rows: Int32Array;
  columns: Record<string, Float64Array>;
  trustworthiness: number;
}

export class Store {
  readonly names: string[]; // the parameters that the runs set

  readonly row = signal(0); // the pattern that is shown
  readonly tab = signal<Tab>("pattern");
  readonly colouring = signal<string>(CLASS);
  readonly coloured = signal<{ name: string; values: Floats | null }>({ name: CLASS, values: null }); // what the map shows, see `colour`
  readonly readings = signal(0); // increased when the classes of the runs were written again
  readonly axes = signal<[string, string]>(["", ""]);
  plane: [string, string]; // the axes before those by similarity
  readonly similarity = signal<Places | null>(null);
  readonly arranging = signal(""); // how far a server is with them
  wantsSimilar = false; // whether they shall be shown when they are there
  readonly slices = signal<Record<string, number | null>>({}); // chosen values of parameters, see `slice`
  readonly window = signal<Window | null>(null); // null: where the map starts
  readonly hidden = signal<ReadonlySet<number>>(new Set()); // classes that the legend has switched off
  readonly inferred = signal<Inferred | null>(null); // points that were not simulated
  readonly lines = signal<TheoryLine[]>([]);
  readonly drawing = signal(false); // whether they are still to come
  readonly hiddenLines = signal<ReadonlySet<string>>(new Set());
  readonly letters = signal(true);
  readonly pictures = signal(false); // thumbnails on the map
  readonly tool = signal<Tool>("pan");
  readonly selection = signal<number[]>([]); // rows
  readonly group = signal(""); // of the montage
  readonly who: Signal<string>;
  readonly theme = signal<Theme>("auto");
  readonly help = signal(false);
  readonly classes: Signal<ClassInfo[]>;
  readonly changes = signal(0); // increased when labels change
  readonly there = signal(true); // the server
  readonly told = signal<{ text: string; problem: boolean }>({ text: "", problem: false });
  readonly saving = signal<ReadonlyMap<number, string>>(new Map()); // rows whose labels are not acknowledged yet, with these
  readonly unsaved = signal<ReadonlyMap<number, string>>(new Map()); // rows whose labels were not stored, with these
  sent = 0; // requests to store something
  readonly comparison = signal<Comparison | null>(null);
  readonly comparing = signal(false); // whether one is being fetched
  compared = 0; // requests for one
  readonly estimated = signal<{ row: number; draws: Draws } | null>(null); // by an estimator, from a pattern
  readonly photographed = signal<Draws | null>(null); // from the photograph that is shown
  readonly live = signal<{ run: number } | null>(null); // a run to be run live
  readonly livePoint = signal<Record<string, number> | null>(null); // where the live run is

  private sliceable: { of: Table; columns: Record<string, Float64Array> } | null = null;
  private reader: Promise<ArrayBuffer | null> | null = null;
  private theories = new Map<string, Promise<TheoryLine[]>>();
  private small: Promise<unknown> = Promise.resolve(); // the lines of small maps are computed one after another
  private columns = new Map<string, Promise<Floats>>();
  private values = new WeakMap<Float64Array, Float64Array>(); // distinct ones of columns

  constructor(
    readonly source: AtlasSource,
    public manifest: Manifest,
    public table: Table,
    private current: Labels,
  ) {
    this.names = Object.keys(table.parameters);
    this.classes = signal(current.classes);
    this.who = signal(manifest.who);
    this.axes.value = this.plane = [...manifest.plane];
    if (!manifest.read) this.colouring.value = manifest.variables.find((v) => v.group === "descriptors")?.name ?? CLASS;
    this.row.value = manifest.first;
  }

  /** The parameters that differ between the runs. */
  readonly varying = computed(() => this.manifest.model.parameters.filter((p) => p.varies).map((p) => p.name));

  /** The columns by which maps can be sliced: the parameters, and the start if the runs have several. */
  get dimensions(): Record<string, Float64Array> {
    const { parameters, start } = this.table;
    if (this.sliceable?.of !== this.table)
      this.sliceable = { of: this.table, columns: start ? { ...parameters, [START]: Float64Array.from(start) } : parameters };
    return this.sliceable.columns;
  }

  /** What the map is sliced by: varying parameters that are no axes, and the start. */
  readonly others = computed(() =>
    [...this.varying.value, START].filter((name) => !this.axes.value.includes(name) && this.dimensions[name]),
  );

  /** The value at which the map shows a parameter that is not an axis; null: all values. */
  slice(name: string): number | null {
    const chosen = this.slices.value[name];
    if (chosen !== undefined) return chosen;
    const column = this.dimensions[name];
    // At first that of the first pattern, so that runs don't lie on top of each other; all values of scattered runs.
    if (!column || this.valuesOf(name).length * LEAST_PER_VALUE > column.length) return null;
    return column[this.manifest.first] ?? null;
  }

  /** The distinct values of a dimension, smallest first. */
  valuesOf(name: string): Float64Array {
    const column = this.dimensions[name] ?? new Float64Array();
    let found = this.values.get(column);
    if (!found) {
      found = column.slice().sort().filter((value, i, sorted) => Number.isFinite(value) && value !== sorted[i - 1]);
      this.values.set(column, found);
    }
    return found;
  }

  /** Rows that the map shows: those at the chosen values of the parameters that are not axes. */
  readonly shown = computed<Int32Array>(() => (this.similar ? this.placed() : this.sliced(this.dimensions, this.table.total)));

  /** The rows with a place by similarity, from the chosen start. */
  private placed(): Int32Array {
    const rows = this.similarity.value?.rows ?? new Int32Array();
    const column = this.dimensions[START], chosen = column ? this.slice(START) : null;
    return chosen === null ? rows : rows.filter((row) => column![row] === chosen);
  }

  /** The inferred points that the map shows. */
  readonly shownInferred = computed<Int32Array>(() => {
    const found = this.inferred.value;
    return found && !this.similar ? this.sliced(found.parameters, found.total) : new Int32Array();
  });

  /** Whether the map shows patterns by similarity. */
  get similar(): boolean {
    return this.axes.value[0] === SIMILAR[0];
  }

  /** The coordinates of all rows along an axis of the map; NaN without one. */
  coordinate(axis: string): Float64Array | undefined {
    return this.table.parameters[axis] ?? this.similarity.value?.columns[axis];
  }

  /** Rows at another value of a parameter, or at all (null), as the map would show them. */
  at(name: string, value: number | null): Int32Array {
    return this.sliced(this.dimensions, this.table.total, { [name]: value });
  }

  private sliced(parameters: Record<string, Float64Array>, total: number, instead: Record<string, number | null> = {}): Int32Array {
    const columns = this.others.value.flatMap((name) => {
      const value = name in instead ? instead[name]! : this.slice(name);
      return value === null || !parameters[name] ? [] : [[parameters[name], value] as [Float64Array, number]];
    });
    let rows = new Int32Array(total);
    for (let row = 0; row < total; row++) rows[row] = row;
    for (const [column, value] of columns) rows = rows.filter((row) => column[row] === value);
    return rows;
  }

  /** The number of rows of each class after annotation, and of rejected ones under −1. */
  readonly counts = computed<Map<number, number>>(() => {
    const counts = new Int32Array(this.classes.value.length + 1); // rejected ones first
    for (const label of this.labels.label) counts[label + 1]!++;
    const found = new Map<number, number>();
    counts.forEach((count, i) => count && found.set(i - 1, count));
    return found;
  });

  /** The same of the rows that the map shows. */
  readonly shownCounts = computed<Map<number, number>>(() => {
    const found = new Map<number, number>(), { label } = this.labels;
    for (const row of this.shown.value) found.set(label[row]!, (found.get(label[row]!) ?? 0) + 1);
    return found;
  });

  column(name: string): Promise<Floats> {
    const own = this.table.parameters[name];
    if (own) return Promise.resolve(own);
    if (name === "probability") return Promise.resolve(this.table.probability);
    let found = this.columns.get(name);
    if (!found) {
      found = this.source.column(name);
      found.catch(() => this.columns.delete(name));
      this.columns.set(name, found);
    }
    return found;
  }

  /** The labels. Whoever reads them follows their changes. */
  get labels(): Labels {
    void this.changes.value;
    return this.current;
  }

  /** All labels have been read again. */
  replace(labels: Labels): void {
    this.current = labels;
    this.classes.value = labels.classes;
    this.changes.value++;
  }

  /** The classes of the runs were written again, by this page or others: what is shown follows. */
  reread(manifest: Manifest, table: Table, labels: Labels): void {
    batch(() => {
      this.manifest = manifest;
      this.table = table;
      this.columns.clear();
      this.readings.value++;
      this.hidden.value = new Set();
      const colour = this.colouring.value;
      if (colour !== CLASS && colour !== UNKNOWN && !manifest.variables.some(({ name }) => name === colour)) this.colouring.value = CLASS;
      this.replace(labels);
    });
  }

  /** The values of the parameters that vary and are no axes, those in `instead` in place of the chosen ones; null if one has all values. */
  slicedAt(instead: Record<string, number> = {}): Record<string, number> | null {
    const found: Record<string, number> = {};
    for (const name of this.others.value) {
      const value = name in instead ? instead[name]! : this.slice(name);
      if (name === START) continue;
      if (value === null) return null;
      found[name] = value;
    }
    return found;
  }

  /** The theory lines of a slice, computed when they are first asked for. `coarse`: those of a small map, which wait for each other. */
  linesAt(at: Record<string, number>, coarse = false): Promise<TheoryLine[]> {
    const plane = this.axes.value, key = JSON.stringify([plane, at, coarse]);
    let found = this.theories.get(key);
    if (!found) {
      const load = () => this.source.theory(plane, at, coarse);
      found = coarse ? this.small.then(load) : load();
      found.catch(() => this.theories.delete(key));
      if (coarse) this.small = found.catch(() => undefined);
      this.theories.set(key, found);
    }
    return found;
  }

  /** The classifier's weights, fetched once. */
  readonly network = (): Promise<ArrayBuffer | null> => {
    if (!this.reader) {
      this.reader = this.source.network();
      this.reader.catch(() => (this.reader = null)); // the next visit asks again
    }
    return this.reader;
  };

  /** The row of a run; −1 if it has none. */
  rowOf(run: number): number {
    return this.table.run.indexOf(run);
  }

  get run(): number {
    return this.table.run[this.row.value] ?? 0;
  }

  classOf(row: number): ClassInfo | null {
    return this.classes.value[this.labels.label[row] ?? -1] ?? null;
  }

  /** What the map shows of a posterior: that of the photograph, or of the pattern that is shown. */
  readonly draws = computed<Draws | null>(() => {
    const { estimated, row } = this;
    return this.photographed.value ?? (estimated.value?.row === row.value ? estimated.value.draws : null);
  });

  /** Remembers what the reader is at; the answer says whether that is still so. */
  moment(): () => boolean {
    const now = () => JSON.stringify([this.row.peek(), this.tab.peek(), this.group.peek(), this.sent]);
    const then = now(), selection = this.selection.peek();
    return () => now() === then && this.selection.peek() === selection;
  }

  /** Show a pattern. */
  open(row: number): void {
    if (row >= 0 && row < this.table.total) this.row.value = row;
  }

  select(rows: number[], name = "*selected"): void {
    batch(() => {
      this.selection.value = rows;
      if (rows.length) {
        this.group.value = name;
        this.tab.value = "montage";
      } else if (this.group.value === "*selected") this.group.value = "";
    });
  }

  /** Show where rows are: the map dims the others. */
  highlight(rows: number[]): void {
    this.selection.value = rows;
  }

  tell(text: string, problem = false): void {
    this.told.value = { text, problem };
  }

  /** All parameters of the model at a row. */
  parametersOf(row: number): Record<string, number> {
    const found = Object.fromEntries(this.manifest.model.parameters.map((p) => [p.name, p.default]));
    for (const name of this.names) found[name] = this.table.parameters[name]?.[row] ?? NaN;
    return found;
  }

  /** "f 0.046, k 0.063", and the start if the runs have several */
  point(row: number): string {
    const values = this.names.map((name) => `${name} ${number(this.table.parameters[name]?.[row] ?? NaN)}`);
    const start = this.manifest.starts[this.table.start?.[row] ?? -1];
    return [...values, ...(start ? [`from ${start}`] : [])].join(", ");
  }

  /** What determined the class of a row, as in "by the network, probability 0.98". */
  basis(row: number): string {
    const by = this.table.decisions[this.table.readBy[row] ?? 0] ?? "";
    if (by !== "network") return `by ${by}`;
    const known = this.table.known?.[row];
    const score =
      known === undefined || Number.isNaN(known)
        ? ""
        : `, ${this.table.unknown[row] ? "unknown" : "known"} (score ${known.toFixed(2)})`;
    return `by the network, probability ${(this.table.probability[row] ?? 0).toFixed(2)}${score}`;
  }

  /** The class that was read, or that a person has given. */
  described(row: number): string {
    const read = titled(this.classes.value[this.table.read[row] ?? 0]);
    if (!this.manifest.read && !this.labels.annotated[row]) return read;
    if (!this.labels.annotated[row]) return `${read}, read ${this.basis(row)}`;
    const given = this.classOf(row);
    return `${given ? titled(given) : "ambiguous"}, labelled by a person; read as ${read} ${this.basis(row)}`;
  }
}

export function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** "1 run", "5 runs" */
export function runs(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}

/** Symbol and name of a class, or the name alone if it is its own symbol. */
export function titled(info: ClassInfo | undefined | null): string {
  if (!info) return "?";
  return info.symbol === info.name ? info.name : `${info.symbol} ${info.name}`;
}
