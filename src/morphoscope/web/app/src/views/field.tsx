// A field drawn with the page's palette, each cell a square, with its colour bar. One row of cells is drawn as a band.

import { useEffect, useRef } from "preact/hooks";

import { number } from "../state/store";
import { rgb } from "./map/colours";

const BAND = 0.14; // height of a single row, of its width

export interface FieldProps {
  values: Float32Array; // height × width, rows from the top
  height: number;
  width: number;
  range: [number, number];
  palette: string[];
  title: string;
  label: string;
}

/** Width to height of the picture of a field. */
export function fieldRatio(height: number, width: number): string {
  return `${width} / ${height === 1 ? width * BAND : height}`;
}

export function Field({ values, height, width, range, palette, title, label }: FieldProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(width, height);
    const colours = palette.map(rgb);
    const [low, high] = range;
    for (let i = 0; i < values.length; i++) {
      const at = Math.min(1, Math.max(0, (values[i]! - low) / (high - low || 1)));
      image.data.set(colours[Math.round(at * (colours.length - 1))]!, 4 * i);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [values, height, width, range, palette]);
  return (
    <div class="field">
      <canvas ref={canvas} width={width} height={height} style={{ aspectRatio: fieldRatio(height, width) }} role="img" aria-label={label} />
      <FieldBar range={range} palette={palette} title={title} />
    </div>
  );
}

export function FieldBar({ range, palette, title }: { range: [number, number]; palette: string[]; title: string }) {
  const colours = palette.filter((_, i) => i % 16 === 0 || i === palette.length - 1);
  return (
    <div class="fieldbar" role="img" aria-label={`Colours of ${title}, from ${number(range[0])} to ${number(range[1])}`}>
      <span>{number(range[0])}</span>
      <div class="bar" style={{ background: `linear-gradient(to right, ${colours.join(", ")})` }} />
      <span>{number(range[1])}</span>
      <b>{title}</b>
    </div>
  );
}
