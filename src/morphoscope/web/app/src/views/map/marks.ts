// Letters of classes and marks of runs over the cells.

import type { Store } from "../../state/store";
import type { Plane } from "./geometry";
import { letterPlaces } from "./letters";
import { drawDot, drawRing, type Frame } from "./overlay";

const LETTER_SHARE = 0.002; // of all rows that a class needs for a letter
const MARK = { here: "#ff3b30", live: "#0969da" };

export type Letter = [number, number, string]; // coordinates and symbol of a class

/** A letter for each class that has enough runs and is not hidden. `other`: of the second reading of a comparison. */
export function lettersOf(store: Store, plane: Plane, other: boolean): Letter[] {
  const comparison = other ? store.comparison.peek() : null;
  const labels = comparison?.read ?? store.labels.label;
  const classes = comparison?.classes ?? store.classes.peek();
  const counts = new Int32Array(classes.length);
  for (const row of plane.rows) counts[labels[row] ?? -1]!++;
  const least = Math.max(3, LETTER_SHARE * plane.rows.length);
  const wanted = [...counts.keys()].filter((label) => counts[label]! >= least && !store.hidden.peek().has(label));
  const found: Letter[] = [];
  for (const [label, at] of letterPlaces(plane, labels, wanted)) found.push([plane.x[at]!, plane.y[at]!, classes[label]!.symbol]);
  return found;
}

/** Places of runs that a person has labelled or that are read differently. */
export function markedPlaces(store: Store, plane: Plane): number[] {
  const differs = new Set(store.comparison.peek()?.differs ?? []);
  const { annotated } = store.labels;
  const found: number[] = [];
  for (let i = 0; i < plane.rows.length; i++) {
    const row = plane.rows[i]!;
    if (annotated[row] || (differs.size && differs.has(row))) found.push(i);
  }
  return found;
}

export function drawMarked(context: CanvasRenderingContext2D, frame: Frame, store: Store, plane: Plane, marked: number[]): void {
  const differs = new Set(store.comparison.peek()?.differs ?? []);
  const { annotated } = store.labels;
  const cell = Math.min(plane.pitch[0] * (frame.x(1) - frame.x(0)), plane.pitch[1] * (frame.y(0) - frame.y(1)));
  const size = plane.lattice ? Math.min(7, Math.max(3, 0.4 * cell)) : 5;
  for (const i of marked) {
    const [row, x, y] = [plane.rows[i]!, frame.x(plane.x[i]!), frame.y(plane.y[i]!)];
    if (differs.has(row)) {
      context.strokeStyle = "#000000";
      context.lineWidth = 1.4;
      context.strokeRect(x - size / 2, y - size / 2, size, size);
    }
    if (annotated[row]) drawDot(context, x, y, size / 2, "#ffffff");
  }
}

/** The pattern that is shown. */
export function drawHere(context: CanvasRenderingContext2D, frame: Frame, x: number | undefined, y: number | undefined): void {
  if (x !== undefined && y !== undefined) drawRing(context, frame.x(x), frame.y(y), 8, MARK.here);
}

/** Draws of an estimator, and where the live run is. */
export function drawParameters(context: CanvasRenderingContext2D, frame: Frame, store: Store): void {
  const [across, up] = store.axes.peek();
  const draws = store.draws.peek();
  if (draws?.[across] && draws[up])
    draws[across].forEach((value, i) => drawDot(context, frame.x(value), frame.y(draws[up]![i]!), 2, MARK.here));
  const live = store.livePoint.peek();
  const [x, y] = [live?.[across], live?.[up]];
  if (x !== undefined && y !== undefined) drawRing(context, frame.x(x), frame.y(y), 6, MARK.live);
}
