// The cells of a scan as a picture with one pixel a cell, which is stretched over the map: a frame draws one picture and
// not each cell, and needs no WebGL.

import type { Plane } from "./geometry";
import { contextOf, type Frame } from "./overlay";

export class CellPicture {
  private canvas = document.createElement("canvas");

  /** `colours`: red, green, blue, opacity of each place of the plane. */
  paint({ x, y, pitch: [px, py], all: [x0, , y0] }: Plane, [columns, lines]: [number, number], colours: Uint8Array): void {
    const picture = new ImageData(columns, lines);
    const [to, from] = [new Uint32Array(picture.data.buffer), new Uint32Array(colours.buffer)];
    const [perColumn, perLine] = [1 / px, 1 / py];
    for (let i = 0; i < x.length; i++) {
      const column = Math.min(columns - 1, Math.floor((x[i]! - x0) * perColumn));
      const line = Math.min(lines - 1, Math.floor((y[i]! - y0) * perLine));
      const place = (lines - 1 - line) * columns + column;
      // Of several runs at a point the last one is seen, but no hidden or dimmed one.
      if (from[i]! >>> 24 >= to[place]! >>> 24) to[place] = from[i]!;
    }
    [this.canvas.width, this.canvas.height] = [columns, lines];
    contextOf(this.canvas).putImageData(picture, 0, 0);
  }

  /** Draw inside the axes. */
  draw(context: CanvasRenderingContext2D, frame: Frame, [x0, x1, y0, y1]: Plane["all"]): void {
    const [left, top, right, bottom] = [frame.x(x0), frame.y(y1), frame.x(x1), frame.y(y0)];
    const { width: columns, height: lines } = this.canvas;
    const [perColumn, perLine] = [(right - left) / columns, (bottom - top) / lines];
    // Only the part that is seen: stretched far beyond the axes, a picture loses its place.
    const [first, last] = seen(-left / perColumn, (frame.width - left) / perColumn, columns);
    const [upper, lower] = seen(-top / perLine, (frame.height - top) / perLine, lines);
    if (first >= last || upper >= lower) return;
    context.imageSmoothingEnabled = perColumn < 1 || perLine < 1; // cells smaller than pixels: their mean
    context.drawImage(
      this.canvas, first, upper, last - first, lower - upper,
      left + first * perColumn, top + upper * perLine, (last - first) * perColumn, (lower - upper) * perLine,
    );
  }
}

function seen(from: number, to: number, count: number): [number, number] {
  return [Math.max(0, Math.floor(from)), Math.min(count, Math.ceil(to))];
}
