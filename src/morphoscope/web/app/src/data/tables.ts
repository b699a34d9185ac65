// The binary answers of a server, and the contents of an exported file, as the interfaces of source.ts.

import { unpack, type Values } from "./packed";
import type { ClassInfo, Floats, Frames, Inferred, Labels, Similarity, StartField, Table } from "./source";

export function tableOf(content: ArrayBuffer): Table {
  const { header, arrays } = unpack(content);
  return {
    total: header.total as number,
    decisions: header.decisions as string[],
    parameters: parametersOf(arrays),
    run: arrays.run as Int32Array,
    start: (arrays.start as Int16Array | undefined) ?? null,
    read: arrays.read as Int16Array,
    readBy: arrays.readBy as Uint8Array,
    probability: arrays.probability as Float32Array,
    known: (arrays.known as Float32Array | undefined) ?? null,
    unknown: arrays.unknown as Uint8Array,
  };
}

export function inferredOf(content: ArrayBuffer): Inferred {
  const { header, arrays } = unpack(content);
  return {
    total: header.total as number, parameters: parametersOf(arrays),
    read: arrays.read as Int16Array, probability: arrays.probability as Float32Array,
  };
}

export function similarityOf(content: ArrayBuffer): Similarity {
  const { header, arrays } = unpack(content);
  return {
    row: arrays.row as Int32Array, x: arrays.x as Float32Array, y: arrays.y as Float32Array,
    trustworthiness: header.trustworthiness as number,
  };
}

function parametersOf(arrays: Record<string, Values>): Record<string, Float64Array> {
  const found: Record<string, Float64Array> = {};
  for (const [name, values] of Object.entries(arrays)) if (name.startsWith("p_")) found[name.slice(2)] = values as Float64Array;
  return found;
}

export function labelsOf(content: ArrayBuffer): Labels {
  const { header, arrays } = unpack(content);
  return {
    revision: header.revision as number,
    edition: (header.edition as string | undefined) ?? "",
    classes: header.classes as ClassInfo[],
    label: Int16Array.from(arrays.label as Int16Array), // copies, which changes are written to
    annotated: Uint8Array.from(arrays.annotated as Uint8Array),
  };
}

export function columnOf(content: ArrayBuffer): Floats {
  return unpack(content).arrays.values as Floats;
}

export function framesOf(content: ArrayBuffer): Frames {
  const { header, arrays, shapes } = unpack(content);
  const [, height = 1, width = 1] = shapes.values ?? [];
  return { times: header.times as number[], height, width, values: arrays.values as Float32Array };
}

export function startOf(content: ArrayBuffer): StartField {
  const { header, arrays, shapes } = unpack(content);
  const [species = 1, height = 1, width = 1] = shapes.values ?? [];
  return { species, height, width, values: arrays.values as Float32Array, exact: header.exact === true };
}
