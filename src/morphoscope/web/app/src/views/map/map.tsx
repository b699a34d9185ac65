// The map with its tooltip and keys.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useStore } from "../context";
import { Thumbnail } from "../thumbnail";
import { number, titled } from "../../state/store";
import { MapChart } from "./chart";
import { MARGIN } from "./overlay";
import type { Hover } from "./pointer";

const STEPS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TIP = { width: 300, height: 150 };

/** `other`: the second reading of a comparison; `children`: controls beside those of the zoom. */
export function MapView({ other = false, children }: { other?: boolean; children?: ComponentChildren }) {
  const store = useStore();
  const box = useRef<HTMLDivElement>(null);
  const cells = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const chart = useRef<MapChart | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);

  useEffect(() => {
    const made = new MapChart(
      { box: box.current!, cells: cells.current!, overlay: overlay.current!, plot: plot.current! }, store, setHover, other,
    );
    chart.current = made;
    return () => made.free();
  }, [store, other]);

  const key = (event: KeyboardEvent) => {
    const map = chart.current!;
    const step = STEPS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step && event.shiftKey) map.zoom.moveBy(step[0] * 0.2, step[1] * 0.2);
    else if (step) map.step(...step);
    else if (event.key === "+" || event.key === "=") map.zoom.by(1.5);
    else if (event.key === "-") map.zoom.by(1 / 1.5);
    else if (event.key === "0") (store.window.value = null);
    else if (event.key === "a") map.showAll();
    else if (event.key === "Escape") store.select([]);
    else if (event.key === "Enter") store.tab.value = "pattern";
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const name = other ? `Map of the second reading, ${store.comparison.value?.name ?? ""}` : `Map of ${store.table.total} runs`;
  return (
    <>
      <div class="map-head">
        {children}
        <div class="map-zoom" role="group" aria-label="Zoom">
          <button type="button" title="Zoom in (+)" aria-label="Zoom in" onClick={() => chart.current?.zoom.by(1.5)}>+</button>
          <button type="button" title="Zoom out (−)" aria-label="Zoom out" onClick={() => chart.current?.zoom.by(1 / 1.5)}>−</button>
          <button type="button" title="Back to the patterns (0)" onClick={() => (store.window.value = null)}>patterns</button>
          <button type="button" title="Show all runs (a)" onClick={() => chart.current?.showAll()}>all</button>
        </div>
      </div>
      <div class="map" ref={box}>
        <div ref={cells} class="map-cells" style={inset()} aria-hidden="true" />
        <canvas ref={overlay} class="map-overlay" aria-hidden="true" />
        <div
          ref={plot} class={`map-plot ${store.tool.value}`} style={inset()} tabIndex={0} role="application" onKeyDown={key}
          aria-label={`${name}. Arrow keys go to the next pattern, plus and minus zoom, Shift with arrow keys moves.`}
        />
        {hover && <Tip hover={hover} wide={box.current?.clientWidth ?? 0} other={other} />}
      </div>
    </>
  );
}

function inset() {
  return { left: `${MARGIN.left}px`, top: `${MARGIN.top}px`, width: `calc(100% - ${MARGIN.left + MARGIN.right}px)`, height: `calc(100% - ${MARGIN.top + MARGIN.bottom}px)` };
}

function InferredPoint({ place }: { place: number }) {
  const store = useStore();
  const found = store.inferred.value;
  if (!found) return null;
  const values = Object.entries(found.parameters).map(([name, column]) => `${name} ${number(column[place] ?? NaN)}`);
  return (
    <div>
      <b>{titled(store.classes.value[found.read[place] ?? 0])}</b>, inferred from its neighbours, not simulated
      <div>{values.join(", ")}</div>
    </div>
  );
}

function Tip({ hover, wide, other }: { hover: Hover; wide: number; other: boolean }) {
  const store = useStore();
  const left = hover.x + 18 + TIP.width > wide ? Math.max(0, hover.x - 18 - TIP.width) : hover.x + 18;
  const top = hover.y > TIP.height + 20 ? hover.y - TIP.height : hover.y + 18;
  const comparison = other ? store.comparison.value : null;
  return (
    <div class="tip" style={{ left: `${left}px`, top: `${top}px`, width: `${TIP.width}px` }}>
      {hover.row >= 0 && (
        <div class="tip-row">
          <Thumbnail row={hover.row} side={96} />
          <div>
            <b>{titled(comparison ? comparison.classes[comparison.read[hover.row] ?? -1] : store.classOf(hover.row))}</b>
            <div>{store.point(hover.row)}</div>
            {!comparison && <div class="soft">{store.described(hover.row)}</div>}
            {hover.count > 1 && <div class="soft">{hover.count} runs here; click again for the next</div>}
          </div>
        </div>
      )}
      {hover.inferred >= 0 && <InferredPoint place={hover.inferred} />}
      {hover.line && <div class="tip-line">Theory: {hover.line.name}</div>}
    </div>
  );
}
