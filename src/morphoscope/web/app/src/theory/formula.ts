// Formulas as trees (morphoscope.theory.program), and their values.

/** A number, a name, or [operation, argument, …]. */
export type Formula = number | string | [string, ...Formula[]];

export interface TheoryProgram {
  cases: Step[][]; // each finds some of the steady states, one species after the other
  equations: Formula[]; // zero in a steady state
  derivatives: Formula[][]; // of the equations, by species
  /** Of the linearisation: row, column, powers of ∇², ∂/∂x and ∂/∂y, coefficient. */
  linear: [number, number, [number, number, number], Formula][];
  isotropic: boolean;
  positive: boolean; // negative concentrations can't be reached
  conserved: boolean; // the reactions conserve a sum
}

export interface Step {
  species: string;
  value?: Formula;
  roots?: Formula[]; // coefficients of a polynomial, highest power first
}

const FUNCTIONS: Record<string, (value: number) => number> = {
  exp: Math.exp, log: Math.log, sin: Math.sin, cos: Math.cos, tanh: Math.tanh, abs: Math.abs,
};

export type Values = Record<string, number>;

export function evaluate(formula: Formula, values: Values): number {
  if (typeof formula === "number") return formula;
  if (typeof formula === "string") return values[formula] ?? NaN;
  const [operation, ...parts] = formula, numbers = parts.map((part) => evaluate(part, values)), first = numbers[0] as number;
  if (operation === "+") return numbers.reduce((sum, value) => sum + value, 0);
  if (operation === "*") return numbers.reduce((product, value) => product * value, 1);
  if (operation === "^") return first ** (numbers[1] as number);
  return FUNCTIONS[operation]?.(first) ?? NaN;
}
