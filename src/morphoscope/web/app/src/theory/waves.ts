// Growth rates of plane waves on a homogeneous steady state, as morphoscope.theory computes them.

import { eigenvalues, type Complex, type Matrix } from "./eigenvalues";
import { evaluate, type TheoryProgram, type Values } from "./formula";

const COARSE = 64; // wavenumbers of the first search
const ZOOMS = 8;
const ZOOMED = 7; // wavenumbers of each further one
const TOLERANCE = 1e-9; // relative to the largest entry of a matrix; smaller growth rates count as zero
const DIRECTIONS = Array.from({ length: 8 }, (_, i) => (Math.PI * i) / 8); // of waves in anisotropic models

/** The factors by which ∇², ∂/∂x and ∂/∂y multiply a wave; the last two are imaginary. */
export type Symbols = [number, number, number];

export interface Peak {
  q: number;
  growth: number;
  direction: number;
}

/** The linearisation around one state. */
export class Waves {
  readonly scales: [number, number]; // the smallest and the largest wavenumber at which two terms are equal
  readonly directions: number[];
  private terms: [number, number, [number, number, number], number][];

  constructor(private theory: TheoryProgram, private size: number, values: Values) {
    this.terms = theory.linear.map(([row, column, powers, formula]) => [row, column, powers, evaluate(formula, values)]);
    this.directions = theory.isotropic ? [0] : DIRECTIONS;
    this.scales = this.balanced();
  }

  at(symbols: Symbols): Matrix {
    const matrix: Matrix = Array.from({ length: this.size }, () => Array.from({ length: this.size }, (): Complex => [0, 0]));
    for (const [row, column, [a, b, c], coefficient] of this.terms) {
      const value = coefficient * (a ? symbols[0] ** a : 1) * (b ? symbols[1] ** b : 1) * (c ? symbols[2] ** c : 1);
      const turns = (b + c) % 4, entry = matrix[row]![column]!; // iⁿ
      entry[turns % 2]! += turns < 2 ? value : -value;
    }
    return matrix;
  }

  wave(q: number, direction: number): Matrix {
    return this.at([-q * q, q * Math.cos(direction), q * Math.sin(direction)]);
  }

  rates(q: number, direction = 0): Complex[] {
    return eigenvalues(this.wave(q, direction));
  }

  growth(q: number, direction = 0): number {
    return this.rates(q, direction)[0]![0];
  }

  /** The fastest-growing wave of finite length. */
  peak(): Peak {
    return this.directions.map((direction) => this.along(direction)).sort((a, b) => b.growth - a.growth || b.q - a.q)[0]!;
  }

  private along(direction: number): Peak {
    const low = this.scales[0] / 30, high = this.scales[1] * 4;
    const spaced = (from: number, to: number, count: number) => Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
    const coarse = spaced(low, high, COARSE), rates = coarse.map((q) => this.growth(q, direction)), index = innerPeak(rates);
    let q = coarse[index]!, growth = rates[index]!, step = (high / low) ** (1 / (COARSE - 1));
    for (let zoom = 0; zoom < ZOOMS; zoom++) {
      for (const trial of spaced(q / step, Math.min(q * step, high), ZOOMED)) {
        const rate = this.growth(trial, direction);
        if (rate > growth) [q, growth] = [trial, rate];
      }
      step **= 1 / 3;
    }
    return { ...this.refined(q, step, direction), direction };
  }

  /** The top of the parabola through three points, which is closer than rounding lets a search get. */
  private refined(q: number, step: number, direction: number): { q: number; growth: number } {
    const apart = q * Math.max(step - 1, 1e-3), [a, b, c] = [q - apart, q, q + apart].map((each) => this.growth(each, direction)) as [number, number, number];
    const bend = a - 2 * b + c, better = bend < 0 && b >= a && b >= c ? q + (apart * (a - c)) / (2 * bend) : q;
    return { q: better, growth: this.growth(better, direction) };
  }

  /** Whether waves grow faster than rounding explains. */
  get grow(): boolean {
    const [low, high] = this.scales, ways = this.theory.isotropic ? [0] : DIRECTIONS.filter((_, i) => i % 2 === 0);
    return ways.some((direction) => [this.along(direction).q, low / 30, high * 4].some((q) => this.growth(q, direction) > tolerance(this.wave(q, direction))));
  }

  private balanced(): [number, number] {
    const orders = new Map<number, number[]>();
    for (const [, , [a, b, c], coefficient] of this.terms) orders.set(2 * a + b + c, [...(orders.get(2 * a + b + c) ?? []), Math.abs(coefficient)]);
    let low = Infinity, high = 0;
    const ends = [...orders].map(([order, sizes]) => {
      const largest = Math.max(...sizes);
      return { order, largest, smallest: Math.min(...sizes.map((s) => (s > 1e-6 * largest ? s : Infinity))) };
    });
    for (const small of ends)
      for (const great of ends.filter(({ order }) => order > small.order))
        for (const ratio of [small.smallest / great.largest, small.largest / great.smallest]) {
          const q = ratio ** (1 / (great.order - small.order));
          if (!(q > 0) || !Number.isFinite(q)) continue;
          low = Math.min(low, q);
          high = Math.max(high, q);
        }
    return Number.isFinite(low) && high > 0 ? [low, high] : [1, 1];
  }
}

export function tolerance(matrix: Matrix): number {
  return TOLERANCE * Math.max(...matrix.flat().map(([re, im]) => Math.hypot(re, im)));
}

/** The highest maximum inside if it exceeds the far end, else the largest value. */
function innerPeak(rates: number[]): number {
  let best = -1;
  for (let i = 1; i < rates.length - 1; i++) {
    const [before, here, after] = [rates[i - 1]!, rates[i]!, rates[i + 1]!], rounding = 1e-10 * (Math.abs(here) + Math.abs(after));
    if (here > before + rounding && here >= after - rounding && (best < 0 || here > rates[best]!)) best = i;
  }
  return best < 0 || rates[rates.length - 1]! > rates[best]! ? rates.indexOf(Math.max(...rates)) : best;
}
