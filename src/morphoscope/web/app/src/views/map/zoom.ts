// Zoom and movement of a map. The part of the plane that is seen is that of all maps of the page, in the store; d3-zoom
// keeps it as a transform of the part where the map starts.

import { select } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomBehavior, type ZoomTransform } from "d3-zoom";

import type { Store, Window } from "../../state/store";
import { padded } from "./geometry";
import { frameOf, type Frame } from "./overlay";

type Plot = HTMLElement & { __zoom?: ZoomTransform };

export class Zoom {
  start: Window = [0, 1, 0, 1]; // where the map starts
  equal = false; // whether both axes have the same scale
  private behaviour: ZoomBehavior<HTMLElement, unknown>;
  private size: [number, number] = [0, 0];
  private moving = false; // by this map itself

  /** `began`: called before every movement by the pointer. */
  constructor(private plot: Plot, private store: Store, began: () => void) {
    this.behaviour = zoom<HTMLElement, unknown>()
      .scaleExtent([0.05, 2000])
      .clickDistance(5)
      .filter((event: Event) => this.zooms(event))
      .on("zoom", ({ transform, sourceEvent }: D3ZoomEvent<HTMLElement, unknown>) => {
        if (!sourceEvent) return;
        began();
        this.moving = true;
        this.store.window.value = this.windowOf(transform);
        this.moving = false;
      });
    select(plot as HTMLElement).call(this.behaviour).on("dblclick.zoom", null);
  }

  free(): void {
    select(this.plot as HTMLElement).on(".zoom", null);
  }

  get window(): Window {
    return this.store.window.peek() ?? this.first;
  }

  get frame(): Frame {
    return frameOf(this.window, ...this.size);
  }

  private get base(): Frame {
    return frameOf(this.first, ...this.size);
  }

  /** Where the map starts, in the proportions of its box if both axes have the same scale. */
  private get first(): Window {
    const [x0, x1, y0, y1] = this.start;
    const { width, height } = frameOf(this.start, ...this.size);
    if (!this.equal || !this.size[0] || !this.size[1]) return this.start;
    const scale = Math.max((x1 - x0) / width, (y1 - y0) / height);
    return around([(x0 + x1) / 2, (y0 + y1) / 2], [width * scale, height * scale]);
  }

  resize(size: [number, number]): void {
    this.size = size;
    const { width, height } = this.base;
    this.behaviour.extent([[0, 0], [width, height]]);
    this.follow();
  }

  private zooms(event: Event): boolean {
    if (event.type === "wheel") return true;
    if (event instanceof TouchEvent && event.touches.length > 1) return true;
    return this.store.tool.peek() === "pan" && !(event as MouseEvent).button && !(event as MouseEvent).shiftKey;
  }

  private windowOf(transform: ZoomTransform): Window {
    const [x, y] = [transform.rescaleX(this.base.x).domain(), transform.rescaleY(this.base.y).domain()];
    return [x[0]!, x[1]!, y[0]!, y[1]!];
  }

  /** The part that is seen was changed, by this map or elsewhere. */
  follow(): void {
    if (this.moving) return;
    const window = this.store.window.peek();
    if (!window || !this.size[0]) {
      this.plot.__zoom = zoomIdentity;
      return;
    }
    const k = (this.first[1] - this.first[0]) / (window[1] - window[0]);
    this.plot.__zoom = zoomIdentity.translate(-k * this.base.x(window[0]), -k * this.base.y(window[3])).scale(k);
  }

  /** Zoom around the middle. */
  by(factor: number): void {
    const [x0, x1, y0, y1] = this.window;
    this.store.window.value = around([(x0 + x1) / 2, (y0 + y1) / 2], [(x1 - x0) / factor, (y1 - y0) / factor]);
  }

  /** Move by a share of what is seen. */
  moveBy(right: number, up: number): void {
    const [x0, x1, y0, y1] = this.window;
    const [dx, dy] = [(x1 - x0) * right, (y1 - y0) * up];
    this.store.window.value = [x0 + dx, x1 + dx, y0 + dy, y1 + dy];
  }

  /** Show a part of the plane, in the proportions of the start. */
  show(part: Window): void {
    const all = padded(part);
    const [wide, high] = [this.first[1] - this.first[0], this.first[3] - this.first[2]];
    const scale = Math.max((all[1] - all[0]) / wide, (all[3] - all[2]) / high);
    this.store.window.value = around([(all[0] + all[1]) / 2, (all[2] + all[3]) / 2], [wide * scale, high * scale]);
  }
}

function around([x, y]: [number, number], [wide, high]: [number, number]): Window {
  return [x - wide / 2, x + wide / 2, y - high / 2, y + high / 2];
}
