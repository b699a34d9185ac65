// Pictures and films of a live run, with a colour bar, a scale, and, in PNGs, what is needed to repeat the run.

import { plain } from "./words";
import type { Session } from "./session";

const SIDE = 640; // pixels of the longer side of a pattern
const MARGIN = 12;
const FOOT = 74;
export const INK = "#1b1f24";

/** Draw the pattern with title, colour bar and scale. */
export function paint(context: CanvasRenderingContext2D, session: Session): void {
  const runner = session.runner;
  if (!runner) return;
  const { simulator } = runner, { canvas } = context;
  const [low, high] = runner.range.value, name = runner.program.species[runner.species.value] ?? "";
  const width = canvas.width - 2 * MARGIN, height = canvas.height - FOOT - 2 * MARGIN;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  context.drawImage(runner.canvas, MARGIN, MARGIN, width, height);
  context.fillStyle = INK;
  context.font = "14px system-ui, sans-serif";
  const bottom = MARGIN + height + 20;
  context.textAlign = "left";
  context.fillText(`${runner.program.title}, ${name}, t = ${plain(runner.shown.time, 5)}`, MARGIN, bottom);
  const values = Object.entries(session.parameters.value).map(([key, value]) => `${key} = ${plain(value)}`).join(", ");
  context.fillText(values, MARGIN, bottom + 20, canvas.width - 2 * MARGIN);
  const bar = Math.min(220, width / 2.5);
  for (let i = 0; i < bar; i++) {
    context.fillStyle = runner.palette[Math.floor((i / bar) * 256)] ?? "#000000";
    context.fillRect(MARGIN + i, bottom + 30, 1.5, 10);
  }
  context.fillStyle = INK;
  context.fillText(`${plain(low, 3)} … ${plain(high, 3)}`, MARGIN + bar + 8, bottom + 40);
  const length = round(simulator.width * simulator.spacing / 4), pixels = (length / (simulator.width * simulator.spacing)) * width;
  context.fillRect(MARGIN + width - pixels, bottom + 31, pixels, 4);
  context.textAlign = "right";
  context.fillText(plain(length), MARGIN + width, bottom + 50);
}

/** 1, 2 or 5 times a power of ten, at most the value. */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([5, 2, 1].find((digit) => digit * power <= value) ?? 1);
}

export function sheetFor(session: Session, side = SIDE): HTMLCanvasElement {
  const { width, height } = session.runner!.canvas, scale = Math.max(1, Math.round(side / Math.max(width, height)));
  const sheet = document.createElement("canvas");
  sheet.width = width * scale + 2 * MARGIN;
  sheet.height = height * scale + FOOT + 2 * MARGIN;
  return sheet;
}

/** What repeats the run, as text for a PNG. */
export function metadata(session: Session): Record<string, unknown> {
  const { simulator } = session.runner!;
  return {
    software: "morphoscope live", model: session.program.name, formulas: session.program.formulas,
    parameters: session.parameters.value, initial: session.given.value?.name ?? session.began.initial, seed: session.began.seed,
    grid: session.grid, spacing: simulator.spacing, dt: simulator.dt, ...session.runner!.shown,
    species: session.program.species[session.runner!.species.value], range: session.runner!.range.value,
  };
}

export async function picture(session: Session): Promise<Blob> {
  await session.runner!.draw();
  const sheet = sheetFor(session);
  paint(sheet.getContext("2d")!, session);
  const blob = await new Promise<Blob | null>((done) => sheet.toBlob(done, "image/png"));
  if (!blob) throw new Error("the browser can't write this picture");
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const texts = { Title: session.program.title, Software: "Morphoscope", Comment: JSON.stringify(metadata(session)) };
  return new Blob([withTexts(bytes, texts) as BlobPart], { type: "image/png" });
}

/** A PNG with tEXt chunks after its header. Text beyond Latin-1 is escaped as in JSON. */
export function withTexts(png: Uint8Array, texts: Record<string, string>): Uint8Array {
  const chunks = Object.entries(texts).map(([key, text]) => {
    const escaped = text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return chunk("tEXt", new TextEncoder().encode(`${key}\0${escaped}`));
  });
  const header = 8 + 25; // signature and IHDR
  const parts = [png.subarray(0, header), ...chunks, png.subarray(header)];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function chunk(kind: string, content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(12 + content.length), view = new DataView(whole.buffer);
  view.setUint32(0, content.length);
  whole.set(new TextEncoder().encode(kind), 4);
  whole.set(content, 8);
  view.setUint32(8 + content.length, crc(whole.subarray(4, 8 + content.length)));
  return whole;
}

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}

const FORMATS = [["video/mp4;codecs=avc1.42E01E", "mp4"], ["video/webm;codecs=vp9", "webm"], ["video/webm", "webm"]] as const;

/** What is shown from now on, until it ends. */
export interface Recording {
  readonly suffix: string;
  end(): Promise<Blob>;
}

/** A film: MP4 where the browser can write it, WebM elsewhere. */
export class Film implements Recording {
  private recorder: MediaRecorder;
  private parts: Blob[] = [];
  readonly suffix: string;
  private sheet: HTMLCanvasElement;
  private context: CanvasRenderingContext2D;

  constructor(private session: Session) {
    const format = typeof MediaRecorder === "undefined" ? undefined : FORMATS.find(([kind]) => MediaRecorder.isTypeSupported(kind));
    if (!format) throw new Error("this browser can't record films");
    this.suffix = format[1];
    this.sheet = sheetFor(session);
    this.context = this.sheet.getContext("2d")!;
    paint(this.context, session);
    this.recorder = new MediaRecorder(this.sheet.captureStream(30), { mimeType: format[0], videoBitsPerSecond: 8e6 });
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.recorder.start(1000);
    session.runner!.drawn = () => paint(this.context, session);
  }

  async end(): Promise<Blob> {
    if (this.session.runner) this.session.runner.drawn = null;
    await new Promise((done) => {
      this.recorder.onstop = done;
      this.recorder.stop();
    });
    return new Blob(this.parts, { type: this.recorder.mimeType });
  }
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
