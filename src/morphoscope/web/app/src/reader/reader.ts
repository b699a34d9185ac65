// Reads patterns in the browser as `morphoscope classify` does: class, probabilities, known score, conformal set.

import { moments, Network } from "./network";

export interface Reading {
  name: string; // the class
  by: "network" | "variance"; // as in Python; homogeneous patterns are not read by the network
  probabilities: Map<string, number>; // by class, most probable first
  known: number | null; // known score; null without one
  unknown: boolean;
  set: string[]; // the conformal set; empty without one
  coverage: number | null;
  outside: string; // how the time of the last frame differs from what was learned; empty if it does not
}

const UNIFORM = 1e-4; // standard deviation of a homogeneous field, relative to its mean or 1
const AT_REST = 0.02; // change of the mean of a homogeneous state that rests, relative to it or 1
const HOMOGENEOUS = "homogeneous", UNSTEADY = "homogeneous-unsteady";

export class Reader {
  readonly network: Network;

  constructor(content: ArrayBuffer) {
    this.network = new Network(content);
  }

  get header() {
    return this.network.header;
  }

  /** Why runs on a grid can't be read; null if they can. */
  refuses(species: string[], width: number, height: number, spacing: number): string | null {
    const { header } = this;
    if (!species.includes(header.species)) return `the classifier reads ${header.species}, which this model does not have`;
    if (width !== header.width || height !== header.height) return `the classifier reads ${header.width} × ${header.height} cells`;
    if (header.spacing !== null && Math.abs(spacing / header.spacing - 1) > 0.01) return `the classifier was trained on cells of side ${header.spacing}`;
    return null;
  }

  /** frames: at the times that the network reads; time: that of the last one. */
  read(frames: Float32Array[], time: number): Reading {
    const { header } = this, outside = this.outside(time);
    const uniform = this.uniform(frames);
    if (uniform !== null)
      return { name: uniform, by: "variance", probabilities: new Map([[uniform, 1]]), known: null, unknown: false, set: header.coverage === null ? [] : [uniform], coverage: header.coverage, outside };
    const { logits, features } = this.network.run(frames);
    const p = softmax(logits, header.temperature);
    const order = [...p.keys()].sort((a, b) => (p[b] as number) - (p[a] as number));
    const probabilities = new Map(order.map((i) => [header.classes[i] as string, p[i] as number]));
    const known = header.limit === null ? null : this.score(features);
    const most = Math.fround(1 - header.leastProbability);
    const set = header.coverage === null ? [] : [...probabilities].filter(([, value]) => Math.fround(1 - value) <= most).map(([name]) => name);
    return { name: header.classes[order[0] as number] as string, by: "network", probabilities, known, unknown: known !== null && known < header.leastKnown, set, coverage: header.coverage, outside };
  }

  /** What to say of a time that is not among those of the training runs; empty for one that is. */
  outside(time: number): string {
    const { learned } = this.header, first = learned[0], last = learned[learned.length - 1];
    if (first === undefined || last === undefined) return "";
    const rounding = 1e-6 * last; // a time in the browser is a sum of steps
    if (time >= first - rounding && time <= last + rounding) return "";
    const span = `t = ${first}${first < last ? ` to ${last}` : ""}`;
    return `${time < first ? "earlier" : "later"} than the patterns that the classifier has learned (${span})`;
  }

  /** The class of a homogeneous pattern, from its mean; null for a pattern. */
  private uniform(frames: Float32Array[]): string | null {
    const all = frames.map(moments), last = all[all.length - 1] as { mean: number; spread: number };
    const flat = ({ mean, spread }: { mean: number; spread: number }) => spread <= UNIFORM * Math.max(1, Math.abs(mean));
    const { homogeneous } = this.header;
    if (!flat(last) || !homogeneous.length) return null;
    const means = all.filter(flat).map(({ mean }) => mean);
    if (Math.max(...means) - Math.min(...means) > AT_REST * Math.max(1, Math.abs(last.mean)))
      return homogeneous.find((each) => each.unsteady)?.class ?? UNSTEADY;
    const states = homogeneous.flatMap((each) => each.states.map((state) => [Math.abs(state - last.mean), each.class] as const));
    return states.sort((a, b) => a[0] - b[0])[0]?.[1] ?? HOMOGENEOUS;
  }

  /** 2^−(r / limit)², r the distance from the nearest class's mean after whitening. */
  private score(features: Float32Array): number {
    const { known_centre: centre, known_whitening: whitening, known_means: means } = this.network.arrays;
    if (!centre || !whitening || !means) return NaN;
    const size = features.length, white = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const value = (features[i] as number) - (centre[i] as number);
      for (let j = 0; j <= i; j++) white[j]! += value * (whitening[i * size + j] as number); // lower triangular
    }
    let nearest = Infinity;
    for (let row = 0; row < means.length; row += size) {
      let squares = 0;
      for (let i = 0; i < size; i++) squares += ((white[i] as number) - (means[row + i] as number)) ** 2;
      nearest = Math.min(nearest, squares);
    }
    return 2 ** -(nearest / (this.header.limit as number) ** 2);
  }
}

export function softmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = Math.max(...logits), p = Float64Array.from(logits, (value) => Math.exp((value - largest) / temperature));
  const sum = p.reduce((a, b) => a + b, 0);
  return p.map((value) => value / sum);
}
