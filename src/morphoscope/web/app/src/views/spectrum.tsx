// The power spectrum of a pattern over the wavenumber, with the measured and the predicted wave.

import { Axes, BOTTOM, HEIGHT, LEFT, linear, WIDTH } from "./plot";
import { plain } from "./live/words";

const LEAST = 0.005; // of the largest power: the axis ends where there is less everywhere beyond
const ROOM = 1.6; // times the largest wavenumber of interest

export interface SpectrumProps {
  q: number[];
  power: number[];
  averaged: boolean; // over the directions of a plane
  measured: number | null; // wavelength
  predicted: number | null; // wavelength of the wave that grows fastest
}

export function Spectrum({ q, power, averaged, measured, predicted }: SpectrumProps) {
  const most = Math.max(...power);
  if (!(most > 0)) return null;
  const waves = [measured, predicted].map((length) => (length ? (2 * Math.PI) / length : null));
  const beyond = power.reduce((last, each, i) => (each > LEAST * most ? i : last), 0);
  const last = Math.min(q[q.length - 1]!, ROOM * Math.max(q[beyond]!, ...waves.map((wave) => wave ?? 0)));
  const x = linear([0, last], [LEFT, WIDTH - 8]), y = linear([0, 1.05], [HEIGHT - BOTTOM, 6]);
  const points = q.flatMap((at, i) => (at > 0 && at <= last ? [`${x(at).toFixed(1)},${y(power[i]! / most).toFixed(1)}`] : [])).join(" ");
  const said = [measured && `measured wavelength ${plain(measured)}`, predicted && `predicted ${plain(predicted)}`].filter(Boolean).join(", ");
  const line = (wave: number | null, kind: string) =>
    wave !== null && wave <= last && <line class={kind} x1={x(wave)} x2={x(wave)} y1={6} y2={HEIGHT - BOTTOM} />;
  return (
    <figure class="live-figure">
      <svg class="live-plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Power by wavenumber${said && `; ${said}`}`}>
        {line(waves[1]!, "live-predicted")}
        {line(waves[0]!, "live-measured")}
        <polyline class="live-curve" points={points} />
        <Axes x={x} y={y} ends={[[0, last], [0, 1]]} titles={["wavenumber q", "power / largest"]} />
      </svg>
      <figcaption>
        <span>power spectrum of the last frame{averaged && ", averaged over directions"}</span>
        {measured !== null && <span class="live-key"><i class="live-measured" />measured wavelength {plain(measured)}</span>}
        {predicted !== null && <span class="live-key"><i class="live-predicted" />fastest-growing wave {plain(predicted)}</span>}
      </figcaption>
    </figure>
  );
}
