// Reads what web/server/binary.py writes: a JSON header and arrays behind it, as views without copies.

interface Listed {
  name: string;
  type: "f4" | "f8" | "i2" | "i4" | "u1";
  shape: number[];
  offset: number;
}

export type Values = Float32Array | Float64Array | Int16Array | Int32Array | Uint8Array;

const TYPES = { f4: Float32Array, f8: Float64Array, i2: Int16Array, i4: Int32Array, u1: Uint8Array };

export interface Packed {
  header: Record<string, unknown>;
  arrays: Record<string, Values>;
  shapes: Record<string, number[]>;
}

export function unpack(content: ArrayBuffer): Packed {
  const length = new DataView(content).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length))) as Record<string, unknown>;
  const arrays: Record<string, Values> = {};
  const shapes: Record<string, number[]> = {};
  for (const { name, type, shape, offset } of header.arrays as Listed[]) {
    arrays[name] = new TYPES[type](content, 4 + length + offset, shape.reduce((a, b) => a * b, 1));
    shapes[name] = shape;
  }
  return { header, arrays, shapes };
}
