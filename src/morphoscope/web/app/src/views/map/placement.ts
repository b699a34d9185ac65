// Where the stored points lie on the canvas of a map, and how large they are.

import type { Window } from "../../state/store";
import type { Frame } from "./overlay";

export interface Painter {
  /** Coordinates of 0 … 1, x then y of each point. */
  points(coordinates: Float32Array): void;
  /** Red, green, blue, opacity of each point. */
  colours(values: Uint8Array): void;
  /** `all`: the part of the plane in which coordinates are 0 … 1. */
  draw(frame: Frame, all: Window): void;
  free(): void;
}

export interface Placement {
  width: number; // of the canvas, in its pixels
  height: number;
  scale: [number, number]; // pixels of the canvas per unit of the stored coordinates
  offset: [number, number]; // pixels from the left and from the top of coordinate 0
  radius: number; // of a point that has room, in pixels
}

const POINT = 7; // pixels of the page across a point that has room
const COVER = 2; // times that all points together may cover the map

/** `ratio`: pixels of the canvas per pixel of the page. */
export function placementOf(frame: Frame, [x0, x1, y0, y1]: Window, ratio: number): Placement {
  return {
    width: Math.round(frame.width * ratio),
    height: Math.round(frame.height * ratio),
    scale: [(x1 - x0) * (frame.x(1) - frame.x(0)) * ratio, -(y1 - y0) * (frame.y(0) - frame.y(1)) * ratio],
    offset: [frame.x(x0) * ratio, frame.y(y0) * ratio],
    radius: (POINT / 2) * ratio,
  };
}

/** Write the numbers of the points that are seen, at least in part; returns how many there are. */
export function seenOf(points: Float32Array, { width, height, scale: [sx, sy], offset: [ox, oy], radius }: Placement, seen: Int32Array): number {
  let count = 0;
  for (let i = 0; i < seen.length; i++) {
    const x = points[2 * i]! * sx + ox;
    const y = points[2 * i + 1]! * sy + oy;
    if (x > -radius && x < width + radius && y > -radius && y < height + radius) seen[count++] = i;
  }
  return count;
}

/** The radius of points: smaller where many are seen, so that they don't hide each other and a frame stays cheap. */
export function radiusOf(count: number, { width, height, radius }: Placement): number {
  return Math.min(radius, Math.sqrt((COVER * width * height) / (Math.PI * Math.max(count, 1))));
}
