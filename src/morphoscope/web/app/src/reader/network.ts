// A classifier that Python has written (morphoscope.web.server.network), and what it computes of frames.

import { unpack } from "../data/packed";
import { convolution, dense, maximum, pooled, type Field, type Weights } from "./layers";

type Layer =
  | { kind: "convolution"; name: string; stride: number; wrap: [number, number] | null; relu: boolean }
  | { kind: "maximum"; size: number }
  | { kind: "pool"; mean: boolean }
  | { kind: "dense"; name: string; relu: boolean };

export interface NetworkHeader {
  name: string;
  model: string | null; // that it was trained on
  network: string;
  classes: string[];
  temperature: number;
  species: string;
  height: number;
  width: number;
  before: number[]; // time from each frame to the last one, which is 0
  learned: number[]; // times of the training runs' frames; empty if they are not stored
  spacing: number | null; // side of a cell of the training runs
  channels: { centre: number; flat: number; contrast: number; movement: number } | null;
  layers: Layer[];
  limit: number | null; // of the known score
  leastKnown: number;
  coverage: number | null; // of the conformal sets
  leastProbability: number;
  homogeneous: { class: string; states: number[]; unsteady: boolean }[];
}

export interface Outputs {
  logits: Float32Array;
  features: Float32Array; // what the first dense layer reads
}

export class Network {
  readonly header: NetworkHeader;
  readonly arrays: Record<string, Float32Array>;
  private weights = new Map<string, Weights>();

  constructor(content: ArrayBuffer) {
    const { header, arrays, shapes } = unpack(content);
    this.header = header as unknown as NetworkHeader;
    this.arrays = arrays as Record<string, Float32Array>;
    for (const layer of this.header.layers) {
      if (!("name" in layer)) continue;
      const { name } = layer, values = this.arrays[name], bias = this.arrays[`${name}_bias`];
      if (!values || !bias) throw new Error(`the network lacks the weights of ${name}`);
      this.weights.set(name, { values: Float64Array.from(values), bias, shape: shapes[name] ?? [] });
    }
  }

  /** frames: the fields of the times that the network reads, each height × width. */
  run(frames: Float32Array[]): Outputs {
    const { height, width, before, layers } = this.header;
    if (frames.length !== before.length || frames.some((frame) => frame.length !== height * width))
      throw new Error(`the network reads ${before.length} frames of ${width} × ${height} cells`);
    let field: Field = this.input(frames);
    let features: Float32Array | null = null, numbers: Float32Array = new Float32Array();
    for (const layer of layers) {
      if (layer.kind === "convolution") field = convolution(field, this.weightsOf(layer.name), layer.stride, layer.wrap, layer.relu);
      else if (layer.kind === "maximum") field = maximum(field, layer.size);
      else if (layer.kind === "pool") numbers = features = pooled(field, layer.mean);
      else numbers = dense(numbers, this.weightsOf(layer.name), layer.relu);
    }
    return { logits: numbers, features: features ?? new Float32Array() };
  }

  private weightsOf(name: string): Weights {
    return this.weights.get(name) as Weights;
  }

  /** The frames as channels; for periodic-2d the last frame, its shape, and the change before it. */
  private input(frames: Float32Array[]): Field {
    const { height, width, channels } = this.header, cells = height * width, last = frames[frames.length - 1] as Float32Array;
    const values = new Float32Array((channels ? 3 : frames.length) * cells);
    if (!channels) {
      frames.forEach((frame, i) => values.set(frame, i * cells));
      return { channels: frames.length, height, width, values };
    }
    const { mean, spread } = moments(last), scale = channels.contrast / (spread + channels.flat);
    const rate = 2 / Math.max(frames.length - 1, 1);
    for (let cell = 0; cell < cells; cell++) {
      const value = last[cell] as number;
      let change = 0;
      for (let i = 0; i < frames.length - 1; i++) change += Math.abs(value - ((frames[i] as Float32Array)[cell] as number));
      values[cell] = value - channels.centre;
      values[cells + cell] = (value - mean) * scale;
      values[2 * cells + cell] = Math.tanh(channels.movement * rate * change);
    }
    return { channels: 3, height, width, values };
  }
}

/** Mean and standard deviation, with n − 1. */
export function moments(field: Float32Array): { mean: number; spread: number } {
  let sum = 0, squares = 0;
  for (const value of field) sum += value;
  const mean = sum / field.length;
  for (const value of field) squares += (value - mean) ** 2;
  return { mean, spread: Math.sqrt(squares / Math.max(field.length - 1, 1)) };
}
