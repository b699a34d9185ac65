// Plots of curves: axes with round numbers, on a sheet of fixed size that is scaled to its place.

import { plain } from "./live/words";

export const WIDTH = 320;
export const HEIGHT = 170;
export const LEFT = 60;
export const BOTTOM = 34;

export type Scale = (value: number) => number;

export function linear(ends: [number, number], pixels: [number, number]): Scale {
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

export function Axes({ x, y, ends, titles }: { x: Scale; y: Scale; ends: [[number, number], [number, number]]; titles: [string, string] }) {
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
