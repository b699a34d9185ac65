// All homogeneous steady states at a point, by elimination, as morphoscope.theory.roots finds them.

import { eigenvalues, type Matrix } from "./eigenvalues";
import { evaluate, type Step, type TheoryProgram, type Values } from "./formula";

const RESIDUAL = 1e-8; // relative to the sum of the unknowns' contributions
const ROUNDING = 1e-13;
const SAME = 1e-6; // relative distance below which two states are the same
const REAL = 1e-6; // imaginary part, relative to the root, that counts as rounding error
const POLISHED = 3; // steps of Newton's method

/** By species, in ascending order of the first one. */
export function steadyStates(theory: TheoryProgram, species: string[], parameters: Values): Values[] {
  const candidates = theory.cases.flatMap((steps) => followed(steps, parameters));
  const found: number[][] = [];
  for (const values of candidates) {
    const state = polished(theory, species, parameters, species.map((name) => values[name] ?? NaN));
    if (!state || (theory.positive && state.some((value) => value < -1e-9))) continue;
    if (!found.some((other) => other.every((value, i) => Math.abs(value - state[i]!) <= SAME * (Math.abs(value) + 1e-3)))) found.push(state);
  }
  found.sort((a, b) => a.map((value, i) => value - b[i]!).find((difference) => Math.abs(difference) > 1e-9) ?? 0);
  return found.map((state) => Object.fromEntries(species.map((name, i) => [name, state[i]! + 0])));
}

function followed([step, ...others]: Step[], known: Values): Values[] {
  if (!step) return [known];
  const values = step.roots ? realRoots(step.roots.map((c) => evaluate(c, known))) : [evaluate(step.value ?? NaN, known)];
  return values.flatMap((value) => followed(others, { ...known, [step.species]: value }));
}

/** Of a polynomial, highest power first. */
export function realRoots(coefficients: number[]): number[] {
  const scale = Math.max(...coefficients.map(Math.abs));
  if (!(scale > 0) || !Number.isFinite(scale)) return [];
  const lead = coefficients.findIndex((c) => Math.abs(c) > 1e-14 * scale);
  const monic = coefficients.slice(lead + 1).map((c) => c / coefficients[lead]!), degree = monic.length;
  if (degree === 0) return [];
  if (degree === 1) return [-monic[0]!];
  if (degree === 2) {
    const half = -monic[0]! / 2, root = Math.sqrt(half * half - monic[1]!);
    const large = half + (half < 0 ? -root : root); // the other one follows from the product, without cancellation
    return Number.isNaN(large) ? [] : [large, large ? monic[1]! / large : 0];
  }
  const companion: Matrix = Array.from({ length: degree }, (_, row) => Array.from({ length: degree }, (__, column) => [
    row === 0 ? -monic[column]! : row === column + 1 ? 1 : 0, 0,
  ]));
  return eigenvalues(companion).filter(([re, im]) => Math.abs(im) <= REAL * (Math.abs(re) + 1e-6)).map(([re]) => re);
}

/** Newton's method from a candidate; null if it is no steady state. */
function polished(theory: TheoryProgram, species: string[], parameters: Values, start: number[]): number[] | null {
  const system = (state: number[]) => {
    const values = { ...parameters, ...Object.fromEntries(species.map((name, i) => [name, state[i]!])) };
    return {
      residual: theory.equations.map((equation) => evaluate(equation, values)),
      slope: theory.derivatives.map((row) => row.map((derivative) => evaluate(derivative, values))),
    };
  };
  const largest = (values: number[]) => Math.max(...values.map(Math.abs));
  let state = start, now = system(state);
  if (!state.every(Number.isFinite)) return null;
  for (let i = 0; i < POLISHED; i++) {
    const change = solved(now.slope, now.residual), trial = state.map((value, k) => value - change[k]!), next = system(trial);
    if (!trial.every(Number.isFinite) || !(largest(next.residual) <= largest(now.residual))) break;
    [state, now] = [trial, next];
  }
  const room = 1e-3 * largest(state);
  const missed = now.residual.map((value, row) => {
    const size = now.slope[row]!.reduce((sum, slope, k) => sum + Math.abs(slope) * (Math.abs(state[k]!) + room), 0);
    return Math.abs(value) - RESIDUAL * size;
  });
  return Math.max(...missed) <= ROUNDING ? state : null;
}

/** matrix⁻¹ right by elimination with pivots. */
function solved(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]), n = rows.length;
  for (let column = 0; column < n; column++) {
    let best = column;
    for (let row = column + 1; row < n; row++) if (Math.abs(rows[row]![column]!) > Math.abs(rows[best]![column]!)) best = row;
    [rows[column], rows[best]] = [rows[best]!, rows[column]!];
    for (let row = 0; row < n; row++) {
      const factor = row === column ? 0 : rows[row]![column]! / rows[column]![column]!;
      if (factor) for (let k = column; k <= n; k++) rows[row]![k]! -= factor * rows[column]![k]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}
