// A live run: the pattern, its controls, and what is said beside it.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import "./live.css";
import { BACKENDS } from "../../simulator/program";
import { ALL_SPECIES } from "../../simulator/simulator";
import { Editor, Elsewhere, Equations, rowsOf, type Opened } from "./equations";
import { Keep, StartFile } from "./files";
import { Parameters, Presets } from "./parameters";
import { Recorder } from "./recorder";
import { Session } from "./session";
import { Theory } from "./theory";
import { plain } from "./words";

const MEASURE = 1000; // milliseconds between two measurements of the wavelength
const SPEEDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 100];

export interface LiveProps {
  session: Session;
  palettes: Record<string, string[]>;
  opened?: Opened; // a model that was edited here
  children?: ComponentChildren; // what a page adds beside the run
}

interface Brush {
  size: number;
  strength: number;
  species: number;
}

export function Live({ session, palettes, opened, children }: LiveProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [problem, setProblem] = useState("");
  const [ready, setReady] = useState(false);
  const [shade, setShade] = useState(Object.keys(palettes)[0] ?? "");
  const brush = useSignal<Brush>({ size: Math.max(2, Math.round(session.grid.width / 24)), strength: 1, species: ALL_SPECIES });
  useEffect(() => {
    setReady(false);
    setProblem("");
    let wanted = true;
    const attached = session.attach(canvas.current!, palettes[shade] ?? []);
    attached.then(() => wanted && setReady(true), (error: Error) => wanted && setProblem(error.message));
    const clock = setInterval(() => session.measure(), MEASURE);
    return () => {
      wanted = false;
      clearInterval(clock);
      session.free();
    };
  }, [session]);
  useEffect(() => {
    if (!session.runner) return;
    session.runner.palette = palettes[shade] ?? [];
    session.runner.redraw();
  }, [shade]);
  const key = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target.matches("input, select, textarea, button, summary") || event.ctrlKey || event.metaKey || !session.runner) return;
    if (event.key === " ") session.runner.play();
    else if (event.key === ".") session.runner.advance(1);
    else if (event.key === "r") session.runner.reset();
    else return;
    event.preventDefault();
  };
  return (
    <div class="live-frame"><div class="live" onKeyDown={key} tabIndex={-1}>
      <div class="live-stage">
        <Stage session={session} canvas={canvas} brush={brush.value} />
        {problem ? <p class="problem" role="alert">{problem}</p>
          : ready && session.runner ? <Transport session={session} shade={shade} shades={Object.keys(palettes)} setShade={setShade} palette={palettes[shade] ?? []} />
          : <div class="live-transport" aria-hidden="true" />}
      </div>
      <div class="live-side">
        {children}
        <Part title="Parameters" open><Parameters session={session} /></Part>
        {session.program.presets.length > 0 && <Part title="Known patterns" open><Presets session={session} /></Part>}
        <Part title="Theory" open><Theory session={session} /></Part>
        <Part title="Brush and start" open>
          {ready ? <Painting session={session} brush={brush.value} change={(part) => (brush.value = { ...brush.value, ...part })} />
            : !problem && <div class="live-painting" aria-hidden="true" />}
        </Part>
        <Part title="Equations" open>
          <Equations program={session.program} />
          {ready && <Elsewhere session={session} />}
          {opened && session.source && (
            <details><summary>Edit the equations</summary>
              <Editor rows={rowsOf(session.program)} parameters={session.parameters.value} opened={opened} />
            </details>
          )}
        </Part>
      </div>
    </div></div>
  );
}

function Part({ title, open, children }: { title: string; open?: boolean; children: ComponentChildren }) {
  return <details class="live-part" open={open}><summary><h3>{title}</h3></summary>{children}</details>;
}

/** The canvas fills its place without distortion; a one-dimensional run is drawn as rows of time. */
function Stage({ session, canvas, brush }: { session: Session; canvas: { current: HTMLCanvasElement | null }; brush: Brush }) {
  const { width, height } = session.grid, name = session.program.species[session.runner?.species.value ?? 0] ?? "";
  const place = useRef<HTMLDivElement>(null);
  const [side, setSide] = useState({ width: 0, height: 0 });
  const rows = height === 1 ? width : height;
  useEffect(() => {
    const element = place.current!;
    const fit = () => {
      const { clientWidth, clientHeight } = element, scale = Math.min(clientWidth / width, clientHeight / rows);
      setSide({ width: Math.floor(width * scale), height: Math.floor(rows * scale) });
    };
    const watch = new ResizeObserver(fit);
    watch.observe(element);
    fit();
    return () => watch.disconnect();
  }, [width, rows]);
  const [cursor, setCursor] = useState<[number, number] | null>(null); // in cells, of the keyboard
  const paint = (x: number, y: number, rubber: boolean) => {
    const runner = session.runner;
    runner?.simulator.brush(x, y, brush.size, rubber ? -Math.abs(brush.strength) : brush.strength, brush.species);
    if (runner && !runner.playing.value) runner.redraw();
  };
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key], [x, y] = cursor ?? [width / 2, height / 2];
    if (event.key === "Enter") {
      setCursor([x, y]);
      paint(x, y, event.shiftKey);
    } else if (step) setCursor([(x + step[0] * brush.size + width) % width, (y + step[1] * brush.size + height) % height]);
    else return;
    event.preventDefault();
  };
  const stroke = (event: PointerEvent) => {
    const runner = session.runner;
    if (!runner || (event.type === "pointermove" && !event.buttons)) return;
    if (event.type === "pointerdown") canvas.current!.setPointerCapture(event.pointerId);
    const box = canvas.current!.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width, y = height === 1 ? 0.5 : ((event.clientY - box.top) / box.height) * height;
    paint(x, y, event.shiftKey || event.button === 2 || event.buttons === 2);
  };
  return (
    <div class="live-place" ref={place} style={{ aspectRatio: `${width} / ${rows}` }}>
      <canvas ref={canvas} class="live-canvas" style={{ width: `${side.width}px`, height: `${side.height}px` }} onPointerDown={stroke} onPointerMove={stroke}
        onContextMenu={(event) => event.preventDefault()} onKeyDown={key} onBlur={() => setCursor(null)} role="img" tabIndex={0}
        aria-label={`${session.program.title}: ${name}${height === 1 ? ", time downwards" : ""}. Drag to paint, or arrow keys and Enter; with Shift, to erase.`} />
      {cursor && <span class="live-cursor" aria-hidden="true" style={ring(cursor, brush.size, side.width / width, side, height === 1)} />}
    </div>
  );
}

/** The place of a ring around what the keyboard's brush would paint; the canvas is in the middle of its place. */
function ring([x, y]: [number, number], size: number, scale: number, side: { width: number; height: number }, flat: boolean) {
  const across = 2 * size * scale, left = x * scale - side.width / 2, top = flat ? 0 : y * scale - side.height / 2;
  return { width: `${across}px`, height: `${across}px`, marginLeft: `${left - across / 2}px`, marginTop: `${top - across / 2}px` };
}

function Transport({ session, shade, shades, setShade, palette }: { session: Session; shade: string; shades: string[]; setShade: (name: string) => void; palette: string[] }) {
  const runner = session.runner!, playing = runner.playing.value, [low, high] = runner.range.value;
  const told = useSignal("");
  const ends = (index: 0 | 1, text: string) => {
    const value = Number(text), next: [number, number] = [...runner.range.value];
    next[index] = value;
    if (!Number.isFinite(value) || next[0] >= next[1]) return;
    runner.setRange(next);
  };
  const colours = palette.filter((_, i) => i % 16 === 0 || i === 255);
  return (
    <div class="live-transport">
      <div class="controls">
        <button type="button" class="primary live-play" disabled={!!runner.problem.value} onClick={() => runner.play()}>{playing ? "Pause" : "Play"}</button>
        <button type="button" onClick={() => { runner.play(false); runner.advance(1); }}>Step</button>
        <button type="button" title="Back to the very same start" onClick={() => runner.reset()}>Reset</button>
        <label><span>Speed</span>
          <select value={runner.speed.value} onChange={(e) => (runner.speed.value = Number(e.currentTarget.value))}>
            {SPEEDS.map((speed) => <option value={speed} key={speed}>× {speed}</option>)}
          </select>
        </label>
        {session.program.species.length > 1 && (
          <label><span>Species</span>
            <select value={runner.species.value} onChange={(e) => { runner.species.value = Number(e.currentTarget.value); runner.measure(true); runner.redraw(); session.measure(); }}>
              {session.program.species.map((s, i) => <option value={i} key={s}>{s}</option>)}
            </select>
          </label>
        )}
        {shades.length > 1 && (
          <label><span>Colours</span>
            <select value={shade} onChange={(e) => setShade(e.currentTarget.value)}>{shades.map((s) => <option key={s}>{s}</option>)}</select>
          </label>
        )}
        <Recorder session={session} tell={(problem) => (told.value = problem)} />
        {session.source && <Keep session={session} tell={(problem) => (told.value = problem)} />}
      </div>
      <div class="live-scale">
        <input aria-label="darkest colour" value={plain(low, 3)} onChange={(e) => ends(0, e.currentTarget.value.replace("−", "-"))} />
        <div class="bar" style={{ background: `linear-gradient(to right, ${colours.join(", ")})` }} />
        <input aria-label="brightest colour" value={plain(high, 3)} onChange={(e) => ends(1, e.currentTarget.value.replace("−", "-"))} />
        <b>{session.program.species[runner.species.value]}</b>
        <label class="check"><input type="checkbox" checked={runner.auto.value} onChange={(e) => { runner.auto.value = e.currentTarget.checked; runner.measure(true); runner.redraw(); }} />auto</label>
      </div>
      <p class="live-status"><span>t = <b>{plain(runner.time.value, 5)}</b></span> <span>{playing ? `${plain(runner.pace.value, 3)} per second, ${Math.round(runner.rate.value)} frames/s` : "paused"}</span> <span>time step {plain(session.dt.value)}{session.dt.value < session.program.dt ? ", reduced for stability" : ""}</span> <span>{session.grid.width} × {session.grid.height} cells</span> <span>computed by {BACKENDS[runner.simulator.backend]}</span></p>
      {runner.problem.value && (
        <p class="problem" role="alert">{runner.problem.value} <button type="button" onClick={() => session.halve()}>Halve the time step and start again</button></p>
      )}
      {runner.notice.value && <p class="soft" role="status">{runner.notice.value}</p>}
      {(told.value || session.told.value || session.untold.value) && <p class="problem" role="alert">{told.value || session.told.value || session.untold.value}</p>}
    </div>
  );
}

function Painting({ session, brush, change }: { session: Session; brush: Brush; change: (part: Partial<Brush>) => void }) {
  const given = session.given.value;
  return (
    <div class="live-painting">
      <div class="controls">
        <label><span>Brush, {brush.size} cells</span><input type="range" min={1} max={Math.max(4, session.grid.width / 4)} value={brush.size} onInput={(e) => change({ size: Number(e.currentTarget.value) })} /></label>
        <label><span>Strength {plain(brush.strength, 2)}{brush.strength < 0 ? ", erases" : ""}</span><input type="range" min={-1} max={1} step={0.05} value={brush.strength} onInput={(e) => change({ strength: Number(e.currentTarget.value) })} /></label>
        {session.program.species.length > 1 && (
          <label><span>Paints</span>
            <select value={brush.species} onChange={(e) => change({ species: Number(e.currentTarget.value) })}>
              <option value={ALL_SPECIES}>all species</option>
              {session.program.species.map((name, i) => <option value={i} key={name}>{name} only</option>)}
            </select>
          </label>
        )}
      </div>
      <div class="controls">
        <label><span>Initial condition</span>
          <select value={session.initial.value} onChange={(e) => { session.initial.value = e.currentTarget.value; void session.begin(); }}>
            {session.starts.map((name) => <option key={name}>{name}</option>)}
          </select>
        </label>
        <label><span>Seed</span><input type="number" class="live-seed" min={0} step={1} value={session.seed.value} onChange={(e) => { session.seed.value = Math.max(0, Math.floor(Number(e.currentTarget.value)) || 0); void session.begin(); }} /></label>
        <button type="button" onClick={() => { session.seed.value += 1; void session.begin(); }}>Another start</button>
      </div>
      {session.source && session.grid.height > 1 && <StartFile session={session} />}
      {given && <p class="soft">{given.file ? `Began from ${given.name}.` : given.exact ? `The very start of ${given.name}.` : `Like ${given.name}, whose own start is not in this file.`}</p>}
    </div>
  );
}
