// The map itself: cells, overlay, zoom and the tools of the pointer. The reader's choices are in the store.

import { effect, untracked } from "@preact/signals";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomBehavior, type ZoomTransform } from "d3-zoom";

import type { Floats, TheoryLine } from "../../data/source";
import { CLASS, UNKNOWN, type Store, type Window } from "../../state/store";
import { coloursOf } from "./colours";
import { inside, letterPlace, nearest, neighbour, padded, planeOf, startWindow, together, type Plane } from "./geometry";
import { clipped, drawAxes, drawDot, drawLetter, drawLines, drawRing, frameOf, lineAt, MARGIN, type Frame } from "./overlay";
import { createPainter, type Painter } from "./painter";

export interface Hover {
  row: number; // −1: none
  count: number; // runs at the point
  line: TheoryLine | null;
  x: number; // pixels of the page from the left upper corner of the map
  y: number;
}

interface Parts {
  box: HTMLElement; // around everything
  cells: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
  plot: HTMLElement; // inside the axes; receives the pointer
}

const LEAST_CELL = 2; // pixels
const POINT = 7;
const REACH = 14; // pixels within which a point is hit
const LETTER_SHARE = 0.002; // of all rows that a class needs for a letter
const MARK = { here: "#ff3b30", live: "#0969da" };

export class MapChart {
  private plane!: Plane;
  private start: Window = [0, 1, 0, 1];
  private painter: Painter;
  private zoom: ZoomBehavior<HTMLElement, unknown>;
  private size = [0, 0];
  private pending = 0;
  private values: Floats | null = null;
  private letters: [number, number, string][] = []; // of the classes
  private dragged: [number, number][] | null = null; // a box or lasso in pixels inside the axes
  private chosen = false; // a box or lasso has just ended: the click that follows is not one
  private hovered = "";
  private ends: (() => void)[] = [];
  private moving = false; // by this map itself

  /** `other`: the second reading of a comparison. */
  constructor(private parts: Parts, private store: Store, private hover: (hover: Hover | null) => void, private other = false) {
    this.painter = createPainter(parts.cells, store.table.total, () => this.draw());
    this.zoom = zoom<HTMLElement, unknown>()
      .scaleExtent([0.05, 2000])
      .clickDistance(5)
      .filter((event: Event) => this.zooms(event))
      .on("zoom", (event: D3ZoomEvent<HTMLElement, unknown>) => this.zoomed(event));
    select(parts.plot).call(this.zoom).on("dblclick.zoom", null);
    this.listen();
    this.react();
    const watch = new ResizeObserver(() => this.resized());
    watch.observe(parts.box);
    this.ends.push(() => watch.disconnect());
  }

  free(): void {
    for (const end of this.ends) end();
    cancelAnimationFrame(this.pending);
    select(this.parts.plot).on(".zoom", null);
    this.painter.free();
  }

  // What the reader has chosen

  private react(): void {
    const { store } = this;
    this.ends.push(
      effect(() => {
        const [rows, axes] = [store.shown.value, store.axes.value];
        untracked(() => this.lay(rows, axes));
      }),
      effect(() => {
        const name = store.colouring.value;
        if (name === CLASS || name === UNKNOWN) this.recolour(null);
        else void store.column(name).then((values) => store.colouring.peek() === name && this.recolour(values), (error: Error) => store.tell(error.message, true));
      }),
      effect(() => {
        void [store.changes.value, store.hidden.value, store.selection.value, store.classes.value, store.comparison.value];
        this.recolour(this.values);
        this.placeLetters();
      }),
      effect(() => {
        const window = store.window.value;
        if (!this.moving) this.follow(window);
        this.redraw();
      }),
      effect(() => {
        void [store.row.value, store.lines.value, store.hiddenLines.value, store.letters.value, store.draws.value, store.livePoint.value, store.theme.value];
        this.redraw();
      }),
    );
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => this.redraw();
    dark.addEventListener("change", changed);
    this.ends.push(() => dark.removeEventListener("change", changed));
  }

  private lay(rows: Int32Array, [across, up]: [string, string]): void {
    const columns = this.store.table.parameters;
    const none = new Float64Array(this.store.table.total);
    const before = this.plane;
    this.plane = planeOf(rows, columns[across] ?? none, up === across ? none : (columns[up] ?? none));
    const classes = this.store.classes.peek();
    this.start = startWindow(this.plane, (row) => !(classes[this.store.table.read[row] ?? 0]?.homogeneous ?? false));
    const [x0, x1, y0, y1] = this.plane.all;
    const places = new Float32Array(2 * rows.length);
    for (let i = 0; i < rows.length; i++) {
      places[2 * i] = (this.plane.x[i]! - x0) / (x1 - x0);
      places[2 * i + 1] = (this.plane.y[i]! - y0) / (y1 - y0);
    }
    this.painter.points(places);
    if (before && before.all.join() !== this.plane.all.join()) this.store.window.value = null;
    this.recolour(this.values);
    this.placeLetters();
  }

  private recolour(values: Floats | null): void {
    this.values = values;
    this.painter.colours(coloursOf(this.store, this.plane.rows, values, this.other));
    this.redraw();
  }

  private placeLetters(): void {
    const { store, plane } = this;
    const comparison = this.other ? store.comparison.peek() : null;
    const labels = comparison?.read ?? store.labels.label;
    const members = new Map<number, number[]>();
    plane.rows.forEach((row, i) => {
      const label = labels[row] ?? -1;
      members.get(label)?.push(i) ?? members.set(label, [i]);
    });
    this.letters = [];
    for (const [label, places] of members) {
      const info = (comparison?.classes ?? store.classes.peek())[label];
      if (!info || store.hidden.peek().has(label) || places.length < Math.max(3, LETTER_SHARE * plane.rows.length)) continue;
      const at = letterPlace(plane, places);
      this.letters.push([plane.x[at]!, plane.y[at]!, info.symbol]);
    }
  }

  // Zoom. The window is that of all maps of the page; d3-zoom keeps it as a transform of the start.

  private get frame(): Frame {
    return frameOf(this.store.window.peek() ?? this.start, this.size[0]!, this.size[1]!);
  }

  private zooms(event: Event): boolean {
    if (event.type === "wheel") return true;
    if (event instanceof TouchEvent && event.touches.length > 1) return true;
    return this.store.tool.peek() === "pan" && !(event as MouseEvent).button && !(event as MouseEvent).shiftKey;
  }

  private zoomed({ transform, sourceEvent }: D3ZoomEvent<HTMLElement, unknown>): void {
    if (!sourceEvent) return;
    this.leave();
    this.moving = true;
    this.store.window.value = this.windowOf(transform);
    this.moving = false;
  }

  private windowOf(transform: ZoomTransform): Window {
    const base = frameOf(this.start, this.size[0]!, this.size[1]!);
    const [x, y] = [transform.rescaleX(base.x).domain(), transform.rescaleY(base.y).domain()];
    return [x[0]!, x[1]!, y[0]!, y[1]!];
  }

  private follow(window: Window | null): void {
    const node = this.parts.plot as HTMLElement & { __zoom?: ZoomTransform };
    if (!window || !this.size[0]) {
      node.__zoom = zoomIdentity;
      return;
    }
    const base = frameOf(this.start, this.size[0]!, this.size[1]!);
    const k = (this.start[1] - this.start[0]) / (window[1] - window[0]);
    node.__zoom = zoomIdentity.translate(-k * base.x(window[0]), -k * base.y(window[3])).scale(k);
  }

  /** Zoom around the middle, or move by a share of what is seen. */
  zoomBy(factor: number): void {
    const [x0, x1, y0, y1] = this.store.window.peek() ?? this.start;
    const [cx, cy, dx, dy] = [(x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2 / factor, (y1 - y0) / 2 / factor];
    this.store.window.value = [cx - dx, cx + dx, cy - dy, cy + dy];
  }

  moveBy(right: number, up: number): void {
    const [x0, x1, y0, y1] = this.store.window.peek() ?? this.start;
    const [dx, dy] = [(x1 - x0) * right, (y1 - y0) * up];
    this.store.window.value = [x0 + dx, x1 + dx, y0 + dy, y1 + dy];
  }

  /** Show all runs, in the proportions of the start. */
  showAll(): void {
    const all = padded(this.plane.all);
    const [wide, high] = [this.start[1] - this.start[0], this.start[3] - this.start[2]];
    const scale = Math.max((all[1] - all[0]) / wide, (all[3] - all[2]) / high);
    const [cx, cy] = [(all[0] + all[1]) / 2, (all[2] + all[3]) / 2];
    this.store.window.value = [cx - (wide * scale) / 2, cx + (wide * scale) / 2, cy - (high * scale) / 2, cy + (high * scale) / 2];
  }

  reset(): void {
    this.store.window.value = null;
  }

  // The pointer

  private listen(): void {
    const { plot } = this.parts;
    const on = <K extends keyof HTMLElementEventMap>(kind: K, work: (event: HTMLElementEventMap[K]) => void) => {
      plot.addEventListener(kind, work);
      this.ends.push(() => plot.removeEventListener(kind, work));
    };
    on("pointermove", (event) => (this.dragged ? this.drag(event) : this.point(event)));
    on("pointerleave", () => this.leave());
    on("pointerdown", (event) => {
      this.chosen = false;
      const chooses = this.store.tool.peek() !== "pan" || event.shiftKey;
      if (!chooses || event.button || !event.isPrimary) return;
      this.leave();
      plot.setPointerCapture(event.pointerId);
      this.dragged = [this.pixel(event)];
    });
    on("pointerup", () => this.dropped());
    on("pointercancel", () => {
      this.dragged = null;
      this.redraw();
    });
    on("click", (event) => this.click(event));
  }

  private pixel(event: MouseEvent): [number, number] {
    const box = this.parts.plot.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private at([x, y]: [number, number]): number {
    const { frame, plane } = this;
    const [ux, uy] = [frame.x.invert(1) - frame.x.invert(0), frame.y.invert(0) - frame.y.invert(1)];
    const reach: [number, number] = plane.lattice
      ? [Math.max(plane.pitch[0] * 0.75, REACH * 0.4 * ux), Math.max(plane.pitch[1] * 0.75, REACH * 0.4 * uy)]
      : [REACH * ux, REACH * uy];
    return nearest(plane, frame.x.invert(x), frame.y.invert(y), reach);
  }

  private point(event: PointerEvent): void {
    if (event.pointerType === "touch" || event.buttons) return;
    const [x, y] = this.pixel(event);
    const line = lineAt(this.frame, this.shownLines(), x, y);
    const place = this.at([x, y]);
    if ((line?.name ?? "") !== this.hovered) {
      this.hovered = line?.name ?? "";
      this.redraw();
    }
    if (place < 0 && !line) return this.hover(null);
    const row = place < 0 ? -1 : this.plane.rows[place]!;
    const count = place < 0 ? 0 : together(this.plane, place).length;
    this.hover({ row, count, line, x: x + MARGIN.left, y: y + MARGIN.top });
  }

  private leave(): void {
    this.hover(null);
    if (this.hovered) {
      this.hovered = "";
      this.redraw();
    }
  }

  private drag(event: PointerEvent): void {
    const now = this.pixel(event);
    if (this.store.tool.peek() === "lasso") this.dragged!.push(now);
    else this.dragged = [this.dragged![0]!, now];
    this.redraw();
  }

  private dropped(): void {
    const drawn = this.dragged;
    this.dragged = null;
    this.redraw();
    if (!drawn || drawn.length < 2) return;
    const lasso = this.store.tool.peek() === "lasso";
    const [[ax, ay], [bx, by]] = [drawn[0]!, drawn[1]!];
    if (lasso ? drawn.length < 4 : Math.hypot(bx - ax, by - ay) < 5) return;
    const polygon: [number, number][] = lasso ? drawn : [[ax, ay], [bx, ay], [bx, by], [ax, by]];
    const { frame, plane, store } = this;
    const hidden = store.hidden.peek();
    const rows: number[] = [];
    plane.rows.forEach((row, i) => {
      if (!hidden.has(store.labels.label[row] ?? -1) && inside(polygon, frame.x(plane.x[i]!), frame.y(plane.y[i]!))) rows.push(row);
    });
    this.chosen = true;
    store.select(rows);
  }

  /** Open the run at a click; repeated clicks open one after another of those at a point. */
  private click(event: MouseEvent): void {
    if (this.chosen) return;
    const place = this.at(this.pixel(event));
    if (place < 0) return;
    const here = together(this.plane, place).map((i) => this.plane.rows[i]!);
    const shown = here.indexOf(this.store.row.peek());
    this.store.open(here[(shown + 1) % here.length]!);
    if (this.store.tab.peek() === "map" || this.store.tab.peek() === "montage") this.store.tab.value = "pattern";
  }

  /** Go to the next pattern in a direction. */
  step(dx: number, dy: number): void {
    const place = this.plane.rows.indexOf(this.store.row.peek());
    if (place >= 0) this.store.open(this.plane.rows[neighbour(this.plane, place, dx, dy)]!);
    else if (this.plane.rows.length) this.store.open(this.plane.rows[0]!);
  }

  // Drawing

  private resized(): void {
    this.size = [this.parts.box.clientWidth, this.parts.box.clientHeight];
    const { width, height } = this.frame;
    this.zoom.extent([[0, 0], [width, height]]);
    this.follow(this.store.window.peek());
    this.draw();
  }

  private redraw(): void {
    if (!this.pending) this.pending = requestAnimationFrame(() => this.draw());
  }

  private shownLines(): TheoryLine[] {
    const hidden = this.store.hiddenLines.peek();
    return this.store.lines.peek().filter((line) => !hidden.has(line.name));
  }

  private draw(): void {
    this.pending = 0;
    const [width, height] = this.size as [number, number];
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    const { frame, plane, parts } = this;
    const [x0, x1, y0, y1] = plane.all;
    const least = plane.lattice ? LEAST_CELL : POINT;
    const side = (axis: number, pixels: number) => (Math.max(plane.lattice ? plane.pitch[axis]! * pixels + 0.3 : 0, least) / 2) * ratio;
    const perX = frame.x(1) - frame.x(0);
    const perY = frame.y(0) - frame.y(1);
    this.painter.draw(Math.round(frame.width * ratio), Math.round(frame.height * ratio), {
      scale: [(x1 - x0) * perX * ratio, -(y1 - y0) * perY * ratio],
      offset: [frame.x(x0) * ratio, frame.y(y0) * ratio],
      half: [side(0, perX), side(1, perY)],
      round: !plane.lattice,
    });
    this.drawOverlay(width, height, ratio, frame);
    parts.plot.dataset.window = [...frame.x.domain(), ...frame.y.domain()].join(" "); // for tests and screen coordinates
  }

  private drawOverlay(width: number, height: number, ratio: number, frame: Frame): void {
    const { store, parts } = this;
    const canvas = parts.overlay;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio))
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const ink = {
      ink: style.color, soft: style.color, line: style.borderTopColor, surface: style.backgroundColor, font: style.fontFamily,
    };
    drawAxes(context, frame, store.axes.peek().map((name) => this.title(name)) as [string, string], ink);
    clipped(context, frame, () => {
      drawLines(context, frame, this.shownLines(), this.hovered);
      this.drawMarks(context, frame);
      if (store.letters.peek() && store.colouring.peek() === CLASS)
        for (const [x, y, text] of this.letters) drawLetter(context, frame.x(x), frame.y(y), text, ink.font);
      this.drawDragged(context);
    });
  }

  private title(name: string): string {
    const found = this.store.manifest.model.parameters.find((p) => p.name === name);
    return found?.meaning ? `${name}, ${found.meaning}` : name;
  }

  private drawMarks(context: CanvasRenderingContext2D, frame: Frame): void {
    const { store, plane } = this;
    const differs = new Set(store.comparison.peek()?.differs ?? []);
    const marked = store.labels.annotated;
    const columns = store.table.parameters;
    const [across, up] = store.axes.peek();
    const cell = Math.min(plane.pitch[0] * (frame.x(1) - frame.x(0)), plane.pitch[1] * (frame.y(0) - frame.y(1)));
    const size = plane.lattice ? Math.min(7, Math.max(3, 0.4 * cell)) : 5;
    plane.rows.forEach((row, i) => {
      if (!marked[row] && !differs.has(row)) return;
      const [x, y] = [frame.x(plane.x[i]!), frame.y(plane.y[i]!)];
      if (differs.has(row)) {
        context.strokeStyle = "#000000";
        context.lineWidth = 1.4;
        context.strokeRect(x - size / 2, y - size / 2, size, size);
      }
      if (marked[row]) drawDot(context, x, y, size / 2, "#ffffff");
    });
    const draws = store.draws.peek();
    if (draws?.[across] && draws[up])
      draws[across].forEach((value, i) => drawDot(context, frame.x(value), frame.y(draws[up]![i]!), 2, MARK.here));
    const point = (values: (name: string) => number | undefined, radius: number, colour: string) => {
      const [x, y] = [values(across), values(up)];
      if (x !== undefined && y !== undefined) drawRing(context, frame.x(x), frame.y(y), radius, colour);
    };
    point((name) => columns[name]?.[store.row.peek()], 8, MARK.here);
    const live = store.livePoint.peek();
    if (live) point((name) => live[name], 6, MARK.live);
  }

  private drawDragged(context: CanvasRenderingContext2D): void {
    if (!this.dragged || this.dragged.length < 2) return;
    context.beginPath();
    if (this.store.tool.peek() === "lasso") this.dragged.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
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
