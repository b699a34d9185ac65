// One pattern: its frames with times, composite, saliency; what was read and what a person says; how to repeat it.

import { useEffect, useState } from "preact/hooks";

import type { Detail, Frames } from "../data/source";
import { labelByKey } from "../state/labelling";
import { number, titled, type Store } from "../state/store";
import { useStore } from "./context";
import { Copy } from "./copy";
import { fastest } from "./dispersion";
import { Field, FieldBar, fieldRatio } from "./field";
import { LabelBar, Told } from "./labelbar";
import type { Point } from "./live/source";
import { PointTheory } from "./live/theory";
import { OtherStarts } from "./map/starts";
import { usePoint } from "./point";
import { useReturns } from "./returns";
import { Spectrum } from "./spectrum";
import { hasLive } from "./tabs";
import { Thumbnail } from "./thumbnail";

type Mode = "frames" | "composite" | "saliency";
const FRAME_MILLISECONDS = 400;

/** `reading`: counts how often the classes that it speaks of were written. */
function useLoaded<T>(store: Store, run: number, reading: number, load: () => Promise<T>): { value: T | null; problem: string; stale: boolean } {
  const key = `${run} ${reading}`, returns = useReturns(store);
  const [state, setState] = useState<{ key: string; value: T | null; problem: string }>({ key: "", value: null, problem: "" });
  useEffect(() => {
    let there = true;
    void load().then(
      (value) => there && setState({ key, value, problem: "" }),
      (error: Error) => there && setState({ key, value: null, problem: error.message }),
    );
    return () => {
      there = false;
    };
  }, [store, key, returns]);
  return { value: state.value, problem: state.problem, stale: state.key !== key };
}

export function Pattern() {
  const store = useStore();
  const row = store.row.value;
  const run = store.table.run[row] ?? 0;
  const frames = useLoaded(store, run, 0, () => store.source.frames(run));
  const detail = useLoaded(store, run, store.readings.value, () => store.source.detail(run));
  const point = usePoint(store, row);
  const [mode, setMode] = useState<Mode>("frames");
  const [creating, setCreating] = useState(false);
  useEffect(() => {
    const draws = detail.stale ? null : (detail.value?.estimate?.draws ?? null);
    store.estimated.value = draws && Object.keys(draws).length ? { row, draws } : null;
  }, [detail.value, detail.stale]);

  const key = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    if (event.target instanceof HTMLButtonElement && event.key === " ") return;
    const next = labelByKey(store, [row], event);
    if (!next) return;
    if (next === "new") setCreating(true);
    event.preventDefault();
  };
  const modes: Mode[] = ["frames", ...(store.source.picture("composite", run) ? (["composite"] as const) : []),
    ...(store.manifest.classifier && store.source.picture("saliency", run) ? (["saliency"] as const) : [])];
  return (
    <section class="pattern" onKeyDown={key} tabIndex={-1} aria-label={`Run ${run}`}>
      <Heading detail={detail.stale ? null : detail.value} />
      <div class="pattern-parts">
        <div class="pattern-picture">
          {modes.length > 1 && (
            <div class="tools" role="group" aria-label="Shown as">
              {modes.map((name) => (
                <button key={name} type="button" aria-pressed={mode === name} onClick={() => setMode(name)}>{name}</button>
              ))}
            </div>
          )}
          {mode !== "frames" ? <Picture key={`${mode} ${run}`} kind={mode} run={run} />
            : frames.problem && !frames.stale ? <p class="problem">{frames.problem}</p>
            : frames.value || frames.stale ? <Player key={run} frames={frames.stale ? null : frames.value} row={row} />
            : <div class="field"><Thumbnail row={row} side={360} /></div>}
        </div>
        <div class="pattern-numbers">
          {detail.problem && !detail.stale && <p class="problem">{detail.problem}</p>}
          {detail.value ? <Numbers detail={detail.value} run={run} stale={detail.stale} point={point} /> : (detail.stale || !detail.problem) && <div class="skeleton" aria-busy="true" />}
        </div>
      </div>
      <OtherStarts />
      <LabelBar targets={() => [row]} done={() => undefined} creating={creating} setCreating={setCreating} />
      <Told />
      <Actions run={run} command={detail.value?.command ?? ""} stale={detail.stale} />
      {point && detail.value && <Theory point={point} wavelength={detail.value.wavelength} stale={detail.stale} />}
    </section>
  );
}

function Heading({ detail }: { detail: Detail | null }) {
  const store = useStore();
  void store.changes.value;
  const row = store.row.value;
  const read = store.classes.value[store.table.read[row] ?? 0];
  const given = store.labels.annotated[row] ? store.classOf(row) : undefined;
  const unknown = store.table.unknown[row] === 1;
  return (
    <header>
      <h2>
        <i class="swatch" style={{ background: read?.colour ?? "#ffffff" }} />
        {titled(read)} {unknown && <span class="badge bad">unknown</span>}
        {given !== undefined && <span class="badge person">a person says: {given ? titled(given) : "ambiguous"}</span>}
      </h2>
      <p>
        run {store.run}: {store.point(row)}{store.manifest.read && `; read ${store.basis(row)}`}
      </p>
      <p class="line">
        {detail && (detail.wavelength === null ? "homogeneous" : `wavelength ${detail.wavelength.toFixed(1)}`)}
        {detail?.set && `; set, ${Math.round((detail.coverage ?? 0) * 100)} %: ${detail.set.join(", ") || "no class"}`}
      </p>
      {store.manifest.estimator && <p class="line">{detail?.estimate?.text}</p>}
    </header>
  );
}

/** The frames of a run; until they have come, its thumbnail in their place. */
function Player({ frames, row }: { frames: Frames | null; row: number }) {
  const store = useStore(), run = store.table.run[row] ?? 0;
  const times = frames?.times ?? store.manifest.times;
  const count = times.length;
  const [shown, setShown] = useState(count - 1);
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setShown((now) => (now + 1) % count), FRAME_MILLISECONDS);
    return () => clearInterval(timer);
  }, [playing, count]);
  const frame = Math.min(shown, count - 1);
  const time = number(times[frame] ?? 0);
  const { palette, colourRange: range, model: { recorded: species }, grid } = store.manifest;
  return (
    <>
      {frames ? (
        <Field
          values={frames.values.subarray(frame * frames.height * frames.width, (frame + 1) * frames.height * frames.width)} height={frames.height} width={frames.width}
          range={range} palette={palette} title={species} label={`${species} of run ${run} at time ${time}`}
        />
      ) : (
        <div class="field loading" aria-busy="true">
          <div class="field-place" style={{ aspectRatio: fieldRatio(grid.height, grid.width) }}><Thumbnail row={row} side={360} /></div>
          <FieldBar range={range} palette={palette} title={species} />
        </div>
      )}
      {count > 1 && (
        <div class="player">
          <button type="button" aria-label={playing ? "Pause" : "Play"} onClick={() => setPlaying(!playing)}>{playing ? "❚❚" : "▶"}</button>
          <label><span>t = {time}</span>
            <input type="range" min={0} max={count - 1} value={frame} aria-label="Frame" aria-valuetext={`time ${time}`}
              onInput={(e) => { setPlaying(false); setShown(Number(e.currentTarget.value)); }} />
          </label>
          <span class="soft">{frame + 1} of {count} frames</span>
        </div>
      )}
    </>
  );
}

function Picture({ kind, run }: { kind: "composite" | "saliency"; run: number }) {
  const store = useStore();
  const { grid } = store.manifest;
  const [failed, setFailed] = useState(false);
  const texts = {
    composite: "Stationary parts are grey, moving parts are coloured.",
    saliency: "Bright: where a change would change the class most.",
  };
  if (failed && !store.there.value) return <p class="problem">The {kind} did not come: the server does not answer.</p>;
  if (failed) return <p>{kind === "saliency" ? "The classifier of this atlas can't be found, so there is no saliency." : "The composite could not be made."}</p>;
  return (
    <figure class="field">
      <img src={store.source.picture(kind, run)!} alt={`${kind} of run ${run}`} style={{ aspectRatio: `auto ${fieldRatio(grid.height, grid.width)}` }} onError={() => setFailed(true)} />
      <figcaption class="soft">{texts[kind]}</figcaption>
    </figure>
  );
}

function Numbers({ detail, run, stale, point }: { detail: Detail; run: number; stale: boolean; point: Point | null }) {
  const store = useStore(), { height, width } = store.manifest.grid, flat = Math.min(height, width) === 1;
  const spectrum = flat ? null : store.source.picture("spectrum", run); // of a line it would be a line
  const wave = point?.states[fastest(point.states)]?.wave;
  const looks = new Map(store.classes.value.map((info) => [info.name, info]));
  const shown = detail.probabilities.filter(([, p]) => p >= 0.001).sort((a, b) => b[1] - a[1]).slice(0, 8);
  return (
    <div class={stale ? "stale" : ""}>
      {store.manifest.read && (
        <table class="bars">
          <caption>class probabilities</caption>
          <tbody>
            {shown.map(([name, p]) => (
              <tr key={name}>
                <th scope="row">{titled(looks.get(name))}</th>
                <td><i style={{ width: `${100 * p}%`, background: looks.get(name)?.colour }} /></td>
                <td>{p >= 0.9995 ? "1" : p.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {detail.rings.q.length > 0 && (
        <div class="spectra">
          <Spectrum q={detail.rings.q} power={detail.rings.power} averaged={!flat} measured={detail.wavelength} predicted={wave && wave.growth > 0 ? wave.wavelength : null} />
          {spectrum && <figure><img key={run} class="spectrum" src={spectrum} alt={`Power spectrum of run ${run}`} /><figcaption>by direction</figcaption></figure>}
        </div>
      )}
    </div>
  );
}

/** What theory says about the parameters of the pattern. */
function Theory({ point, wavelength, stale }: { point: Point; wavelength: number | null; stale: boolean }) {
  return (
    <section class={`live-theory pattern-theory${stale ? " stale" : ""}`} aria-label="Theory">
      <h3>Theory at these parameters</h3>
      <PointTheory point={point} measured={wavelength} when="measured here" />
    </section>
  );
}

const PATIENCE = 180_000; // milliseconds; the first answer embeds all thumbnails

/** Shows the patterns of the atlas that look most like this one, on the map and in the montage. */
function Alike() {
  const store = useStore();
  const [busy, setBusy] = useState(false);
  const find = async () => {
    const still = store.moment(), { run } = store;
    setBusy(true);
    try {
      const rows = await store.source.ask<number[]>("alike", { row: store.row.value }, PATIENCE);
      // The first answer takes seconds; a reader who is at something else by now is left there.
      if (still()) store.select(rows);
      else store.tell(`The patterns like run ${run} have been found: ask again to see them.`);
    } catch (error) {
      store.tell((error as Error).message, true);
    }
    setBusy(false);
  };
  return <button type="button" disabled={busy} onClick={() => void find()}>{busy ? "comparing …" : "patterns like this one"}</button>;
}

/** `stale`: the command is that of the run before. */
function Actions({ run, command, stale }: { run: number; command: string; stale: boolean }) {
  const store = useStore();
  const downloads = [["png", "PNG"], ["npz", "NPZ"], ["film", "MP4"]] as const;
  return (
    <div class="actions">
      {store.manifest.capabilities.live && hasLive() && (
        <button type="button" class="primary" onClick={() => { store.live.value = { run }; store.tab.value = "live"; }}>run it live</button>
      )}
      {store.source.kind === "server" && <Alike />}
      {downloads.map(([kind, title]) => {
        const address = store.source.picture(kind, run);
        return address && <a key={kind} class="button" href={address} download>{title}</a>;
      })}
      {(command || (stale && store.source.kind !== "file")) && <div class="command" style={{ visibility: stale ? "hidden" : "visible" }}><code>{command}</code><Copy text={command} what="command" /></div>}
    </div>
  );
}
