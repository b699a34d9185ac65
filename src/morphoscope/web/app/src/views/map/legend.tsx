// The legend: classes or a colour bar, theory lines, marks. A click switches a class or a line off and on.

import { useRef } from "preact/hooks";

import type { Variable } from "../../data/source";
import { useStore } from "../context";
import { CLASS, number, runs, titled, UNKNOWN } from "../../state/store";
import { KNOWN_COLOURS, LEVEL_COLOURS, readingOf } from "./colours";
import { dashOf } from "./overlay";

export function Legend() {
  const store = useStore();
  const colouring = store.coloured.value.name;
  return (
    <div class="legend">
      {colouring === CLASS ? <Classes /> : colouring === UNKNOWN ? <Readings /> : <Numbers />}
      <Marks />
      <Lines />
    </div>
  );
}

function Classes() {
  const store = useStore();
  const hidden = store.hidden.value;
  const toggle = (label: number, event: MouseEvent) => {
    const next = new Set(hidden);
    if (event.shiftKey || event.altKey) {
      const others = [...store.counts.value.keys()].filter((other) => other !== label);
      store.hidden.value = others.every((other) => hidden.has(other)) ? new Set() : new Set(others);
      return;
    }
    if (!next.delete(label)) next.add(label);
    store.hidden.value = next;
  };
  const counts = store.shownCounts.value, rejected = counts.get(-1) ?? 0;
  return (
    <div class="chips" role="group" aria-label="Classes; press to hide and show">
      {store.classes.value.map((info, i) => {
        const count = counts.get(i) ?? 0;
        return count > 0 && (
          <button
            key={info.name} type="button" class="chip" aria-pressed={!hidden.has(i)} onClick={(event) => toggle(i, event)}
            aria-label={`${info.name}, ${runs(count)}`} title={`${titled(info)}: ${runs(count)}. Click hides or shows it, Shift-click shows it alone.`}
          >
            <i style={{ background: info.colour }} /><b>{info.symbol}</b> {count}
          </button>
        );
      })}
      {rejected > 0 && (
        <button type="button" class="chip" aria-pressed={!hidden.has(-1)} onClick={(event) => toggle(-1, event)}>
          <i style={{ background: "#ffffff" }} />ambiguous {rejected}
        </button>
      )}
      {hidden.size > 0 && <button type="button" class="chip" onClick={() => (store.hidden.value = new Set())}>show all</button>}
    </div>
  );
}

function Readings() {
  const store = useStore();
  const counts = { known: 0, unknown: 0, other: 0 };
  for (const row of store.shown.value) counts[readingOf(store, row)]++;
  const words = { known: "known", unknown: "unknown: unlike the training patterns", other: "not read by the network" };
  return (
    <div class="chips">
      {(["known", "unknown", "other"] as const).map((name) => (
        <span key={name} class="chip"><i style={{ background: KNOWN_COLOURS[name] }} />{words[name]} {counts[name]}</span>
      ))}
    </div>
  );
}

function Numbers() {
  const store = useStore();
  const variable = store.manifest.variables.find((v) => v.name === store.coloured.value.name);
  if (!variable) return null;
  return variable.levels ? <Levels title={variable.title} levels={variable.levels} /> : <ColourBar variable={variable} />;
}

function Levels({ title, levels }: { title: string; levels: string[] }) {
  return (
    <div class="chips" role="group" aria-label={title}>
      {levels.map((name, i) => <span key={name} class="chip"><i style={{ background: LEVEL_COLOURS[i] }} />{name}</span>)}
    </div>
  );
}

function ColourBar({ variable }: { variable: Variable }) {
  const store = useStore();
  const [low, high] = variable.ends;
  const colours = store.manifest.palette.filter((_, i) => i % 16 === 0 || i === 255);
  const middle = variable.ratios ? Math.sqrt(low * high) : (low + high) / 2;
  return (
    <div class="colourbar" role="img" aria-label={`Colours from ${number(low)} to ${number(high)}: ${variable.title}`}>
      <div>{variable.title}{variable.ratios && " (logarithmic)"}</div>
      <div class="bar" style={{ background: `linear-gradient(to right, ${colours.join(", ")})` }} />
      <div class="ends"><span>{number(low)}</span><span>{number(Number(middle.toPrecision(3)))}</span><span>{number(high)}</span></div>
      <span class="chip"><i style={{ background: "rgb(200 200 200)" }} />undefined</span>
    </div>
  );
}

function Lines() {
  const store = useStore();
  const { lines: { value: found }, drawing: { value: coming } } = store, last = useRef(found);
  if (!coming) last.current = found;
  const lines = coming ? last.current : found; // what stands above keeps its place when a slider moves
  if (!lines.length) return coming ? <div class="chips lines" aria-hidden="true" /> : null;
  const hidden = store.hiddenLines.value;
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    store.hiddenLines.value = next;
  };
  return (
    <div class="chips lines" role="group" aria-label="Theory; press to hide and show" aria-busy={coming}>
      {lines.map((line) => (
        <button key={line.name} type="button" class="chip" aria-pressed={!hidden.has(line.name)} onClick={() => toggle(line.name)}>
          <svg width="26" height="8" aria-hidden="true">
            <line x1="1" y1="4" x2="25" y2="4" stroke="currentColor" stroke-width="2" stroke-dasharray={dashOf(line.kind).join(" ")} />
          </svg>
          {line.name}
        </button>
      ))}
    </div>
  );
}

function Marks() {
  const store = useStore();
  void store.changes.value;
  const marked = store.labels.annotated.includes(1);
  return (
    <div class="chips marks">
      <span class="chip"><i class="ring" style={{ borderColor: "#ff3b30" }} />shown pattern</span>
      {store.livePoint.value && <span class="chip"><i class="ring" style={{ borderColor: "#0969da" }} />live run</span>}
      {marked && <span class="chip"><i class="dot" />labelled by a person</span>}
      {store.manifest.inferred > 0 && <span class="chip"><i style={{ background: "var(--soft)", opacity: 0.4 }} />paler: inferred, not simulated ({store.manifest.inferred})</span>}
      {store.comparison.value && <span class="chip"><i class="frame" />read differently by {store.comparison.value.name}</span>}
      {store.draws.value && <span class="chip"><i class="dot" style={{ background: "#ff3b30" }} />draws of the posterior</span>}
    </div>
  );
}
