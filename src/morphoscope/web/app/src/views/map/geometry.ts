// Where the runs lie in the plane of the map, in units of its axes.

import type { Window } from "../../state/store";

export interface Plane {
  rows: Int32Array; // that are shown
  x: Float64Array; // of these rows, then of the points that were only inferred
  y: Float64Array;
  pitch: [number, number]; // between neighbouring columns and rows of a scan
  lattice: [number, number] | null; // columns and rows if the points fill a lattice: then they are drawn as its cells
  all: Window; // everything
}

const GAPS = 5000; // between neighbouring values, of which the middle one is found
const LATTICE = 0.25; // of the lattice that points must fill to be drawn as cells

/** `inferred`: coordinates of points without runs. */
export function planeOf(rows: Int32Array, across: Float64Array, up: Float64Array, inferred?: [Float64Array, Float64Array]): Plane {
  const x = placed(rows, across, inferred?.[0]);
  const y = placed(rows, up, inferred?.[1]);
  const { pitch: px, low: x0, high: x1, regular: columns } = spacing(x);
  const { pitch: py, low: y0, high: y1, regular: lines } = spacing(y);
  const size: [number, number] = [Math.round((x1 - x0) / px) + 1, Math.round((y1 - y0) / py) + 1];
  const plane = { rows, x, y, pitch: [px, py] as [number, number], all: [x0 - px / 2, x1 + px / 2, y0 - py / 2, y1 + py / 2] as Window };
  return { ...plane, lattice: columns && lines && filled(plane, size) ? size : null };
}

function placed(rows: Int32Array, column: Float64Array, inferred?: Float64Array): Float64Array {
  const found = new Float64Array(rows.length + (inferred?.length ?? 0));
  for (let i = 0; i < rows.length; i++) found[i] = column[rows[i]!] ?? NaN;
  if (inferred) found.set(inferred, rows.length);
  return found;
}

function filled({ x, y, pitch: [px, py], all: [x0, , y0] }: Omit<Plane, "lattice">, [columns, lines]: [number, number]): boolean {
  const least = LATTICE * columns * lines;
  if (least > x.length) return false;
  const seen = new Uint8Array(columns * lines);
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const place = Math.floor((y[i]! - y0) / py) * columns + Math.floor((x[i]! - x0) / px);
    if (!seen[place]) count += seen[place] = 1;
  }
  return count >= least;
}

interface Spacing {
  pitch: number;
  low: number;
  high: number;
  regular: boolean; // whether nearly all neighbours are a multiple of the pitch apart
}

const SAME = 1e-9; // relative difference of values that are the same

/** The distinct values of a column, smallest first. */
function distinct(values: Float64Array): Float64Array {
  const sorted = values.slice().sort(); // NaN last
  let count = 0;
  for (const value of sorted)
    if (Number.isFinite(value) && (!count || value - sorted[count - 1]! > SAME * Math.abs(value))) sorted[count++] = value;
  return sorted.subarray(0, count);
}

function spacing(values: Float64Array): Spacing {
  const places = distinct(values);
  const [low = 0, high = 1] = [places[0], places[places.length - 1]];
  if (places.length < 2) return { pitch: Math.abs(low) / 10 || 1, low, high, regular: true };
  const every = Math.ceil((places.length - 1) / GAPS);
  const apart = Float64Array.from({ length: Math.floor((places.length - 1) / every) }, (_, i) => places[i * every + 1]! - places[i * every]!).sort();
  const extent = high - low;
  const middle = apart[apart.length >> 1]!;
  let multiples = 0;
  for (const distance of apart) if (Math.abs(distance / middle - Math.round(distance / middle)) < 0.05) multiples++;
  const regular = multiples >= 0.95 * apart.length;
  return { pitch: Math.min(Math.max(middle, extent / 2000), regular ? extent : extent / 8), low, high, regular };
}

/** The part of the plane that has patterns: where the map starts. Everything, if they are nearly everywhere. */
export function startWindow(plane: Plane, patterned: (row: number) => boolean): Window {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < plane.rows.length; i++) {
    if (!patterned(plane.rows[i]!)) continue;
    x0 = Math.min(x0, plane.x[i]!);
    x1 = Math.max(x1, plane.x[i]!);
    y0 = Math.min(y0, plane.y[i]!);
    y1 = Math.max(y1, plane.y[i]!);
  }
  const [ax0, ax1, ay0, ay1] = plane.all;
  if (x1 < x0) return padded(plane.all);
  const [px, py] = plane.pitch;
  const found = padded([x0 - px, x1 + px, y0 - py, y1 + py]);
  const share = ((found[1] - found[0]) * (found[3] - found[2])) / ((ax1 - ax0) * (ay1 - ay0));
  return share > 0.85 ? padded(plane.all) : found;
}

export function padded([x0, x1, y0, y1]: Window): Window {
  const [dx, dy] = [(x1 - x0) * 0.02, (y1 - y0) * 0.02];
  return [x0 - dx, x1 + dx, y0 - dy, y1 + dy];
}

/** The nearest place in one of four directions, or the same one at the edge. */
export function neighbour(plane: Plane, place: number, dx: number, dy: number): number {
  const [px, py] = plane.pitch;
  let best = place;
  let least = Infinity;
  for (let i = 0; i < plane.rows.length; i++) {
    const [x, y] = [(plane.x[i]! - plane.x[place]!) / px, (plane.y[i]! - plane.y[place]!) / py];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    const cost = ahead > 0.5 && aside < 2 * ahead ? ahead + 3 * aside : Infinity;
    if (cost < least) [best, least] = [i, cost];
  }
  return best;
}

export function inside(polygon: [number, number][], x: number, y: number): boolean {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i]!;
    const [xj, yj] = polygon[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}
