// Draws scattered points: by the processor, until it is known that there is a graphics card, if they are many. Where
// graphics are emulated, WebGL takes up to seconds to start and up to a second a frame.

import { accelerated } from "../../simulator/gpu";
import type { Window } from "../../state/store";
import type { Frame } from "./overlay";
import type { Painter } from "./placement";
import { RasterPainter } from "./raster";
import { WebGLPainter } from "./webgl";

const FEW = 20_000;

export class PointPainter {
  private painter: Painter;
  private kept: { points?: Float32Array; colours?: Uint8Array } = {};
  private freed = false;

  /** `place`: the element for the canvas; `count`: about how many points there will be. */
  constructor(private place: HTMLElement, count: number, private redraw: () => void) {
    this.painter = new RasterPainter(place);
    if (count > FEW) void accelerated().then((found) => found && this.accelerate());
  }

  private accelerate(): void {
    const painter = this.freed ? null : WebGLPainter.create(this.place, this.redraw);
    if (!painter) return;
    this.painter.free();
    this.painter = painter;
    if (this.kept.points) painter.points(this.kept.points);
    if (this.kept.colours) painter.colours(this.kept.colours);
    this.redraw();
  }

  points(coordinates: Float32Array): void {
    this.kept.points = coordinates;
    this.painter.points(coordinates);
  }

  colours(values: Uint8Array): void {
    this.kept.colours = values;
    this.painter.colours(values);
  }

  draw(frame: Frame, all: Window): void {
    this.painter.draw(frame, all);
  }

  free(): void {
    this.freed = true;
    this.painter.free();
  }
}
