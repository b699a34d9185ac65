// A photograph that is dropped on the page or chosen: its preparation, measures, and what the identifier says.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { ACCEPTED, dropped, upload } from "../data/upload";
import { titled, type Store } from "../state/store";
import { useStore } from "./context";
import { Thumbnail } from "./thumbnail";

interface Photograph {
  name: string;
  figure: number; // of the picture after every step
  steps: [string, string][]; // name, what was done
  measures: {
    kind: string;
    wavelength: number | null;
    error: number | null;
    unit: string;
    polarity: string;
    rows: [string, number, string][]; // meaning, value, unit
  };
  reading: {
    kind: string;
    abstains: boolean;
    grayScott: string;
    verdict: string;
    ranking: [string, number, number | null][]; // models with probabilities and p-values, the most probable first
    compatible: string[];
    none: number;
    draws: Record<string, number[]>; // of the posterior of the atlas's model, by parameter
  } | null;
  problem: string; // why there is no reading
}

interface Settings {
  channel: string;
  invert: boolean;
  region: string;
  scale: string;
  size: string;
}

interface State {
  number: number; // of the file on the server; 0: none
  name: string;
  busy: string; // what is being done
  problem: string;
  found: Photograph | null;
  by: Record<string, unknown>; // what was asked for it
  next: File | null; // waits until the one before is read
}

const PATIENCE = 180_000; // milliseconds; the first answers load the network and embed all thumbnails
const SIDE = 84; // pixels of a similar pattern
const CHANNELS = ["colour-axis", "grey", "red", "green", "blue"];
const state = signal<State>({ number: 0, name: "", busy: "", problem: "", found: null, by: {}, next: null });
const FIRST: Settings = { channel: "colour-axis", invert: false, region: "", scale: "", size: "" };
const settings = signal<Settings>(FIRST);

function change(part: Partial<State>): void {
  state.value = { ...state.value, ...part };
}

/** Send and read a file. One that comes meanwhile waits; of several, the last is read. */
async function send(store: Store, file: File): Promise<void> {
  store.tab.value = "photograph";
  if (state.value.busy) return change({ next: file });
  await read(store, file);
  await follow(store);
}

/** Read what has come meanwhile. */
async function follow(store: Store): Promise<void> {
  for (let file = state.value.next; file; file = state.value.next) await read(store, file);
}

async function read(store: Store, file: File): Promise<void> {
  settings.value = FIRST; // the scale of one photograph is not that of another
  state.value = { number: 0, name: file.name, busy: `${file.name} is being sent`, problem: "", found: null, by: {}, next: null };
  try {
    const number = await upload((action, values) => store.source.ask(action, values), file.name, file);
    change({ number, busy: "" });
  } catch (error) {
    change({ busy: "", problem: (error as Error).message });
    return;
  }
  if (!state.value.next) await prepare(store);
}

/** Numbers between commas or crosses; null if nothing was typed. */
function numbers(text: string): number[] | null {
  return text.trim() ? text.split(/[,x×\s]+/).filter(Boolean).map(Number) : null;
}

/** What the server is asked for, with the settings that were last used. */
function asked(): Record<string, unknown> {
  const { channel, invert, region, scale, size } = settings.value;
  return { number: state.value.number, settings: { channel, invert, region: numbers(region) }, scale, size: numbers(size) };
}

async function prepare(store: Store): Promise<void> {
  change({ busy: "The photograph is being prepared and read", problem: "" });
  const by = asked();
  try {
    const found = await store.source.ask<Photograph>("photograph", by, PATIENCE);
    change({ found, by, busy: "" });
  } catch (error) {
    change({ found: null, busy: "", problem: (error as Error).message });
  }
}

/** Files that are dropped anywhere on the page are photographs. */
export function useDrop(store: Store, root: { current: HTMLElement | null }): void {
  useEffect(() => {
    const page = root.current;
    if (!page || store.source.kind !== "server") return;
    return dropped(page, (file) => void send(store, file));
  }, [store]);
}

export function Photographs() {
  const store = useStore();
  const { number, name, busy, problem, found, next } = state.value;
  useEffect(() => {
    const draws = found?.reading?.draws;
    store.photographed.value = draws && Object.keys(draws).length ? draws : null;
    return () => {
      store.photographed.value = null;
    };
  }, [store, found]);
  return (
    <div class="photograph">
      <p>Drop a photograph of a pattern anywhere on this page, or choose one. It stays on this computer, and goes when the server ends.</p>
      <p>
        <label><span>Photograph</span>{" "}
          <input
            type="file" accept={ACCEPTED}
            onChange={(e) => {
              const file = e.currentTarget.files?.[0];
              e.currentTarget.value = "";
              if (file) void send(store, file);
            }}
          />
        </label>
      </p>
      <p class="line" role="status" aria-live="polite">{busy && `${busy} …`}{next && ` Then ${next.name}.`}</p>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {number > 0 && <Choices store={store} busy={busy !== ""} />}
      {found && <Found found={found} name={name} />}
    </div>
  );
}

function Choices({ store, busy }: { store: Store; busy: boolean }) {
  const now = settings.value;
  const set = (part: Partial<Settings>) => {
    settings.value = { ...settings.value, ...part };
  };
  const text = (title: string, name: "region" | "scale" | "size", example: string) => (
    <label><span>{title}</span>
      <input value={now[name]} size={14} maxLength={40} autocomplete="off" placeholder={example} onInput={(e) => set({ [name]: e.currentTarget.value })} />
    </label>
  );
  return (
    <form class="controls" aria-label="Preparation" noValidate onSubmit={(e) => { e.preventDefault(); if (!busy) void prepare(store).then(() => follow(store)); }}>
      <label><span>Channel</span>
        <select value={now.channel} onChange={(e) => set({ channel: e.currentTarget.value })}>{CHANNELS.map((one) => <option key={one}>{one}</option>)}</select>
      </label>
      {text("Region", "region", "left,top,width,height")}
      {text("Side of a pixel", "scale", "0.1mm")}
      {text("Size of a column", "size", "128x128")}
      <label class="tick"><input type="checkbox" checked={now.invert} onChange={(e) => set({ invert: e.currentTarget.checked })} /> <span>exchange bright and dark</span></label>
      <button type="submit" class="primary" disabled={busy}>prepare again</button>
    </form>
  );
}

function percent(value: number): string {
  if (value > 0.99 && value < 1) return "> 99 %";
  return value > 0 && value < 0.01 ? "< 1 %" : `${Math.round(value * 100)} %`;
}

function Found({ found, name }: { found: Photograph; name: string }) {
  const { measures, reading } = found;
  const store = useStore();
  const { wavelength, error, unit } = measures;
  return (
    <>
      <h3>{name}</h3>
      <p>
        Measured: {measures.kind}{wavelength !== null && `, wavelength ${wavelength.toPrecision(4)}${error === null ? "" : ` ± ${error.toPrecision(2)}`} ${unit}`}
      </p>
      {reading ? <Reading reading={reading} model={store.manifest.model.title} /> : <p class="problem">{found.problem}</p>}
      {reading && reading.verdict !== "none" && <Similar found={found} />}
      <h3>Measures</h3>
      <table>
        <tbody>{measures.rows.map(([meaning, value, its]) => <tr key={meaning}><th scope="row">{meaning}</th><td>{Number(value.toPrecision(3))} {its}</td></tr>)}</tbody>
      </table>
      <h3>Preparation</h3>
      <a href={`/data/photograph/${found.figure}`} target="_blank" rel="noreferrer">
        <img class="steps" src={`/data/photograph/${found.figure}`} alt={`${name} after every step of its preparation; opens in full size`} />
      </a>
      <ol>{found.steps.map(([step, words]) => <li key={step}><b>{step}</b>: {words}</li>)}</ol>
    </>
  );
}

/** The patterns of the atlas that look most like the photograph. */
function Similar({ found }: { found: Photograph }) {
  const store = useStore();
  const [rows, setRows] = useState<[number, number][] | null>(null); // with cosines
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let there = true;
    setRows(null);
    setProblem("");
    void store.source.ask<[number, number][]>("similar", state.peek().by, PATIENCE).then(
      (answer) => there && setRows(answer),
      (error: Error) => there && setProblem(error.message),
    );
    return () => {
      there = false;
    };
  }, [store, found]);
  const open = (row: number) => {
    store.open(row);
    store.tab.value = "pattern";
  };
  return (
    <>
      <h3>Patterns of this atlas that look most like it</h3>
      {problem ? <p class="problem">{problem}</p> : rows === null ? <div class="skeleton similar-coming" aria-busy="true" /> : (
        <>
          <p class="soft">At equal wavelength, whatever contrast and sign. The number is the cosine between the features of the identifier's network.</p>
          <div class="similar">
            {rows.map(([row, cosine]) => (
              <button key={row} type="button" aria-label={`run ${store.table.run[row]}, ${store.described(row)}, similarity ${cosine.toFixed(2)}`} onClick={() => open(row)}>
                <Thumbnail row={row} side={SIDE} />
                <span>{titled(store.classOf(row))} {cosine.toFixed(2)}</span>
              </button>
            ))}
          </div>
        </>
      )}
    </>
  );
}

const COMPATIBLE = "The probability is shared among models that look alike. Compatible asks each model alone: p is the share of its own pictures that are less typical of it, and from 0.05 on the picture is compatible.";

function Reading({ reading, model }: { reading: NonNullable<Photograph["reading"]>; model: string }) {
  const drawn = Object.keys(reading.draws).length > 0;
  return (
    <>
      <p>
        {reading.abstains ? "Of no certain kind: the reader abstains." : `Looks like ${reading.kind}`}
        {reading.grayScott && `, as the class ${reading.grayScott} of Gray–Scott's patterns`}{!reading.abstains && "."}{" "}
        {reading.verdict === "none" ? "None of the models explains it." : `Most probable model: ${reading.verdict}.`}
      </p>
      <table>
        <thead><tr><th scope="col">model</th><th scope="col">probability</th><th scope="col">compatible</th></tr></thead>
        <tbody>
          {reading.ranking.map(([name, value, p]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{percent(value)}</td>
              <td>{p === null ? "–" : `${reading.compatible.includes(name) ? "yes" : "no"} (p ${p < 0.01 ? "< 0.01" : `= ${p.toFixed(2)}`})`}</td>
            </tr>
          ))}
          <tr><th scope="row">none of the fourteen</th><td>{percent(reading.none)}</td><td /></tr>
        </tbody>
      </table>
      <p class="soft">{COMPATIBLE}</p>
      {drawn && <p class="soft">If {model} made it: the red dots on the map are draws from the posterior of its parameters.</p>}
    </>
  );
}
