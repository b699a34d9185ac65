// The parts of gifenc that are used; the package has no types of its own.

declare module "gifenc" {
  export type Colour = [number, number, number];

  interface Encoder {
    stream: { writeByte(byte: number): void; writeBytes(bytes: ArrayLike<number>): void };
    writeFrame(index: Uint8Array, width: number, height: number, options: { palette?: Colour[]; delay: number }): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  }

  export function GIFEncoder(): Encoder;
  export function applyPalette(rgba: Uint8ClampedArray, palette: Colour[]): Uint8Array;
}
