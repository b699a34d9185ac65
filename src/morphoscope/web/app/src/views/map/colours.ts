// The colour of every row: by class, by what is unknown, or by a number.

import type { Floats, Variable } from "../../data/source";
import { CLASS, UNKNOWN, type Store } from "../../state/store";

export type Rgb = [number, number, number];
export const UNDEFINED: Rgb = [200, 200, 200];
const REJECTED: Rgb = [255, 255, 255];
export const KNOWN_COLOURS = { known: "#5b8fb9", unknown: "#d4382c", other: "#d9d9d9" }; // other: no network has read it
export const LEVEL_COLOURS = ["#d9d9d9", "#e8a33d", "#8e1b3a"]; // of a variable with levels, in their order
const PALE = 105; // opacity of points that were not simulated
const DIMMED = 70; // opacity of rows that are not selected

export function rgb(text: string): Rgb {
  const value = parseInt(text.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** A number as a share of a colour scale, 0 … 1; NaN if it is undefined. */
export function share(variable: Variable, value: number): number {
  const [low, high] = variable.ends;
  if (!Number.isFinite(value)) return NaN;
  const at = variable.ratios
    ? (Math.log(Math.max(value, low)) - Math.log(low)) / (Math.log(high) - Math.log(low) || 1)
    : (value - low) / (high - low || 1);
  return Math.min(1, Math.max(0, at));
}

/**
 * Colours of rows, then of inferred points; transparent where the legend has switched a class off. `values`: of the
 * variable; inferred points have only a class and a probability.
 */
export function coloursOf(store: Store, rows: Int32Array, values: Floats | null, inferred: Int32Array, other: boolean): Uint8Array {
  const found = new Uint8Array(4 * (rows.length + inferred.length));
  const comparison = other ? store.comparison.value : null;
  const classes = (comparison?.classes ?? store.classes.value).map((info) => rgb(info.colour));
  const labels = comparison?.read ?? store.labels.label;
  const hidden = comparison ? hiddenByName(store) : store.hidden.value;
  const variable = store.manifest.variables.find((v) => v.name === store.colouring.value);
  const palette = store.manifest.palette.map(rgb);
  const levels = LEVEL_COLOURS.map(rgb);
  const selected = store.selection.value.length ? new Set(store.selection.value) : null;
  const known = Object.fromEntries(Object.entries(KNOWN_COLOURS).map(([name, text]) => [name, rgb(text)]));
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const label = labels[row] ?? -1;
    if (hidden.has(label) || (comparison && label < 0)) continue;
    let colour: Rgb = label < 0 ? REJECTED : (classes[label] ?? UNDEFINED);
    if (store.colouring.value === UNKNOWN) colour = known[readingOf(store, row)]!;
    else if (variable?.levels && values) colour = levels[values[row] ?? -1] ?? UNDEFINED;
    else if (store.colouring.value !== CLASS && variable && values) {
      const at = share(variable, values[row] ?? NaN);
      colour = Number.isNaN(at) ? UNDEFINED : palette[Math.round(at * (palette.length - 1))]!;
    }
    found.set(colour, 4 * i);
    found[4 * i + 3] = selected && !selected.has(row) ? DIMMED : 255;
  }
  const source = store.inferred.value;
  for (let i = 0; source && i < inferred.length; i++) {
    const [place, at] = [inferred[i]!, 4 * (rows.length + i)];
    if (hidden.has(source.read[place]!)) continue;
    let colour: Rgb = classes[source.read[place]!] ?? UNDEFINED;
    if (store.colouring.value === "probability" && variable) colour = palette[Math.round(share(variable, source.probability[place]!) * (palette.length - 1))]!;
    else if (store.colouring.value !== CLASS) colour = UNDEFINED;
    found.set(colour, at);
    found[at + 3] = selected ? PALE / 2 : PALE;
  }
  return found;
}

function hiddenByName(store: Store): ReadonlySet<number> {
  const names = new Set([...store.hidden.value].map((i) => store.classes.value[i]?.name));
  const found = new Set<number>();
  store.comparison.value?.classes.forEach((info, i) => names.has(info.name) && found.add(i));
  return found;
}

export function readingOf(store: Store, row: number): "known" | "unknown" | "other" {
  if (store.table.decisions[store.table.readBy[row] ?? 0] !== "network") return "other";
  return store.table.unknown[row] ? "unknown" : "known";
}
