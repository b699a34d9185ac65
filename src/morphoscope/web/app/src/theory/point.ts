// Theory at one point of parameter space, in the browser: what morphoscope.web.server.live_data answers where there is
// Python. Types of points that depend on orbits are left open.

import type { Point, State } from "../views/live/source";
import type { ModelProgram } from "../simulator/program";
import { eigenvalues, type Complex, type Matrix } from "./eigenvalues";
import type { TheoryProgram, Values } from "./formula";
import { steadyStates } from "./states";
import { tolerance, Waves, type Symbols } from "./waves";

const POINTS = 160; // of a dispersion relation
const PEAKS_SHOWN = 3; // wavenumbers up to this multiple of the fastest-growing one
const ROUNDING = 1e-9;
const ANGLES = 16; // of waves on a grid, for the time step

interface Found {
  state: State;
  rates: Complex[]; // without waves
  small: number; // growth rates that count as zero
  waves: Waves;
  grow: boolean; // waves
}

export function pointOf(program: ModelProgram, theory: TheoryProgram, parameters: Values, spacing: number, stencil: number): Point {
  const states = steadyStates(theory, program.species, parameters);
  const found = states.map((values) => examined(theory, program.species.length, parameters, values));
  return { kind: kindOf(theory, found), dt: largestStep(program, theory, parameters, spacing, stencil), states: found.map(({ state }) => state) };
}

function examined(theory: TheoryProgram, size: number, parameters: Values, values: Values): Found {
  const waves = new Waves(theory, size, { ...parameters, ...values }), still = waves.at([0, 0, 0]);
  const rates = eigenvalues(still), small = tolerance(still), peak = waves.peak();
  const around = [0, peak.q / 2, 2 * peak.q].map((q) => waves.growth(q, peak.direction)), largest = Math.max(...around.map(Math.abs));
  const peaked = around.every((rate) => rate < peak.growth - ROUNDING * largest);
  const last = peaked ? PEAKS_SHOWN * peak.q : waves.scales[1];
  const q = Array.from({ length: POINTS }, (_, i) => (last * i) / (POINTS - 1)), curve = q.map((each) => waves.rates(each, peak.direction)[0]!);
  const [growth, frequency] = waves.rates(peak.q, peak.direction)[0]!;
  const turns = Math.abs(frequency) > 1e-7 * Math.hypot(growth, frequency) + 1e-12;
  const state: State = {
    values, kind: fixedPoint(rates, small), stable: rates.every(([rate]) => rate <= small),
    wave: peaked ? { wavelength: (2 * Math.PI) / peak.q, growth, frequency: turns ? Math.abs(frequency) : 0 } : null,
    q, growth: curve.map(([rate]) => rate), frequency: curve.map(([, turn]) => Math.abs(turn)),
  };
  return { state, rates, small, waves, grow: waves.grow };
}

function fixedPoint(rates: Complex[], small: number): string {
  const growing = rates.filter(([rate]) => rate > small).length, shrinking = rates.filter(([rate]) => rate < -small).length;
  const turning = rates.some(([, turn]) => Math.abs(turn) > small);
  if (growing && shrinking) return turning && rates.length > 2 ? "saddle-focus" : "saddle";
  if (!growing && shrinking < rates.length) return turning ? "centre" : "neutral";
  return `${growing ? "unstable" : "stable"} ${turning ? "focus" : "node"}`;
}

/** The rules of morphoscope.theory.classify_point, except those that follow orbits. */
function kindOf(theory: TheoryProgram, found: Found[]): string {
  const steady = found.filter(({ state, grow }) => state.stable && !grow), patterned = found.filter(({ state, grow }) => state.stable && grow);
  const alone = !found.some(({ state }) => state.stable), oscillatory = found.filter((each) => oscillates(each, alone));
  if (oscillatory.length && (patterned.length || oscillatory.some((each) => stationaryBand(theory, each)))) return "Turing–Hopf";
  if (patterned.length) return patternOf(theory, patterned);
  if (oscillatory.length) return steady.length ? "Hopf or excitable" : "Hopf";
  if (steady.length > 1) return "bistable";
  return steady.length ? "stable or excitable" : "unstable";
}

function oscillates({ rates, small }: Found, alone: boolean): boolean {
  const growing = rates.filter(([rate]) => rate > small);
  return growing.length > 0 && (growing.every(([, turn]) => Math.abs(turn) > small) || (alone && growing.length % 2 === 0));
}

/** Whether the growth rate has a positive maximum at finite q where a single real eigenvalue grows. */
function stationaryBand(theory: TheoryProgram, { waves }: Found): boolean {
  const peak = waves.peak();
  if (peak.growth <= 0 || peak.q <= (2 * waves.scales[0]) / 30) return false;
  if (!theory.isotropic) return true;
  const product = waves.rates(peak.q).reduce<Complex>(([re, im], [x, y]) => [-(re * x - im * y), -(re * y + im * x)], [1, 0]);
  return product[0] < 0; // det(−M)
}

function patternOf(theory: TheoryProgram, patterned: Found[]): string {
  const { state, waves } = patterned.reduce((best, each) => (each.waves.peak().growth > best.waves.peak().growth ? each : best));
  if (theory.conserved && waves.growth(waves.scales[0] / 30) > 0) return "spinodal";
  return state.wave?.frequency && theory.isotropic ? "wave" : "Turing";
}

/** The largest stable step of explicit Euler for the spatial terms, around background and perturbed state. */
function largestStep(program: ModelProgram, theory: TheoryProgram, parameters: Values, spacing: number, stencil: number): number | null {
  let limit = Infinity;
  for (const values of [program.background, program.perturbation]) {
    const state = Object.fromEntries(program.species.map((name, i) => [name, values[i] ?? 0]));
    const waves = new Waves(theory, program.species.length, { ...parameters, ...state }), still = waves.at([0, 0, 0]);
    for (const symbols of onGrid(spacing, stencil)) {
      const matrix: Matrix = waves.at(symbols).map((row, i) => row.map(([re, im], j) => [re - still[i]![j]![0], im]));
      for (const [re, im] of eigenvalues(matrix)) if (re < -1e-9 * Math.hypot(re, im)) limit = Math.min(limit, (-2 * re) / (re * re + im * im));
    }
  }
  return Number.isFinite(limit) ? limit : null;
}

/** Symbols of waves along an axis and along the diagonal, and of those that are shortest along one axis. */
function onGrid(spacing: number, stencil: number): Symbols[] {
  const area = spacing * spacing;
  return Array.from({ length: ANGLES }, (_, i) => (Math.PI * (i + 1)) / ANGLES).flatMap((angle): Symbols[] => {
    const c = Math.cos(angle), slope = Math.sin(angle) / spacing, axis = (2 * c - 2) / area;
    const diagonal = (stencil === 9 ? 2 * c + c * c - 3 : 4 * c - 4) / area;
    const shortest = (stencil === 9 ? -4 : 2 * c - 6) / area; // of waves that are two cells long in the other direction
    return [[axis, slope, 0], [axis, 0, slope], [diagonal, slope, slope], [shortest, slope, 0], [shortest, 0, slope]];
  });
}
