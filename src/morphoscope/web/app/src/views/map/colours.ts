// The colour of every row: by class, by what is unknown, or by a number.

import type { Variable } from "../../data/source";
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

/** A colour as the page's arrays have it, without opacity: red in the lowest byte. */
function packed([red, green, blue]: Rgb): number {
  return red | (green << 8) | (blue << 16);
}

/**
 * Colours of rows, then of inferred points: red, green, blue, opacity of each; transparent where the legend has switched a
 * class off. Inferred points have only a class and a probability.
 */
export function coloursOf(store: Store, rows: Int32Array, inferred: Int32Array, other: boolean): Uint8Array {
  const found = new Uint32Array(rows.length + inferred.length);
  const comparison = other ? store.comparison.value : null;
  const infos = comparison?.classes ?? store.classes.value;
  const labels = comparison?.read ?? store.labels.label;
  const hidden = comparison ? hiddenByName(store) : store.hidden.value;
  const classes = Uint32Array.from(infos, (info) => packed(rgb(info.colour)));
  const seen = Uint8Array.from(infos, (_, i) => Number(!hidden.has(i)));
  const [rejected, rejectedSeen] = [packed(REJECTED), !comparison && !hidden.has(-1)];
  const numbers = numbersOf(store, rows);
  const chosen = store.selection.value.length ? new Uint8Array(store.table.total) : null;
  if (chosen) for (const row of store.selection.value) chosen[row] = 1;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const label = labels[row] ?? -1;
    if (label < 0 ? !rejectedSeen : !seen[label]) continue;
    const colour = numbers ? numbers[i]! : label < 0 ? rejected : classes[label]!;
    found[i] = colour | ((chosen && !chosen[row] ? DIMMED : 255) << 24);
  }
  if (inferred.length) found.set(inferredColours(store, inferred, classes, seen, chosen !== null), rows.length);
  return new Uint8Array(found.buffer);
}

/** The colours of rows by what is unknown or by a number; null if classes are shown. */
function numbersOf(store: Store, rows: Int32Array): Uint32Array | null {
  const { name: colouring, values } = store.coloured.peek();
  if (colouring === UNKNOWN) {
    const of = { known: packed(rgb(KNOWN_COLOURS.known)), unknown: packed(rgb(KNOWN_COLOURS.unknown)), other: packed(rgb(KNOWN_COLOURS.other)) };
    return Uint32Array.from(rows, (row) => of[readingOf(store, row)]);
  }
  const variable = store.manifest.variables.find((v) => v.name === colouring);
  if (colouring === CLASS || !variable || !values) return null;
  if (variable.levels) {
    const levels = LEVEL_COLOURS.map((text) => packed(rgb(text)));
    return Uint32Array.from(rows, (row) => levels[values[row] ?? -1] ?? packed(UNDEFINED));
  }
  const palette = paletteOf(store);
  return Uint32Array.from(rows, (row) => palette(share(variable, values[row] ?? NaN)));
}

/** A share of a colour scale → colour. */
function paletteOf(store: Store): (at: number) => number {
  const colours = Uint32Array.from(store.manifest.palette, (text) => packed(rgb(text)));
  const none = packed(UNDEFINED);
  return (at) => (Number.isNaN(at) ? none : colours[Math.round(at * (colours.length - 1))]!);
}

function inferredColours(store: Store, inferred: Int32Array, classes: Uint32Array, seen: Uint8Array, dimmed: boolean): Uint32Array {
  const found = new Uint32Array(inferred.length);
  const [source, colouring, opacity] = [store.inferred.value, store.coloured.peek().name, (dimmed ? PALE / 2 : PALE) << 24];
  const variable = store.manifest.variables.find((v) => v.name === colouring);
  const palette = paletteOf(store);
  for (let i = 0; source && i < inferred.length; i++) {
    const place = inferred[i]!;
    const label = source.read[place]!;
    if (!seen[label]) continue;
    const colour = colouring === "probability" && variable ? palette(share(variable, source.probability[place]!))
      : colouring === CLASS ? classes[label]! : packed(UNDEFINED);
    found[i] = colour | opacity;
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
