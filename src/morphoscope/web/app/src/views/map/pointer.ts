// The pointer on a map: what lies under it, a click, a box or a lasso.

import type { TheoryLine } from "../../data/source";
import type { Store } from "../../state/store";
import { bucketsOf } from "./buckets";
import { inside, type Plane } from "./geometry";
import { lineAt, MARGIN, type Frame } from "./overlay";

export interface Hover {
  row: number; // −1: none
  inferred: number; // number of an inferred point, −1: none
  count: number; // runs at the point
  line: TheoryLine | null;
  x: number; // pixels of the page from the left upper corner of the map
  y: number;
}

/** What the pointer needs to know of its map. */
export interface Stage {
  plot: HTMLElement; // inside the axes; receives the pointer
  store: Store;
  frame: Frame;
  plane: Plane;
  lines: TheoryLine[]; // that are shown
  inferred: Int32Array; // numbers of the inferred points, in the order of the places after those of the rows
  redraw(): void;
  hover(hover: Hover | null): void;
}

const REACH = 14; // pixels within which a point is hit
const LEAST_BOX = 5; // pixels

export class Pointer {
  line = ""; // the name of the theory line under it
  private dragged: [number, number][] | null = null; // a box or lasso in pixels inside the axes
  private chosen = false; // a box or lasso has just ended: the click that follows is not one
  private ends: (() => void)[] = [];

  constructor(private stage: Stage) {
    const { plot } = stage;
    const on = <K extends keyof HTMLElementEventMap>(kind: K, work: (event: HTMLElementEventMap[K]) => void) => {
      plot.addEventListener(kind, work);
      this.ends.push(() => plot.removeEventListener(kind, work));
    };
    on("pointermove", (event) => (this.dragged ? this.drag(event) : this.point(event)));
    on("pointerleave", () => this.leave());
    on("pointerdown", (event) => this.down(event));
    on("pointerup", () => this.dropped());
    on("pointercancel", () => {
      this.dragged = null;
      stage.redraw();
    });
    on("click", (event) => this.click(event));
  }

  free(): void {
    for (const end of this.ends) end();
  }

  private pixel(event: MouseEvent): [number, number] {
    const box = this.stage.plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private at([x, y]: [number, number]): number {
    const { frame, plane } = this.stage;
    const [ux, uy] = [frame.x.invert(1) - frame.x.invert(0), frame.y.invert(0) - frame.y.invert(1)];
    const reach: [number, number] = plane.lattice
      ? [Math.max(plane.pitch[0] * 0.75, REACH * 0.4 * ux), Math.max(plane.pitch[1] * 0.75, REACH * 0.4 * uy)]
      : [REACH * ux, REACH * uy];
    return bucketsOf(plane).nearest(frame.x.invert(x), frame.y.invert(y), reach);
  }

  private point(event: PointerEvent): void {
    if (event.pointerType === "touch" || event.buttons) return;
    const { frame, lines, plane, inferred } = this.stage;
    const [x, y] = this.pixel(event);
    const line = lineAt(frame, lines, x, y);
    const place = this.at([x, y]);
    this.mark(line?.name ?? "");
    if (place < 0 && !line) return this.stage.hover(null);
    const count = place < 0 ? 0 : bucketsOf(plane).together(place).length;
    const row = place < 0 ? -1 : (plane.rows[place] ?? -1);
    this.stage.hover({ row, inferred: inferred[place - plane.rows.length] ?? -1, count, line, x: x + MARGIN.left, y: y + MARGIN.top });
  }

  private mark(name: string): void {
    if (name === this.line) return;
    this.line = name;
    this.stage.redraw();
  }

  leave(): void {
    this.stage.hover(null);
    this.mark("");
  }

  private down(event: PointerEvent): void {
    this.chosen = false;
    const chooses = this.stage.store.tool.peek() !== "pan" || event.shiftKey;
    if (!chooses || event.button || !event.isPrimary) return;
    this.leave();
    this.stage.plot.setPointerCapture(event.pointerId);
    this.dragged = [this.pixel(event)];
  }

  private get lasso(): boolean {
    return this.stage.store.tool.peek() === "lasso";
  }

  private drag(event: PointerEvent): void {
    const now = this.pixel(event);
    if (this.lasso) this.dragged!.push(now);
    else this.dragged = [this.dragged![0]!, now];
    this.stage.redraw();
  }

  private dropped(): void {
    const drawn = this.dragged;
    this.dragged = null;
    this.stage.redraw();
    if (!drawn || drawn.length < 2) return;
    const [[ax, ay], [bx, by]] = [drawn[0]!, drawn[1]!];
    if (this.lasso ? drawn.length < 4 : Math.hypot(bx - ax, by - ay) < LEAST_BOX) return;
    const polygon: [number, number][] = this.lasso ? drawn : [[ax, ay], [bx, ay], [bx, by], [ax, by]];
    const { frame, plane, store } = this.stage;
    const [hidden, labels] = [store.hidden.peek(), store.labels.label];
    const rows: number[] = [];
    plane.rows.forEach((row, i) => {
      if (!hidden.has(labels[row] ?? -1) && inside(polygon, frame.x(plane.x[i]!), frame.y(plane.y[i]!))) rows.push(row);
    });
    this.chosen = true;
    store.select(rows);
  }

  /** Open the run at a click; repeated clicks open one after another of those at a point. */
  private click(event: MouseEvent): void {
    if (this.chosen) return;
    const { plane, store } = this.stage;
    const place = this.at(this.pixel(event));
    if (place < 0 || place >= plane.rows.length) return;
    const here = bucketsOf(plane).together(place).map((i) => plane.rows[i]!);
    const shown = here.indexOf(store.row.peek());
    store.open(here[(shown + 1) % here.length]!);
    if (store.tab.peek() === "map" || store.tab.peek() === "montage") store.tab.value = "pattern";
  }

  /** Draw the box or lasso. */
  draw(context: CanvasRenderingContext2D): void {
    if (!this.dragged || this.dragged.length < 2) return;
    context.beginPath();
    if (this.lasso) this.dragged.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    else {
      const [[ax, ay], [bx, by]] = [this.dragged[0]!, this.dragged[1]!];
      context.rect(ax, ay, bx - ax, by - ay);
    }
    context.closePath();
    context.fillStyle = "rgba(9, 105, 218, 0.15)";
    context.fill();
    context.setLineDash([5, 3]);
    context.lineWidth = 2;
    context.strokeStyle = "#0969da";
    context.stroke();
    context.setLineDash([]);
  }
}
