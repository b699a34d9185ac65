// Draws scattered points into an array of pixels: discs, with smooth edges where they have room, or small squares.

import type { Window } from "../../state/store";
import { contextOf, type Frame } from "./overlay";
import { placementOf, radiusOf, seenOf, type Painter, type Placement } from "./placement";

const PHASES = 4; // positions of a disc between two pixels, along each axis
const SQUARE = 3; // largest side of a point that is drawn as a square
const MANY = 100_000; // points, for which a pixel of the page is fine enough

/** How much of each pixel a disc covers, 0 … 255, for each of its positions between pixels; all or nothing without `smooth`. */
function discs(radius: number, side: number, smooth: boolean): Uint8Array[] {
  return Array.from({ length: PHASES * PHASES }, (_, phase) => {
    const middle = (side - 1) / 2 - 0.5;
    const [cx, cy] = [middle + ((phase % PHASES) + 0.5) / PHASES, middle + (Math.floor(phase / PHASES) + 0.5) / PHASES];
    return Uint8Array.from({ length: side * side }, (_, k) => {
      const distance = Math.hypot((k % side) - cx, Math.floor(k / side) - cy);
      const covered = Math.min(1, Math.max(0, radius + 0.5 - distance));
      return 255 * (smooth ? covered : Math.round(covered));
    });
  });
}

/** A colour with an opacity of 0 … 255 over another one; red is in the lowest byte, opacity in the highest. */
function over(below: number, above: number, opacity: number): number {
  if (opacity >= 255 || below === 0) return (above & 0xffffff) | (opacity << 24);
  const rest = ((below >>> 24) * (255 - opacity)) / 255;
  const share = opacity / (opacity + rest);
  let found = (opacity + rest + 0.5) << 24;
  for (const shift of [0, 8, 16]) {
    const from = (below >>> shift) & 255;
    const to = (above >>> shift) & 255;
    found |= (from + share * (to - from) + 0.5) << shift;
  }
  return found;
}

export class RasterPainter implements Painter {
  private place: Float32Array = new Float32Array();
  private shade: Int32Array = new Int32Array(); // signed, which is compared faster
  private seen = new Int32Array(); // room for the numbers of the points that are seen
  private image = new ImageData(1, 1);
  private canvas: HTMLCanvasElement;
  private context: CanvasRenderingContext2D;

  constructor(place: HTMLElement) {
    this.canvas = place.appendChild(document.createElement("canvas"));
    this.context = contextOf(this.canvas);
  }

  points(coordinates: Float32Array): void {
    this.place = coordinates;
    this.seen = new Int32Array(coordinates.length / 2);
  }

  colours(values: Uint8Array): void {
    this.shade = new Int32Array(values.buffer);
  }

  draw(frame: Frame, all: Window): void {
    const { canvas } = this;
    const placement = placementOf(frame, all, this.place.length > 2 * MANY ? 1 : devicePixelRatio || 1);
    const { width, height } = placement;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    if (this.image.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    const pixels = new Int32Array(this.image.data.buffer).fill(0);
    const count = seenOf(this.place, placement, this.seen);
    const seen = this.seen.subarray(0, count);
    const radius = radiusOf(count, placement);
    const side = Math.max(1, Math.round(radius * Math.sqrt(Math.PI)));
    if (side <= SQUARE) this.squares(pixels, seen, side, placement);
    else this.discs(pixels, seen, radius, placement);
    this.context.putImageData(this.image, 0, 0);
  }

  private squares(pixels: Int32Array, seen: Int32Array, side: number, { scale: [sx, sy], offset: [ox, oy], width, height }: Placement): void {
    const { place, shade } = this;
    for (let k = 0; k < seen.length; k++) {
      const i = seen[k]!;
      const colour = shade[i]!;
      const x = place[2 * i]! * sx + ox;
      const y = place[2 * i + 1]! * sy + oy;
      if (!colour || !(x >= 0 && y >= 0 && x < width - side + 1 && y < height - side + 1)) continue;
      const at = Math.floor(y) * width + Math.floor(x);
      const opacity = colour >>> 24;
      for (let line = at; line < at + side * width; line += width)
        for (let q = line; q < line + side; q++) pixels[q] = opacity === 255 ? colour : over(pixels[q]!, colour, opacity);
    }
  }

  private discs(pixels: Int32Array, seen: Int32Array, radius: number, { scale: [sx, sy], offset: [ox, oy], width, height, radius: room }: Placement): void {
    const { place, shade } = this;
    const side = Math.ceil(2 * radius) + 2;
    const stamps = discs(radius, side, radius === room);
    for (let k = 0; k < seen.length; k++) {
      const i = seen[k]!;
      const colour = shade[i]!;
      const x = place[2 * i]! * sx + ox - side / 2 + 0.5;
      const y = place[2 * i + 1]! * sy + oy - side / 2 + 0.5;
      if (!colour || !(x > -side && y > -side && x < width && y < height)) continue;
      const left = Math.floor(x);
      const top = Math.floor(y);
      const stamp = stamps[Math.floor((y - top) * PHASES) * PHASES + Math.floor((x - left) * PHASES)]!;
      const opacity = colour >>> 24;
      const first = Math.max(0, -left);
      const last = Math.min(side, width - left);
      for (let line = Math.max(0, -top); line < Math.min(side, height - top); line++)
        for (let column = first, at = (top + line) * width + left + first; column < last; column++, at++) {
          const covered = stamp[line * side + column]!;
          if (covered === 255 && opacity === 255) pixels[at] = colour;
          else if (covered) pixels[at] = over(pixels[at]!, colour, Math.round((covered * opacity) / 255));
        }
    }
  }

  free(): void {
    this.canvas.remove();
  }
}
