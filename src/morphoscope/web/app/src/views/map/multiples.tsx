// Small maps side by side: one for each start, or for values of a third parameter. A click makes one the map's.

import { scaleLinear } from "d3-scale";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { TheoryLine } from "../../data/source";
import { ask } from "../../state/patient";
import { number, START, type Store, type Window } from "../../state/store";
import { useStore } from "../context";
import { CellPicture } from "./cells";
import { coloursOf } from "./colours";
import { planeOf, startWindow } from "./geometry";
import { drawThinLines, type Frame } from "./overlay";

const MOST = 12; // maps
const FEW = 24; // values of a parameter; random ones have more
const MANY = 200_000; // runs, of which small maps are drawn only if they are asked for
const SIZE = { width: 116, height: 84 }; // pixels
const NONE = "none";
const AFTER = 600; // milliseconds; the lines of the large map are asked for first
const NO_LINES: TheoryLine[] = [];

export function Multiples() {
  const store = useStore();
  const [wanted, want] = useState<string | null>(null);
  const names = store.others.value.filter((name) => store.valuesOf(name).length <= FEW);
  if (!names.length || store.similar) return null;
  const first = store.table.total > MANY ? NONE : names.includes(START) ? START : names[0]!;
  const name = wanted !== null && (wanted === NONE || names.includes(wanted)) ? wanted : first;
  return (
    <section class="multiples" aria-label="Small maps">
      <label>
        <span>Small maps for each</span>
        <select value={name} onChange={(e) => want(e.currentTarget.value)}>
          {names.map((each) => <option key={each} value={each}>{each}</option>)}
          <option value={NONE}>none</option>
        </select>
      </label>
      {name !== NONE && <Row name={name} />}
    </section>
  );
}

function Row({ name }: { name: string }) {
  const store = useStore();
  const [across, up] = store.axes.value;
  void [store.changes.value, store.slices.value];
  const all = store.valuesOf(name);
  const shown = all.length <= MOST ? [...all] : Array.from({ length: MOST }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOST - 1))]!);
  const chosen = store.slice(name);
  const window = useMemo(() => windowOf(store, store.at(name, null)), [store, store.table, store.slices.value, name, across, up]);
  return (
    <div class="small-maps" role="group" aria-label={`Maps by ${name}`}>
      {shown.map((value) => {
        const title = name === START ? (store.manifest.starts[value] ?? "") : `${name} = ${number(value)}`;
        return (
          <button
            key={value} type="button" aria-pressed={chosen === value} title={`Show ${title} on the map`}
            onClick={() => (store.slices.value = { ...store.slices.value, [name]: value })}
          >
            <SmallMap name={name} value={value} window={window} />
            <span>{title}</span>
          </button>
        );
      })}
    </div>
  );
}

function windowOf(store: Store, rows: Int32Array): Window {
  const classes = store.classes.peek();
  return startWindow(planeFor(store, rows), (row) => !(classes[store.table.read[row] ?? 0]?.homogeneous ?? false));
}

function planeFor(store: Store, rows: Int32Array) {
  const [across, up] = store.axes.peek();
  const none = new Float64Array(store.table.total);
  return planeOf(rows, store.coordinate(across) ?? none, up === across ? none : (store.coordinate(up) ?? none));
}

/** The theory lines of a slice, once they are there. */
function useLines(store: Store, at: Record<string, number> | null): TheoryLine[] {
  const [across, up] = store.axes.value, key = at && across && across !== up ? JSON.stringify([across, up, at]) : "";
  const [found, setFound] = useState<{ key: string; lines: TheoryLine[] }>({ key: "", lines: NO_LINES });
  useEffect(() => {
    if (key) return ask(store.source, () => store.linesAt(at!, true), (lines) => setFound({ key, lines }), AFTER);
  }, [store, key]);
  return found.key === key ? found.lines : NO_LINES;
}

interface SmallMapProps {
  name: string; // of what it is a map for one value of
  value: number;
  window: Window;
}

function SmallMap({ name, value, window }: SmallMapProps) {
  const store = useStore();
  const rows = useMemo(() => store.at(name, value), [store, store.table, store.slices.value, store.axes.value, name, value]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useRef(new CellPicture());
  const at = store.slicedAt({ [name]: value }), lines = useLines(store, at);
  const seen = [lines, store.hiddenLines.value, store.coloured.value, store.changes.value, store.hidden.value, store.selection.value, store.classes.value];
  useEffect(() => {
    const ratio = devicePixelRatio || 1;
    const context = canvas.current!.getContext("2d")!;
    [canvas.current!.width, canvas.current!.height] = [SIZE.width * ratio, SIZE.height * ratio];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const plane = planeFor(store, rows);
    const colours = coloursOf(store, rows, new Int32Array(), false);
    const frame: Frame = {
      x: scaleLinear([window[0], window[1]], [0, SIZE.width]), y: scaleLinear([window[2], window[3]], [SIZE.height, 0]),
      left: 0, top: 0, ...SIZE,
    };
    if (plane.lattice) {
      picture.current.paint(plane, plane.lattice, colours);
      picture.current.draw(context, frame, plane.all);
    } else
      for (let i = 0; i < rows.length; i++) {
        context.fillStyle = `rgba(${colours[4 * i]},${colours[4 * i + 1]},${colours[4 * i + 2]},${colours[4 * i + 3]! / 255})`;
        context.fillRect(frame.x(plane.x[i]!) - 1.5, frame.y(plane.y[i]!) - 1.5, 3, 3);
      }
    canvas.current!.dataset.lines = String(lines.length); // for tests
    drawThinLines(context, frame, lines.filter((line) => !store.hiddenLines.peek().has(line.name)));
  }, [store, rows, window.join(), ...seen]);
  return <canvas ref={canvas} style={{ width: `${SIZE.width}px`, height: `${SIZE.height}px` }} aria-hidden="true" />;
}
