// A GIF of what a live run shows: the same sheets as in films, and in a comment block what is needed to repeat the run.

import { applyPalette, GIFEncoder, type Colour } from "gifenc";

import { INK, metadata, paint, sheetFor, type Recording } from "./record";
import type { Session } from "./session";

const SIDE = 384; // pixels of the longer side of a pattern, about
const APART = 100; // milliseconds between two frames, at least
const SHADES = 216; // colours of the pattern; the others are of text
const GREYS = 40;
const MOST = 300; // frames
const BLOCK = 255; // bytes of a part of a comment, at most

/** Every colour of the pattern, as far as 256 colours reach, and those between text and paper. */
function coloursOf(palette: string[]): Colour[] {
  const shades = Array.from({ length: SHADES }, (_, i) => rgb(palette[Math.round((i * 255) / (SHADES - 1))] ?? "#000000"));
  const ink = rgb(INK);
  const greys = Array.from({ length: GREYS }, (_, i) => ink.map((value) => Math.round(value + ((255 - value) * i) / (GREYS - 1))) as Colour);
  return [...shades, ...greys];
}

function rgb(colour: string): Colour {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

export class Gif implements Recording {
  readonly suffix = "gif";
  private encoder = GIFEncoder();
  private colours: Colour[];
  private context: CanvasRenderingContext2D;
  private waiting: Uint8Array | null = null; // the last frame; how long it is shown is known when the next one comes
  private since = 0;
  private frames = 0;

  /** `full`: called when the GIF is as long as it may get. */
  constructor(private session: Session, private full: () => void) {
    this.colours = coloursOf(session.runner!.palette);
    this.context = sheetFor(session, SIDE).getContext("2d", { willReadFrequently: true })!;
    session.runner!.drawn = () => this.take();
    this.take();
  }

  private take(): void {
    const now = performance.now();
    if ((this.waiting && now - this.since < APART) || this.frames >= MOST) return;
    this.write(now - this.since);
    const { canvas } = this.context;
    paint(this.context, this.session);
    this.waiting = applyPalette(this.context.getImageData(0, 0, canvas.width, canvas.height).data, this.colours);
    this.since = now;
    if (++this.frames === MOST) this.full();
  }

  private write(delay: number): void {
    if (!this.waiting) return;
    const { width, height } = this.context.canvas, first = this.frames === 1;
    this.encoder.writeFrame(this.waiting, width, height, { ...(first ? { palette: this.colours } : {}), delay });
    this.waiting = null;
  }

  async end(): Promise<Blob> {
    if (this.session.runner) this.session.runner.drawn = null;
    const text = JSON.stringify(metadata(this.session));
    if (this.frames > 1) this.comment(text); // before the last frame: some programs read no further
    this.write(APART);
    if (this.frames === 1) this.comment(text);
    this.encoder.finish();
    return new Blob([this.encoder.bytes()], { type: "image/gif" });
  }

  private comment(text: string): void {
    const { stream } = this.encoder, bytes = new TextEncoder().encode(text);
    stream.writeBytes([0x21, 0xfe]);
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const part = bytes.subarray(at, at + BLOCK);
      stream.writeByte(part.length);
      stream.writeBytes(part);
    }
    stream.writeByte(0);
  }
}
