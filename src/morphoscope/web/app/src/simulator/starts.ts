// Simple starts for pages without a server. With one, all starts are Python's, to the last bit.

import type { ModelProgram } from "./program";

export const LOCAL_STARTS = ["noise", "spots", "square"] as const;

/** Numbers in [0, 1) that depend on the seed alone (mulberry32, public domain). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function localStart(program: ModelProgram, name: string, seed: number, width: number, height: number): Float32Array[] {
  const random = numbers(seed), share = new Float32Array(width * height);
  if (name === "noise") for (let i = 0; i < share.length; i++) share[i] = 1 + 0.1 * (random() - 0.5);
  else {
    const square = name === "square", count = square ? 1 : Math.max(3, Math.round((width * height) / 1400));
    for (let spot = 0; spot < count; spot++) {
      const x0 = square ? width / 2 : random() * width, y0 = square ? height / 2 : random() * height, radius = square ? 10 : 5;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const dx = Math.min(Math.abs(x - x0), width - Math.abs(x - x0));
          const dy = height === 1 ? 0 : Math.min(Math.abs(y - y0), height - Math.abs(y - y0));
          if (square ? Math.max(dx, dy) <= radius : Math.hypot(dx, dy) <= radius) share[y * width + x] = 1;
        }
    }
    for (let i = 0; i < share.length; i++) share[i] = (share[i] as number) + 0.02 * (random() - 0.5);
  }
  return program.species.map((_, s) => {
    const low = program.background[s] ?? 0, high = program.perturbation[s] ?? 0;
    return share.map((part) => low + part * (high - low));
  });
}
