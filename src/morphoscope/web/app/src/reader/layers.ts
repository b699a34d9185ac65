// The layers of a network, on plain arrays. Fields are (channels, height, width) in row order.

export interface Field {
  channels: number;
  height: number;
  width: number;
  values: Float32Array;
}

export interface Weights {
  values: Float64Array; // (outputs, inputs, kernel, kernel), or (outputs, inputs)
  bias: Float32Array;
  shape: number[];
}

/** A convolution; `wrap`: cells of periodic padding before and after, without it there is none. */
export function convolution(field: Field, weights: Weights, stride: number, wrap: [number, number] | null, relu: boolean): Field {
  const [outputs = 0, , kernel = 1] = weights.shape;
  const [before, after] = wrap ?? [0, 0];
  const height = Math.floor((field.height + before + after - kernel) / stride) + 1;
  const width = Math.floor((field.width + before + after - kernel) / stride) + 1;
  const patches = patchesOf(field, kernel, stride, before, height, width);
  return { channels: outputs, height, width, values: product(weights, patches, height * width, relu) };
}

/** What a kernel sees at each place, (height × width, channels × kernel × kernel). */
function patchesOf(field: Field, kernel: number, stride: number, before: number, height: number, width: number): Float64Array {
  const size = field.channels * kernel * kernel, cells = field.height * field.width;
  const patches = new Float64Array(height * width * size); // as the sums are: conversions take time
  const columns = Int32Array.from({ length: (width - 1) * stride + kernel }, (_, x) => wrapped(x - before, field.width));
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < field.channels; channel++)
        for (let dy = 0; dy < kernel; dy++) {
          const row = channel * cells + wrapped(y * stride + dy - before, field.height) * field.width;
          for (let dx = 0; dx < kernel; dx++) patches[to++] = field.values[row + (columns[x * stride + dx] as number)] as number;
        }
  return patches;
}

function wrapped(place: number, length: number): number {
  return ((place % length) + length) % length;
}

/** Weights times patches plus bias, (outputs, places): four outputs at four places at a time, summed in float64. */
function product(weights: Weights, patches: Float64Array, places: number, relu: boolean): Float32Array {
  const outputs = weights.shape[0] as number, size = patches.length / places, { values: w, bias } = weights;
  const found = new Float32Array(outputs * places);
  const store = (output: number, place: number, sum: number) => {
    if (output >= outputs || place >= places) return;
    const value = sum + (bias[output] as number);
    found[output * places + place] = relu && value < 0 ? 0 : value;
  };
  for (let o = 0; o < outputs; o += 4)
    for (let p = 0; p < places; p += 4) {
      // Rows beyond the end are repetitions of the last one, whose sums are not stored.
      const a = Math.min(o, outputs - 1) * size, b = Math.min(o + 1, outputs - 1) * size;
      const c = Math.min(o + 2, outputs - 1) * size, d = Math.min(o + 3, outputs - 1) * size;
      const e = p * size, f = Math.min(p + 1, places - 1) * size;
      const g = Math.min(p + 2, places - 1) * size, h = Math.min(p + 3, places - 1) * size;
      let ae = 0, af = 0, ag = 0, ah = 0, be = 0, bf = 0, bg = 0, bh = 0;
      let ce = 0, cf = 0, cg = 0, ch = 0, de = 0, df = 0, dg = 0, dh = 0;
      for (let k = 0; k < size; k++) {
        const wa = w[a + k] as number, wb = w[b + k] as number, wc = w[c + k] as number, wd = w[d + k] as number;
        const xe = patches[e + k] as number, xf = patches[f + k] as number;
        const xg = patches[g + k] as number, xh = patches[h + k] as number;
        ae += wa * xe; af += wa * xf; ag += wa * xg; ah += wa * xh;
        be += wb * xe; bf += wb * xf; bg += wb * xg; bh += wb * xh;
        ce += wc * xe; cf += wc * xf; cg += wc * xg; ch += wc * xh;
        de += wd * xe; df += wd * xf; dg += wd * xg; dh += wd * xh;
      }
      store(o, p, ae); store(o, p + 1, af); store(o, p + 2, ag); store(o, p + 3, ah);
      store(o + 1, p, be); store(o + 1, p + 1, bf); store(o + 1, p + 2, bg); store(o + 1, p + 3, bh);
      store(o + 2, p, ce); store(o + 2, p + 1, cf); store(o + 2, p + 2, cg); store(o + 2, p + 3, ch);
      store(o + 3, p, de); store(o + 3, p + 1, df); store(o + 3, p + 2, dg); store(o + 3, p + 3, dh);
    }
  return found;
}

/** The largest value in squares of a side. */
export function maximum(field: Field, size: number): Field {
  const height = Math.floor(field.height / size), width = Math.floor(field.width / size);
  const values = new Float32Array(field.channels * height * width);
  for (let channel = 0, to = 0; channel < field.channels; channel++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        let largest = -Infinity;
        for (let dy = 0; dy < size; dy++)
          for (let dx = 0; dx < size; dx++) {
            const value = field.values[(channel * field.height + y * size + dy) * field.width + x * size + dx] as number;
            if (value > largest) largest = value;
          }
        values[to++] = largest;
      }
  return { channels: field.channels, height, width, values };
}

/** The maximum of each channel; with `mean`, the means of all channels before the maxima. */
export function pooled(field: Field, mean: boolean): Float32Array {
  const cells = field.height * field.width, count = field.channels;
  const found = new Float32Array(mean ? 2 * count : count);
  for (let channel = 0; channel < count; channel++) {
    let sum = 0, largest = -Infinity;
    for (let cell = 0; cell < cells; cell++) {
      const value = field.values[channel * cells + cell] as number;
      sum += value;
      if (value > largest) largest = value;
    }
    if (mean) found[channel] = sum / cells;
    found[(mean ? count : 0) + channel] = largest;
  }
  return found;
}

export function dense(inputs: Float32Array, weights: Weights, relu: boolean): Float32Array {
  return product(weights, Float64Array.from(inputs), 1, relu);
}
