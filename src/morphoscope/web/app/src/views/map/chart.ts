// The map itself: cells or points and what lies over them. The reader's choices are in the store.

import { effect, untracked } from "@preact/signals";

import type { TheoryLine } from "../../data/source";
import { CLASS, type Store } from "../../state/store";
import { CellPicture } from "./cells";
import { coloursOf } from "./colours";
import { neighbour, planeOf, startWindow, type Plane } from "./geometry";
import { drawHere, drawMarked, drawParameters, lettersOf, markedPlaces, type Letter } from "./marks";
import { clipped, contextOf, drawAxes, drawBox, drawLetter, drawLines, type Frame } from "./overlay";
import { PointPainter } from "./painter";
import { Pictures } from "./pictures";
import { Pointer, type Hover, type Stage } from "./pointer";
import { Zoom } from "./zoom";

interface Parts {
  box: HTMLElement; // around everything
  cells: HTMLElement; // for points that are no cells
  overlay: HTMLCanvasElement;
  plot: HTMLElement; // inside the axes; receives the pointer
}

export class MapChart implements Stage {
  plane!: Plane;
  inferred: Int32Array = new Int32Array();
  readonly zoom: Zoom;
  readonly plot: HTMLElement;
  private pointer: Pointer;
  private picture = new CellPicture(); // of a scan
  private pictures: Pictures;
  private painter: PointPainter | null = null; // of other points, once there are any
  private size: [number, number] = [0, 0];
  private pending = 0;
  private stale = true; // colours and marks no longer fit to what is chosen
  private letters: Letter[] = [];
  private marked: number[] = [];
  private ends: (() => void)[] = [];

  /** `other`: the second reading of a comparison. */
  constructor(private parts: Parts, readonly store: Store, readonly hover: (hover: Hover | null) => void, private other = false) {
    this.plot = parts.plot;
    this.zoom = new Zoom(parts.plot, store, () => this.pointer.leave());
    this.pointer = new Pointer(this);
    this.pictures = new Pictures(store, () => this.redraw());
    this.react();
    const watch = new ResizeObserver(() => this.resized());
    watch.observe(parts.box);
    this.ends.push(() => watch.disconnect(), () => this.zoom.free(), () => this.pointer.free(), () => this.painter?.free());
  }

  free(): void {
    for (const end of this.ends) end();
    cancelAnimationFrame(this.pending);
  }

  get frame(): Frame {
    return this.zoom.frame;
  }

  get lines(): TheoryLine[] {
    const hidden = this.store.hiddenLines.peek();
    return this.store.lines.peek().filter((line) => !hidden.has(line.name));
  }

  // What the reader has chosen

  private react(): void {
    const { store } = this;
    this.ends.push(
      effect(() => {
        const [rows, axes] = [store.shown.value, store.axes.value];
        if (!this.other) this.inferred = store.shownInferred.value;
        untracked(() => this.lay(rows, axes));
      }),
      effect(() => {
        void [store.coloured.value, store.changes.value, store.hidden.value, store.selection.value, store.classes.value, store.comparison.value];
        this.outdate();
      }),
      effect(() => {
        void store.window.value;
        this.zoom.follow();
        this.redraw();
      }),
      effect(() => {
        void [store.row.value, store.lines.value, store.hiddenLines.value, store.letters.value, store.pictures.value, store.draws.value, store.livePoint.value, store.theme.value];
        this.redraw();
      }),
    );
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => this.redraw();
    dark.addEventListener("change", changed);
    this.ends.push(() => dark.removeEventListener("change", changed));
  }

  private lay(rows: Int32Array, [across, up]: [string, string]): void {
    const none = new Float64Array(this.store.table.total);
    const before = this.plane;
    const plane = (this.plane = planeOf(rows, this.store.coordinate(across) ?? none, up === across ? none : (this.store.coordinate(up) ?? none), this.inferredAt(across, up)));
    const classes = this.store.classes.peek();
    this.zoom.equal = this.store.similar;
    this.zoom.start = startWindow(plane, (row) => !(classes[this.store.table.read[row] ?? 0]?.homogeneous ?? false));
    this.place();
    if (before && before.all.join() !== plane.all.join()) this.store.window.value = null;
    this.zoom.follow();
    this.outdate();
  }

  private inferredAt(across: string, up: string): [Float64Array, Float64Array] {
    const columns = this.store.inferred.peek()?.parameters ?? {};
    const at = (name: string) => Float64Array.from(this.inferred, (place) => columns[name]?.[place] ?? NaN);
    return [at(across), up === across ? new Float64Array(this.inferred.length) : at(up)];
  }

  /** Give the painter the points of a plane that is no lattice. */
  private place(): void {
    const { x, y, lattice, all: [x0, x1, y0, y1] } = this.plane;
    this.parts.cells.hidden = lattice !== null;
    if (lattice) return;
    this.painter ??= new PointPainter(this.parts.cells, this.store.table.total, () => this.draw());
    const places = new Float32Array(2 * x.length);
    for (let i = 0; i < x.length; i++) {
      places[2 * i] = (x[i]! - x0) / (x1 - x0);
      places[2 * i + 1] = (y[i]! - y0) / (y1 - y0);
    }
    this.painter.points(places);
  }

  /** Something that determines colours or marks has changed: the next frame has them. */
  private outdate(): void {
    this.stale = true;
    this.redraw();
  }

  private refresh(): void {
    this.stale = false;
    const colours = coloursOf(this.store, this.plane.rows, this.inferred, this.other);
    if (this.plane.lattice) this.picture.paint(this.plane, this.plane.lattice, colours);
    else this.painter?.colours(colours);
    this.letters = lettersOf(this.store, this.plane, this.other);
    this.marked = markedPlaces(this.store, this.plane);
  }

  /** Show all runs. */
  showAll(): void {
    this.zoom.show(this.plane.all);
  }

  /** Go to the next pattern in a direction. */
  step(dx: number, dy: number): void {
    const { rows } = this.plane;
    const place = rows.indexOf(this.store.row.peek());
    if (place >= 0) this.store.open(rows[neighbour(this.plane, place, dx, dy)]!);
    else if (rows.length) this.store.open(rows[0]!);
  }

  // Drawing

  private resized(): void {
    this.size = [this.parts.box.clientWidth, this.parts.box.clientHeight];
    this.zoom.resize(this.size);
    this.draw();
  }

  redraw(): void {
    if (!this.pending) this.pending = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.pending = 0;
    if (!this.size[0] || !this.size[1]) return;
    if (this.stale) this.refresh();
    const ratio = devicePixelRatio || 1;
    const { frame, plane } = this;
    if (!plane.lattice) this.painter?.draw(frame, plane.all);
    this.drawOverlay(ratio, frame);
    this.plot.dataset.window = [...frame.x.domain(), ...frame.y.domain()].join(" "); // for tests and screen coordinates
  }

  private drawOverlay(ratio: number, frame: Frame): void {
    const { store, plane, size: [width, height] } = this;
    const canvas = this.parts.overlay;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio))
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = contextOf(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const ink = {
      ink: style.color, soft: style.color, line: style.borderTopColor, surface: style.backgroundColor, font: style.fontFamily,
    };
    if (store.similar) drawBox(context, frame, "patterns that look alike lie near each other", ink);
    else drawAxes(context, frame, store.axes.peek().map((name) => this.title(name)) as [string, string], ink);
    clipped(context, frame, () => {
      if (plane.lattice) this.picture.draw(context, frame, plane.all);
      if (!this.other) this.pictures.draw(context, frame, plane);
      drawLines(context, frame, this.lines, this.pointer.line);
      drawMarked(context, frame, store, plane, this.marked);
      drawParameters(context, frame, store);
      const [across, up] = store.axes.peek();
      const at = (name: string) => store.coordinate(name)?.[store.row.peek()];
      if (store.letters.peek() && store.coloured.peek().name === CLASS)
        for (const [x, y, text] of this.letters) drawLetter(context, frame, [frame.x(x), frame.y(y)], text, ink.font);
      drawHere(context, frame, at(across), at(up));
      this.pointer.draw(context);
    });
  }

  private title(name: string): string {
    const found = this.store.manifest.model.parameters.find((p) => p.name === name);
    return found?.meaning ? `${name}, ${found.meaning}` : name;
  }
}
