// What lies over the cells: axes, theory lines, letters, marks.

import { scaleLinear, type ScaleLinear } from "d3-scale";

import type { TheoryLine } from "../../data/source";

export interface Frame {
  x: ScaleLinear<number, number>; // data → pixels of the page, inside the axes
  y: ScaleLinear<number, number>;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Ink {
  ink: string;
  soft: string;
  line: string;
  surface: string;
  font: string;
}

export const MARGIN = { left: 68, right: 12, top: 10, bottom: 44 };
/** Long lines are solid: dashes make the picture slow where graphics are emulated. */
const DASHES: Record<string, number[]> = {
  existence: [], "saddle-node": [], Hopf: [7, 4], Turing: [2, 3], spinodal: [8, 3, 2, 3],
};

export function dashOf(kind: string): number[] {
  return DASHES[kind] ?? [5, 3];
}

export function frameOf([x0, x1, y0, y1]: readonly [number, number, number, number], width: number, height: number): Frame {
  const inner = [Math.max(10, width - MARGIN.left - MARGIN.right), Math.max(10, height - MARGIN.top - MARGIN.bottom)] as const;
  return {
    x: scaleLinear([x0, x1], [0, inner[0]]),
    y: scaleLinear([y0, y1], [inner[1], 0]),
    left: MARGIN.left, top: MARGIN.top, width: inner[0], height: inner[1],
  };
}

/** The box of a map whose axes have no unit, with a title below it. */
export function drawBox(context: CanvasRenderingContext2D, frame: Frame, title: string, ink: Ink): void {
  const { left, top, width, height } = frame;
  context.strokeStyle = ink.line;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  context.fillStyle = ink.ink;
  context.font = `13px ${ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillText(title, left + width / 2, top + height + 8, width);
}

export function drawAxes(context: CanvasRenderingContext2D, frame: Frame, titles: [string, string], ink: Ink): void {
  const { left, top, width, height } = frame;
  drawBox(context, frame, "", ink);
  context.font = `12px ${ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  const across = Math.max(2, Math.floor(width / 90));
  const format = frame.x.tickFormat(across);
  for (const tick of frame.x.ticks(across)) {
    const x = left + frame.x(tick);
    context.fillRect(x, top + height, 1, 5);
    context.fillText(format(tick), x, top + height + 7);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  const up = Math.max(2, Math.floor(height / 60));
  const other = frame.y.tickFormat(up);
  for (const tick of frame.y.ticks(up)) {
    const y = top + frame.y(tick);
    context.fillRect(left - 5, y, 5, 1);
    context.fillText(other(tick), left - 8, y);
  }
  context.font = `13px ${ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(titles[0], left + width / 2, top + height + MARGIN.bottom - 2, width);
  context.save();
  context.translate(2, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "top";
  context.fillText(titles[1], 0, 0, height);
  context.restore();
}

/**
 * A canvas that the processor draws on: many small things and pictures that change at once are drawn faster than by
 * commands to a graphics card, and much faster than where that is emulated.
 */
export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser can't draw");
  return context;
}

/** Everything that `draw` draws stays inside the axes. */
export function clipped(context: CanvasRenderingContext2D, frame: Frame, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  context.translate(frame.left, frame.top);
  draw();
  context.restore();
}

function traceLine(context: CanvasRenderingContext2D, frame: Frame, line: TheoryLine): void {
  context.beginPath();
  for (const piece of line.pieces)
    piece.forEach(([x, y], i) => (i ? context.lineTo(frame.x(x), frame.y(y)) : context.moveTo(frame.x(x), frame.y(y))));
}

/** Black on white is visible on light and on dark classes. */
function strokeLine(context: CanvasRenderingContext2D, dash: number[], outer: number, inner: number): void {
  context.setLineDash([]);
  context.strokeStyle = "#ffffff";
  context.lineWidth = outer;
  context.stroke();
  context.setLineDash(dash);
  context.strokeStyle = "#000000";
  context.lineWidth = inner;
  context.stroke();
  context.setLineDash([]);
}

export function drawLines(context: CanvasRenderingContext2D, frame: Frame, lines: TheoryLine[], hovered: string): void {
  for (const line of lines) {
    const wide = line.name === hovered ? 1.6 : 0;
    traceLine(context, frame, line);
    strokeLine(context, dashOf(line.kind), 3.2 + wide, 1.6 + wide);
  }
}

/** The same on a small map. */
export function drawThinLines(context: CanvasRenderingContext2D, frame: Frame, lines: TheoryLine[]): void {
  for (const line of lines) {
    traceLine(context, frame, line);
    strokeLine(context, dashOf(line.kind).map((length) => length / 2), 2, 0.9);
  }
}

/** The name of a class at a point inside the axes, moved so far that none of it is cut off. */
export function drawLetter(context: CanvasRenderingContext2D, frame: Frame, [at, up]: [number, number], text: string, font: string): void {
  context.font = `bold 17px ${font}`;
  const half = context.measureText(text).width / 2 + 2, high = 11;
  if (at < 0 || up < 0 || at > frame.width || up > frame.height) return;
  const x = Math.max(half, Math.min(at, frame.width - half)), y = Math.max(high, Math.min(up, frame.height - high));
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = "#ffffff";
  context.lineWidth = 4;
  context.strokeText(text, x, y);
  context.fillStyle = "#000000";
  context.fillText(text, x, y);
}

export function drawRing(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  for (const [wide, stroke] of [[5, "#ffffff"], [3, colour]] as const) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.lineWidth = wide;
    context.strokeStyle = stroke;
    context.stroke();
  }
}

export function drawDot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = "#000000";
  context.stroke();
}

/** The theory line nearest to a pixel inside the axes, within a few pixels. */
export function lineAt(frame: Frame, lines: TheoryLine[], x: number, y: number): TheoryLine | null {
  let least = 7;
  let best: TheoryLine | null = null;
  for (const line of lines)
    for (const piece of line.pieces)
      for (let i = 1; i < piece.length; i++) {
        const [ax, ay] = [frame.x(piece[i - 1]![0]), frame.y(piece[i - 1]![1])];
        const [bx, by] = [frame.x(piece[i]![0]), frame.y(piece[i]![1])];
        const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
        const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
        const distance = Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y);
        if (distance < least) [best, least] = [line, distance];
      }
  return best;
}
