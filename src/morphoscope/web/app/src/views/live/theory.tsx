// Theory beside a run: where its point lies, how fast waves grow on steady states, predicted and measured wavelength.

import { useState } from "preact/hooks";

import { Dispersion, fastest } from "../dispersion";
import { Axes, BOTTOM, HEIGHT, LEFT, linear, WIDTH } from "../plot";
import { plain } from "./words";
import type { Point, State } from "./source";
import type { Session } from "./session";

const COLOURS: Record<string, string> = {
  existence: "var(--soft)", "saddle-node": "var(--soft)", Hopf: "var(--live-hopf)", Turing: "var(--live-turing)", spinodal: "var(--live-turing)",
};

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

/** What theory says about a point; `measured`: the wavelength of the pattern there. */
export function PointTheory({ point, measured, when }: { point: Point; measured: number | null; when: string }) {
  const [chosen, choose] = useState<number | null>(null);
  const index = chosen !== null && chosen < point.states.length ? chosen : fastest(point.states), state = point.states[index];
  return (
    <>
      <p>This point is <b>{point.kind}</b>, with {point.states.length === 1 ? "one steady state" : `${point.states.length} steady states`}.</p>
      {point.states.length > 1 && (
        <label><span>Waves on the state</span>
          <select value={index} onChange={(e) => choose(Number(e.currentTarget.value))}>
            {point.states.map((s, i) => <option value={i} key={i}>{said(s, 3)}</option>)}
          </select>
        </label>
      )}
      {state && point.states.length === 1 && <p class="soft">{said(state)}</p>}
      <table class="live-waves"><tbody>
        <tr><th scope="row"><i class="live-predicted" />predicted wavelength</th><td>{state ? predicted(state) : "–"}</td></tr>
        <tr><th scope="row"><i class="live-measured" />{when}</th><td>{measured === null ? "uniform" : plain(measured)}</td></tr>
      </tbody></table>
      {state && <Dispersion state={state} measured={measured} />}
    </>
  );
}

function predicted({ wave, growth }: State): string {
  if (wave && wave.growth > 0) return `${plain(wave.wavelength)}${wave.frequency ? ", oscillating" : ""}`;
  return Math.max(...growth) > 0 ? "none: uniform changes grow fastest" : "no wave grows";
}

/** "u = 0.3, v = 0.2: stable focus" */
function said(state: State, digits?: number): string {
  return `${Object.entries(state.values).map(([name, value]) => `${name} = ${plain(value, digits)}`).join(", ")}: ${state.kind}`;
}

export function Theory({ session }: { session: Session }) {
  const point = session.point.value, measured = session.measured.value;
  if (!session.theory) return <p class="soft">The theory of this model needs Python: <code>morphoscope live</code> or <code>explore</code>. Measured wavelength: {measured === null ? "none" : plain(measured)}.</p>;
  if (!point && session.asking.value) return <div class="skeleton live-coming" role="status" aria-label="Computing steady states" />;
  if (!point) return <p class="soft" role="status">No theory at this point.</p>;
  return (
    <div class={`live-theory${session.asking.value ? " stale" : ""}`}>
      <PointTheory point={point} measured={measured} when="measured now" />
      <Plane session={session} />
    </div>
  );
}
