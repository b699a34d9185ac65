// The places of a plane in buckets, so that what is under the pointer is found without looking at every place.

import type { Plane } from "./geometry";

const PER_BUCKET = 4; // places on average

export class Buckets {
  private side: number; // buckets along an axis
  private order: Int32Array; // places, bucket by bucket
  private starts: Int32Array; // of the buckets in `order`

  constructor(private plane: Plane) {
    const count = plane.x.length;
    this.side = Math.max(1, Math.ceil(Math.sqrt(count / PER_BUCKET)));
    const buckets = new Int32Array(count);
    this.starts = new Int32Array(this.side ** 2 + 1);
    for (let i = 0; i < count; i++) {
      buckets[i] = this.line(plane.y[i]!) * this.side + this.column(plane.x[i]!);
      this.starts[buckets[i]! + 1]!++;
    }
    for (let k = 0; k < this.side ** 2; k++) this.starts[k + 1]! += this.starts[k]!;
    const next = this.starts.slice();
    this.order = new Int32Array(count);
    for (let i = 0; i < count; i++) this.order[next[buckets[i]!]!++] = i;
  }

  private column(x: number): number {
    const [x0, x1] = this.plane.all;
    return this.inside((x - x0) / (x1 - x0));
  }

  private line(y: number): number {
    const [, , y0, y1] = this.plane.all;
    return this.inside((y - y0) / (y1 - y0));
  }

  /** Places outside of the plane, and coordinates that are not numbers, are in the buckets at its edge. */
  private inside(share: number): number {
    return Math.min(this.side - 1, Math.max(0, Math.floor(share * this.side) || 0));
  }

  private visit([x0, x1, y0, y1]: Plane["all"], look: (place: number) => void): void {
    for (let line = this.line(y0); line <= this.line(y1); line++)
      for (let column = this.column(x0); column <= this.column(x1); column++) {
        const bucket = line * this.side + column;
        for (let k = this.starts[bucket]!; k < this.starts[bucket + 1]!; k++) look(this.order[k]!);
      }
  }

  /** The place nearest to a point, in units of a reach along each axis, or −1 if there is none within it. */
  nearest(x: number, y: number, [rx, ry]: [number, number]): number {
    let best = -1;
    let least = 1;
    this.visit([x - rx, x + rx, y - ry, y + ry], (i) => {
      const distance = ((this.plane.x[i]! - x) / rx) ** 2 + ((this.plane.y[i]! - y) / ry) ** 2;
      if (distance < least || (distance === least && i < best)) [best, least] = [i, distance];
    });
    return best;
  }

  /** The places of runs at the same point as a place, in their order. */
  together(place: number): number[] {
    const { rows, x, y } = this.plane;
    const [px, py] = [x[place]!, y[place]!];
    const found: number[] = [];
    this.visit([px, px, py, py], (i) => i < rows.length && x[i] === px && y[i] === py && found.push(i));
    return found;
  }
}

const kept = new WeakMap<Plane, Buckets>();

/** The buckets of a plane, made when they are first asked for. */
export function bucketsOf(plane: Plane): Buckets {
  let found = kept.get(plane);
  if (!found) kept.set(plane, (found = new Buckets(plane)));
  return found;
}
