// Thumbnails of patterns on the map, at their places, as many as have room beside each other.

import type { Store } from "../../state/store";
import type { Plane } from "./geometry";
import type { Frame } from "./overlay";

const SIDE = 38; // pixels
const BORDER = 2;
const DIMMED = 0.3; // opacity of patterns that are not selected
const MOST = 50_000; // patterns among which those with room are chosen
const WIDE = 4096; // buckets in a line, more than a screen has

export class Pictures {
  private sheets = new Map<number, HTMLImageElement | null>(); // null: on its way
  private sorted: { of: Plane; places: Int32Array } | null = null;

  /** `redraw`: called when a sheet of thumbnails has arrived. */
  constructor(private store: Store, private redraw: () => void) {}

  /** Draw inside the axes. */
  draw(context: CanvasRenderingContext2D, frame: Frame, plane: Plane): void {
    if (!this.store.pictures.peek()) return;
    const { sheets } = this.store.manifest;
    const selected = this.store.selection.peek().length ? new Set(this.store.selection.peek()) : null;
    for (const [row, x, y] of this.chosen(frame, plane)) {
      const image = this.sheet(Math.floor(row / sheets.perSheet));
      if (!image) continue;
      const place = row % sheets.perSheet;
      context.globalAlpha = selected && !selected.has(row) ? DIMMED : 1;
      context.fillStyle = this.store.classOf(row)?.colour ?? "#ffffff";
      context.fillRect(x - SIDE / 2, y - SIDE / 2, SIDE, SIDE);
      context.drawImage(
        image, (place % sheets.columns) * sheets.side, Math.floor(place / sheets.columns) * sheets.side, sheets.side, sheets.side,
        x - SIDE / 2 + BORDER, y - SIDE / 2 + BORDER, SIDE - 2 * BORDER, SIDE - 2 * BORDER,
      );
    }
    context.globalAlpha = 1;
  }

  /** The places of a plane, those with the most certain classes first: they show what is typical. */
  private order(plane: Plane): Int32Array {
    const { probability } = this.store.table;
    if (this.sorted?.of !== plane) {
      const places = Int32Array.from(plane.rows.keys()).sort((a, b) => probability[plane.rows[b]!]! - probability[plane.rows[a]!]! || a - b);
      this.sorted = { of: plane, places: places.slice(0, MOST) };
    }
    return this.sorted.places;
  }

  /** Rows that have room, with their pixels. */
  private chosen(frame: Frame, plane: Plane): [number, number, number][] {
    const { store } = this;
    const { rows, x, y } = plane;
    const [hidden, labels, classes] = [store.hidden.peek(), store.labels.label, store.classes.peek()];
    const taken = new Map<number, [number, number, number]>(); // at most one in each bucket
    for (const i of this.order(plane)) {
      const [row, px, py] = [rows[i]!, frame.x(x[i]!), frame.y(y[i]!)];
      if (!(px > -SIDE && py > -SIDE && px < frame.width + SIDE && py < frame.height + SIDE)) continue;
      const label = labels[row] ?? -1;
      if (hidden.has(label) || classes[label]?.homogeneous) continue;
      const bucket = Math.floor(py / SIDE + 2) * WIDE + Math.floor(px / SIDE + 2);
      let free = true;
      for (let line = -WIDE; free && line <= WIDE; line += WIDE)
        for (let column = -1; free && column <= 1; column++) {
          const other = taken.get(bucket + line + column);
          free = !other || Math.abs(other[1] - px) >= SIDE || Math.abs(other[2] - py) >= SIDE;
        }
      if (free) taken.set(bucket, [row, px, py]);
    }
    return [...taken.values()];
  }

  private sheet(number: number): HTMLImageElement | null {
    const found = this.sheets.get(number);
    if (found !== undefined) return found;
    this.sheets.set(number, null);
    void Promise.resolve(this.store.source.sheet(number)).then((address) => {
      const image = new Image();
      image.onload = () => {
        this.sheets.set(number, image);
        this.redraw();
      };
      image.onerror = () => this.sheets.delete(number); // the next picture of the map asks again
      image.src = address;
    }, () => this.sheets.delete(number));
    return null;
  }
}
