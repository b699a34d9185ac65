// Where the letters of the classes stand: each among the densest runs of its class, near to their middle.

import type { Plane } from "./geometry";

const SIDE = 25; // buckets along an axis; neighbours are counted in a bucket and the eight around it
const WIDE = SIDE + 2; // with an empty one on either side
const DENSE = 0.8; // of the most neighbours that a run of the class has

/** The buckets of all places with their rows; 0, which is empty, for coordinates that are not numbers. */
function assigned({ rows, x, y, all: [x0, x1, y0, y1] }: Plane): Uint16Array {
  const [perX, perY] = [SIDE / (x1 - x0), SIDE / (y1 - y0)];
  const found = new Uint16Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const column = Math.floor((x[i]! - x0) * perX);
    const line = Math.floor((y[i]! - y0) * perY);
    if (column >= 0 && line >= 0) found[i] = (Math.min(line, SIDE - 1) + 1) * WIDE + Math.min(column, SIDE - 1) + 1;
  }
  return found;
}

/** The buckets in which a class has the most neighbours. `counts`: its runs in each bucket. */
function denseOf(counts: Int32Array): Uint8Array {
  const around = new Int32Array(WIDE * WIDE);
  let most = 0;
  counts.forEach((count, k) => {
    if (!count) return;
    for (const line of [-WIDE, 0, WIDE]) for (const column of [-1, 0, 1]) around[k]! += counts[k + line + column]!;
    most = Math.max(most, around[k]!);
  });
  return Uint8Array.from(around, (sum) => Number(sum > 0 && sum >= DENSE * most));
}

/** A place for the letter of each class from `wanted`. `labels`: the class of each row. */
export function letterPlaces(plane: Plane, labels: ArrayLike<number>, wanted: number[]): Map<number, number> {
  const { rows, x, y, all: [x0, x1, y0, y1] } = plane;
  const buckets = assigned(plane);
  const most = Math.max(-1, ...wanted);
  const counts = Array.from({ length: most + 1 }, (_, label) => (wanted.includes(label) ? new Int32Array(WIDE * WIDE) : null));
  const own = (i: number) => counts[labels[rows[i]!]!];
  for (let i = 0; i < rows.length; i++) if (buckets[i]) { const of = own(i); if (of) of[buckets[i]!]!++; }
  const classes = counts.map((of) => of && { dense: denseOf(of), x: 0, y: 0, runs: 0, place: -1, least: Infinity });
  const inner = (i: number) => {
    const found = buckets[i] ? classes[labels[rows[i]!]!] : null;
    return found?.dense[buckets[i]!] ? found : null;
  };
  for (let i = 0; i < rows.length; i++) {
    const found = inner(i);
    if (!found) continue;
    found.x += x[i]!;
    found.y += y[i]!;
    found.runs++;
  }
  for (let i = 0; i < rows.length; i++) {
    const found = inner(i);
    if (!found) continue;
    const distance = ((x[i]! - found.x / found.runs) / (x1 - x0)) ** 2 + ((y[i]! - found.y / found.runs) / (y1 - y0)) ** 2;
    if (distance < found.least) [found.place, found.least] = [i, distance];
  }
  const places = new Map<number, number>();
  classes.forEach((found, label) => found && found.place >= 0 && places.set(label, found.place));
  return places;
}
