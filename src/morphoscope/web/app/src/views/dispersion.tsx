// How fast waves grow on a steady state, and which one grows fastest.

import { useId } from "preact/hooks";

import { Axes, BOTTOM, HEIGHT, LEFT, linear, WIDTH } from "./plot";
import type { State } from "./live/source";
import { plain } from "./live/words";

/** Re λ over q, with the fastest-growing wave and the measured one. */
export function Dispersion({ state, measured }: { state: State; measured: number | null }) {
  const top = Math.max(...state.growth), bottom = Math.max(Math.min(...state.growth), -2 * Math.max(Math.abs(top), Math.abs(state.growth[0] ?? 0)));
  const room = 0.08 * (top - bottom) || 1, ends: [number, number] = [Math.min(bottom, 0) - room, Math.max(top, 0) + room];
  const last = state.q[state.q.length - 1] ?? 1;
  const x = linear([0, last], [LEFT, WIDTH - 8]), y = linear(ends, [HEIGHT - BOTTOM, 6]);
  const points = state.q.map((q, i) => `${x(q).toFixed(1)},${Math.min(y(state.growth[i] ?? 0), HEIGHT - BOTTOM + 40).toFixed(1)}`).join(" ");
  const clip = useId(), wave = state.wave, seen = measured ? (2 * Math.PI) / measured : null;
  const says = `Growth rate of waves; ${wave ? `the fastest has wavelength ${plain(wave.wavelength)}` : "no wave of finite length grows fastest"}`;
  return (
    <svg class="live-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={says}>
      <clipPath id={clip}><rect x={LEFT} y={6} width={WIDTH - LEFT - 8} height={HEIGHT - BOTTOM - 6} /></clipPath>
      <g clip-path={`url(#${clip})`}>
        <line class="live-zero" x1={LEFT} x2={WIDTH} y1={y(0)} y2={y(0)} />
        {wave && wave.growth > 0 && <line class="live-predicted" x1={x(2 * Math.PI / wave.wavelength)} x2={x(2 * Math.PI / wave.wavelength)} y1={0} y2={HEIGHT} />}
        {seen !== null && seen < last && <line class="live-measured" x1={x(seen)} x2={x(seen)} y1={0} y2={HEIGHT} />}
        <polyline class="live-curve" points={points} />
      </g>
      <Axes x={x} y={y} ends={[[0, last], ends]} titles={["wavenumber q", "growth rate"]} />
    </svg>
  );
}

/** The state whose waves are shown first: a stable one on which waves grow. */
export function fastest(states: State[]): number {
  const rank = (s: State) => (s.wave && s.wave.growth > 0 ? (s.stable ? 2 : 1) : 0) * 1e6 + (s.wave?.growth ?? -1e3);
  let best = 0;
  states.forEach((state, i) => {
    if (rank(state) > rank(states[best] as State)) best = i;
  });
  return best;
}
