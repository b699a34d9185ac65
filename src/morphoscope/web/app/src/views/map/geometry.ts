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

const LATTICE = 0.25; // of the lattice that points must fill to be drawn as cells
const RADIUS = 0.04; // of the extent, in which neighbours are counted for a letter

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
export function distinct(values: ArrayLike<number> & Iterable<number>): Float64Array {
  const sorted = Float64Array.from(new Set(values)).sort(); // NaN last
  let count = 0;
  for (const value of sorted)
    if (Number.isFinite(value) && (!count || value - sorted[count - 1]! > SAME * Math.abs(value))) sorted[count++] = value;
  return sorted.subarray(0, count);
}

function spacing(values: Float64Array): Spacing {
  const places = distinct(values);
  const [low = 0, high = 1] = [places[0], places[places.length - 1]];
  if (places.length < 2) return { pitch: Math.abs(low) / 10 || 1, low, high, regular: true };
  const apart = places.slice(1).map((value, i) => value - places[i]!).sort();
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
  plane.rows.forEach((row, i) => {
    if (!patterned(row)) return;
    x0 = Math.min(x0, plane.x[i]!);
    x1 = Math.max(x1, plane.x[i]!);
    y0 = Math.min(y0, plane.y[i]!);
    y1 = Math.max(y1, plane.y[i]!);
  });
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

/** The place nearest to a point, or −1 if there is none within some pitches or pixels. Places after `rows` are inferred ones. */
export function nearest(plane: Plane, x: number, y: number, reach: [number, number]): number {
  const [rx, ry] = reach;
  let best = -1;
  let least = 1;
  for (let i = 0; i < plane.x.length; i++) {
    const dx = (plane.x[i]! - x) / rx;
    const dy = (plane.y[i]! - y) / ry;
    const distance = dx * dx + dy * dy;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

/** The places in `rows` at the same point as one of all. */
export function together(plane: Plane, place: number): number[] {
  const found: number[] = [];
  const [x, y] = [plane.x[place]!, plane.y[place]!];
  for (let i = 0; i < plane.rows.length; i++) if (plane.x[i] === x && plane.y[i] === y) found.push(i);
  return found;
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

/** A place of a class for its letter: among its densest ones, near to their middle and far from other classes. */
export function letterPlace(plane: Plane, members: number[]): number {
  const [x0, x1, y0, y1] = plane.all;
  const [ex, ey] = [x1 - x0, y1 - y0];
  const buckets = new Map<number, number>();
  const key = (i: number) => Math.floor((plane.x[i]! - x0) / ex / RADIUS) * 1000 + Math.floor((plane.y[i]! - y0) / ey / RADIUS);
  for (const i of members) buckets.set(key(i), (buckets.get(key(i)) ?? 0) + 1);
  const around = (i: number) => {
    const k = key(i);
    let sum = 0;
    for (const a of [-1000, 0, 1000]) for (const b of [-1, 0, 1]) sum += buckets.get(k + a + b) ?? 0;
    return sum;
  };
  const dense = members.map(around);
  const most = dense.reduce((a, b) => Math.max(a, b), 0);
  const inner = members.filter((_, i) => dense[i]! >= 0.8 * most);
  const mean = [0, 0];
  for (const i of inner) {
    mean[0]! += plane.x[i]! / inner.length;
    mean[1]! += plane.y[i]! / inner.length;
  }
  let best = inner[0] ?? members[0]!;
  let least = Infinity;
  for (const i of inner) {
    const distance = ((plane.x[i]! - mean[0]!) / ex) ** 2 + ((plane.y[i]! - mean[1]!) / ey) ** 2;
    if (distance < least) [best, least] = [i, distance];
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
