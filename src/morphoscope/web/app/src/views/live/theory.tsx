// Theory beside a run: where its point lies, how fast waves grow on steady states, predicted and measured wavelength.

import { useState } from "preact/hooks";

import { plain } from "./words";
import type { State } from "./source";
import type { Session } from "./session";

const WIDTH = 320;
const HEIGHT = 170;
const LEFT = 60;
const BOTTOM = 34;
const COLOURS: Record<string, string> = {
  existence: "var(--soft)", "saddle-node": "var(--soft)", Hopf: "var(--live-hopf)", Turing: "var(--live-turing)", spinodal: "var(--live-turing)",
};

type Scale = (value: number) => number;

function linear(ends: [number, number], pixels: [number, number]): Scale {
  return (value) => pixels[0] + ((value - ends[0]) / (ends[1] - ends[0] || 1)) * (pixels[1] - pixels[0]);
}

/** A few round numbers between two ends. */
function ticks([low, high]: [number, number]): number[] {
  const rough = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10);
  const found: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high * (1 + 1e-9) + 1e-12; i++) found.push(i * step);
  return found;
}

function Axes({ x, y, ends, titles }: { x: Scale; y: Scale; ends: [[number, number], [number, number]]; titles: [string, string] }) {
  return (
    <g class="live-axes">
      {ticks(ends[0]).map((t) => <g key={`x${t}`}><line x1={x(t)} x2={x(t)} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM + 4} /><text x={x(t)} y={HEIGHT - BOTTOM + 15} text-anchor="middle">{plain(t, 3)}</text></g>)}
      {ticks(ends[1]).map((t) => <g key={`y${t}`}><line x1={LEFT - 4} x2={LEFT} y1={y(t)} y2={y(t)} /><text x={LEFT - 6} y={y(t) + 4} text-anchor="end">{plain(t, 3)}</text></g>)}
      <rect x={LEFT} y={6} width={WIDTH - LEFT - 8} height={HEIGHT - BOTTOM - 6} fill="none" />
      <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 3} text-anchor="middle">{titles[0]}</text>
      <text transform={`translate(11 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">{titles[1]}</text>
    </g>
  );
}

/** Re λ over q, with the fastest-growing wave and the measured one. */
function Dispersion({ state, measured }: { state: State; measured: number | null }) {
  const top = Math.max(...state.growth), bottom = Math.max(Math.min(...state.growth), -2 * Math.max(Math.abs(top), Math.abs(state.growth[0] ?? 0)));
  const room = 0.08 * (top - bottom) || 1, ends: [number, number] = [Math.min(bottom, 0) - room, Math.max(top, 0) + room];
  const last = state.q[state.q.length - 1] ?? 1;
  const x = linear([0, last], [LEFT, WIDTH - 8]), y = linear(ends, [HEIGHT - BOTTOM, 6]);
  const points = state.q.map((q, i) => `${x(q).toFixed(1)},${Math.min(y(state.growth[i] ?? 0), HEIGHT - BOTTOM + 40).toFixed(1)}`).join(" ");
  const wave = state.wave, seen = measured ? (2 * Math.PI) / measured : null;
  const says = `Growth rate of waves; ${wave ? `the fastest has wavelength ${plain(wave.wavelength)}` : "no wave of finite length grows fastest"}`;
  return (
    <svg class="live-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={says}>
      <clipPath id="live-clip"><rect x={LEFT} y={6} width={WIDTH - LEFT - 8} height={HEIGHT - BOTTOM - 6} /></clipPath>
      <g clip-path="url(#live-clip)">
        <line class="live-zero" x1={LEFT} x2={WIDTH} y1={y(0)} y2={y(0)} />
        {wave && <line class="live-predicted" x1={x(2 * Math.PI / wave.wavelength)} x2={x(2 * Math.PI / wave.wavelength)} y1={0} y2={HEIGHT} />}
        {seen !== null && seen < last && <line class="live-measured" x1={x(seen)} x2={x(seen)} y1={0} y2={HEIGHT} />}
        <polyline class="live-curve" points={points} />
      </g>
      <Axes x={x} y={y} ends={[[0, last], ends]} titles={["wavenumber q", "growth rate"]} />
    </svg>
  );
}

/** The model's plane with its bifurcation lines; a click moves the run there. */
function Plane({ session }: { session: Session }) {
  const [across, up] = session.program.plane, ends = session.ends, values = session.parameters.value;
  if (across === up || session.program.parameters.length < 2) return null;
  const x = linear(ends[0], [LEFT, WIDTH - 8]), y = linear(ends[1], [HEIGHT - BOTTOM, 6]);
  const move = (event: PointerEvent) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const svg = event.currentTarget as SVGSVGElement, place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM()!.inverse());
    const share = (value: number, from: number, to: number) => Math.min(1, Math.max(0, (value - from) / (to - from)));
    const part = [share(place.x, LEFT, WIDTH - 8), share(place.y, HEIGHT - BOTTOM, 6)] as const;
    [across, up].forEach((name, axis) => {
      const [low, high] = ends[axis] as [number, number];
      session.set(name, Number((low + (part[axis] ?? 0) * (high - low)).toPrecision(5)));
    });
  };
  const lines = session.lines.value ?? [];
  return (
    <figure class="live-figure">
      <svg class="live-plot live-plane" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} onPointerDown={move} onPointerMove={move} role="img"
        aria-label={`Plane of ${across} and ${up}; the run is at ${plain(values[across] ?? 0)}, ${plain(values[up] ?? 0)}. The sliders move it, too.`}>
        <Axes x={x} y={y} ends={ends} titles={[across, up]} />
        {lines.map(({ name, kind, pieces }) => pieces.map((piece, i) => (
          <polyline key={`${name}${i}`} points={piece.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ")} style={{ stroke: COLOURS[kind] ?? "var(--soft)" }} class="live-line">
            <title>{name}</title>
          </polyline>
        )))}
        <circle class="live-here" cx={x(values[across] ?? 0)} cy={y(values[up] ?? 0)} r="5.5" />
      </svg>
      <figcaption>
        {lines.map(({ name, kind }) => <span class="live-key" key={name}><i style={{ background: COLOURS[kind] ?? "var(--soft)" }} />{name}</span>)}
      </figcaption>
    </figure>
  );
}

function fastest(states: State[]): number {
  const rank = (s: State) => (s.wave && s.wave.growth > 0 ? (s.stable ? 2 : 1) : 0) * 1e6 + (s.wave?.growth ?? -1e3);
  let best = 0;
  states.forEach((state, i) => {
    if (rank(state) > rank(states[best] as State)) best = i;
  });
  return best;
}

export function Theory({ session }: { session: Session }) {
  const [chosen, choose] = useState<number | null>(null);
  const point = session.point.value, measured = session.measured.value;
  if (!session.theory) return <p class="soft">The theory of this model needs Python: <code>morphoscope live</code> or <code>explore</code>. Measured wavelength: {measured === null ? "none" : plain(measured)}.</p>;
  if (!point) return <p class="soft" role="status">{session.asking.value ? "Computing steady states…" : "No theory at this point."}</p>;
  const index = chosen !== null && chosen < point.states.length ? chosen : fastest(point.states), state = point.states[index];
  const wave = state?.wave;
  return (
    <div class={`live-theory${session.asking.value ? " stale" : ""}`}>
      <p>This point is <b>{point.kind}</b>, with {point.states.length === 1 ? "one steady state" : `${point.states.length} steady states`}.</p>
      {point.states.length > 1 && (
        <label><span>Waves on the state</span>
          <select value={index} onChange={(e) => choose(Number(e.currentTarget.value))}>
            {point.states.map((s, i) => <option value={i} key={i}>{Object.entries(s.values).map(([name, value]) => `${name} = ${plain(value, 3)}`).join(", ")}: {s.kind}</option>)}
          </select>
        </label>
      )}
      {state && point.states.length === 1 && <p class="soft">{Object.entries(state.values).map(([name, value]) => `${name} = ${plain(value)}`).join(", ")}: {state.kind}</p>}
      <table class="live-waves"><tbody>
        <tr><th scope="row"><i class="live-predicted" />predicted wavelength</th><td>{wave && wave.growth > 0 ? `${plain(wave.wavelength)}${wave.frequency ? ", oscillating" : ""}` : "no wave grows"}</td></tr>
        <tr><th scope="row"><i class="live-measured" />measured now</th><td>{measured === null ? "uniform" : plain(measured)}</td></tr>
      </tbody></table>
      {state && <Dispersion state={state} measured={measured} />}
      <Plane session={session} />
    </div>
  );
}
