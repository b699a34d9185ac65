// The dominant wavelength of a field, as descriptors/spectrum.py defines it: the centre of power around the highest
// ring of the smoothed radial spectrum.

const LARGEST = 128; // cells a side; longer sides are averaged down first, which keeps waves of many cells
const SMALLEST_SPREAD = 1e-4;

interface Shrunk {
  values: Float64Array;
  width: number;
  height: number;
  factor: number;
}

function shrunk(field: Float32Array, width: number, height: number): Shrunk {
  let factor = 1;
  while (Math.max(width, height) / factor > LARGEST && (width / factor) % 2 === 0 && (height === 1 || (height / factor) % 2 === 0))
    factor *= 2;
  const down = height === 1 ? 1 : factor;
  const w = width / factor, h = height / down, values = new Float64Array(w * h);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const place = Math.floor(y / down) * w + Math.floor(x / factor);
      values[place] = (values[place] as number) + (field[y * width + x] as number) / (factor * down);
    }
  return { values, width: w, height: h, factor };
}

function window1(n: number, periodic: boolean): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => (periodic || n === 1 ? 1 : Math.sin((Math.PI * (i + 0.5)) / n) ** 2));
}

/** Power of the waves (kx, ky) with kx ≥ 0, rows of ky: |F|², without the mean. */
function power({ values, width, height }: Shrunk, periodic: [boolean, boolean]): Float64Array {
  const across = window1(width, periodic[0]), down = window1(height, periodic[1]), half = Math.floor(width / 2) + 1;
  let sum = 0, weight = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const w = (across[x] as number) * (down[y] as number);
      sum += w * (values[y * width + x] as number);
      weight += w;
    }
  const re = new Float64Array(half * height), im = new Float64Array(half * height);
  const cx = cosines(width), cy = cosines(height);
  for (let y = 0; y < height; y++)
    for (let k = 0; k < half; k++) {
      let a = 0, b = 0;
      for (let x = 0; x < width; x++) {
        const value = ((values[y * width + x] as number) - sum / weight) * (across[x] as number) * (down[y] as number);
        const turn = (k * x) % width;
        a += value * (cx.cos[turn] as number);
        b -= value * (cx.sin[turn] as number);
      }
      re[y * half + k] = a;
      im[y * half + k] = b;
    }
  const found = new Float64Array(half * height);
  for (let k = 0; k < half; k++)
    for (let l = 0; l < height; l++) {
      let a = 0, b = 0;
      for (let y = 0; y < height; y++) {
        const turn = (l * y) % height, c = cy.cos[turn] as number, s = cy.sin[turn] as number;
        const r = re[y * half + k] as number, i = im[y * half + k] as number;
        a += r * c + i * s;
        b += i * c - r * s;
      }
      found[l * half + k] = a * a + b * b;
    }
  return found;
}

function cosines(n: number): { cos: Float64Array; sin: Float64Array } {
  const angle = (i: number) => (2 * Math.PI * i) / n;
  return { cos: Float64Array.from({ length: n }, (_, i) => Math.cos(angle(i))), sin: Float64Array.from({ length: n }, (_, i) => Math.sin(angle(i))) };
}

/** In units of `spacing`; null for a field that is uniform except for rounding. */
export function wavelength(
  field: Float32Array, width: number, height: number, spacing: number, periodic: [boolean, boolean] = [true, true],
): number | null {
  let mean = 0, square = 0;
  for (const value of field) {
    mean += value / field.length;
    square += (value * value) / field.length;
  }
  const spread = Math.sqrt(Math.max(square - mean * mean, 0));
  if (!(spread > SMALLEST_SPREAD * Math.max(1, Math.abs(mean)))) return null;
  const small = shrunk(field, width, height), half = Math.floor(small.width / 2) + 1, found = power(small, periodic);
  const ring = 1 / Math.max(small.width, small.height), waves: [number, number][] = [], rings: number[] = [];
  for (let l = 0; l < small.height; l++)
    for (let k = 0; k < half; k++) {
      if (!k && !l) continue;
      const q = Math.hypot(k / small.width, Math.min(l, small.height - l) / small.height);
      const twice = k === 0 || (small.width % 2 === 0 && k === half - 1) ? 1 : 2;
      const p = twice * (found[l * half + k] as number), index = Math.round(q / ring);
      waves.push([q, p]);
      rings[index] = (rings[index] ?? 0) + p;
    }
  let highest = 1, best = -1;
  for (let i = 0; i < rings.length; i++) {
    const smooth = 0.5 * (rings[i - 1] ?? 0) + (rings[i] ?? 0) + 0.5 * (rings[i + 1] ?? 0);
    if (smooth > best) [best, highest] = [smooth, i];
  }
  highest = highest || 1;
  const reach = Math.min(2, Math.max(highest / 2, 0.6)) * ring;
  let q = highest * ring;
  for (let pass = 0; pass < 2; pass++) {
    let moment = 0, total = 0;
    for (const [number, p] of waves)
      if (number >= q - reach && number < q + reach) {
        moment += p * number;
        total += p;
      }
    if (total > 0) q = moment / total;
  }
  return (spacing * small.factor) / q;
}
