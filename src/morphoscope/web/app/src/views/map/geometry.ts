// Where the runs lie in the plane of the map, in units of its axes.

import type { Window } from "../../state/store";

export interface Plane {
  rows: Int32Array; // that are shown
  x: Float64Array; // of these rows
  y: Float64Array;
  pitch: [number, number]; // between neighbouring columns and rows of a scan
  lattice: boolean; // whether the points fill a lattice: then they are drawn as its cells
  all: Window; // everything
}

const LATTICE = 0.25; // of the lattice that points must fill to be drawn as cells
const RADIUS = 0.04; // of the extent, in which neighbours are counted for a letter

export function planeOf(rows: Int32Array, across: Float64Array, up: Float64Array): Plane {
  const x = Float64Array.from(rows, (row) => across[row] ?? NaN);
  const y = Float64Array.from(rows, (row) => up[row] ?? NaN);
  const { pitch: px, low: x0, high: x1, regular: columns } = spacing(x);
  const { pitch: py, low: y0, high: y1, regular: lines } = spacing(y);
  const places = new Set<number>();
  for (let i = 0; i < x.length; i++) places.add(Math.round((x[i]! - x0) / px) * 1e7 + Math.round((y[i]! - y0) / py));
  const cells = (Math.round((x1 - x0) / px) + 1) * (Math.round((y1 - y0) / py) + 1);
  return {
    rows, x, y,
    pitch: [px, py],
    lattice: columns && lines && places.size / cells >= LATTICE,
    all: [x0 - px / 2, x1 + px / 2, y0 - py / 2, y1 + py / 2],
  };
}

interface Spacing {
  pitch: number;
  low: number;
  high: number;
  regular: boolean; // whether nearly all neighbours are a multiple of the pitch apart
}

function spacing(values: Float64Array): Spacing {
  const places = [...new Set(Array.from(values, (v) => Number(v.toPrecision(9))))].filter(Number.isFinite).sort((a, b) => a - b);
  const [low = 0, high = 1] = [places[0], places[places.length - 1]];
  if (places.length < 2) return { pitch: Math.abs(low) / 10 || 1, low, high, regular: true };
  const apart = places.slice(1).map((value, i) => value - places[i]!).sort((a, b) => a - b);
  const extent = high - low;
  const middle = apart[apart.length >> 1]!;
  const multiples = apart.filter((distance) => Math.abs(distance / middle - Math.round(distance / middle)) < 0.05);
  const regular = multiples.length >= 0.95 * apart.length;
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

/** The place in `rows` nearest to a point, or −1 if there is none within some pitches or pixels. */
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

/** The places in `rows` at the same point as one of them. */
export function together(plane: Plane, place: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < plane.x.length; i++)
    if (plane.x[i] === plane.x[place] && plane.y[i] === plane.y[place]) found.push(i);
  return found;
}

/** The nearest place in one of four directions, or the same one at the edge. */
export function neighbour(plane: Plane, place: number, dx: number, dy: number): number {
  const [px, py] = plane.pitch;
  let best = place;
  let least = Infinity;
  for (let i = 0; i < plane.x.length; i++) {
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
