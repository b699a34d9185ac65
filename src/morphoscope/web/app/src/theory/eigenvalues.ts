// Eigenvalues of small complex matrices: QR iterations with shifts. Exact for diagonal matrices, which models often have.

export type Complex = [number, number];
export type Matrix = Complex[][];

const MOST = 60; // iterations for one eigenvalue
const SMALL = 1e-15; // of what is left beside the diagonal, relative to the matrix

const minus = (a: Complex, b: Complex): Complex => [a[0] - b[0], a[1] - b[1]];
const plus = (a: Complex, b: Complex): Complex => [a[0] + b[0], a[1] + b[1]];
const times = (a: Complex, b: Complex): Complex => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
const conjugate = (a: Complex): Complex => [a[0], -a[1]];
const size = (a: Complex): number => Math.hypot(a[0], a[1]);

/** In descending order of their real parts. */
export function eigenvalues(matrix: Matrix): Complex[] {
  const work = matrix.map((row) => row.map((value): Complex => [...value]));
  const whole = Math.max(...work.flat().map(size)), found: Complex[] = [];
  if (!Number.isFinite(whole)) return matrix.map(() => [NaN, NaN]);
  for (let n = work.length; n > 2; n--) {
    const rest = () => Math.max(...(work[n - 1] as Complex[]).slice(0, n - 1).map(size));
    for (let i = 0; i < MOST && rest() > SMALL * whole; i++) iterate(work, n, shift(work, n, i));
    found.push(work[n - 1]![n - 1]!);
  }
  found.push(...(work.length > 1 ? pair(work) : [work[0]![0]!]));
  return found.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
}

/** The eigenvalues of the block of two in the corner. */
function pair(block: Matrix): [Complex, Complex] {
  const [a, b] = block[0]!, [c, d] = block[1]!;
  const half: Complex = [(a![0] + d![0]) / 2, (a![1] + d![1]) / 2], lean = minus(a!, d!).map((x) => x / 2) as Complex;
  const apart = root(plus(times(lean, lean), times(b!, c!)));
  return [plus(half, apart), minus(half, apart)];
}

function root([re, im]: Complex): Complex {
  const r = Math.hypot(re, im), real = Math.sqrt(Math.max(r + re, 0) / 2), other = Math.sqrt(Math.max(r - re, 0) / 2);
  return [real, im < 0 ? -other : other];
}

/** The eigenvalue of the last block of two that is closer to its corner; now and then another one, against cycles. */
function shift(work: Matrix, n: number, i: number): Complex {
  const corner = work[n - 1]![n - 1]!;
  if (i % 11 === 10) return [corner[0] + size(work[n - 1]![n - 2]!), corner[1]];
  const [one, other] = pair([work[n - 2]!.slice(n - 2, n), work[n - 1]!.slice(n - 2, n)]);
  return size(minus(one, corner)) < size(minus(other, corner)) ? one : other;
}

/** A − μ = QR by Gram–Schmidt; A becomes RQ + μ, in the first n rows and columns. */
function iterate(work: Matrix, n: number, mu: Complex): void {
  const q: Complex[][] = [], r: Matrix = Array.from({ length: n }, () => Array.from({ length: n }, (): Complex => [0, 0]));
  for (let column = 0; column < n; column++) {
    let vector = Array.from({ length: n }, (_, row) => (row === column ? minus(work[row]![column]!, mu) : work[row]![column]!));
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < column; k++) {
        const share = q[k]!.reduce<Complex>((sum, value, row) => plus(sum, times(conjugate(value), vector[row]!)), [0, 0]);
        r[k]![column] = plus(r[k]![column]!, share);
        vector = vector.map((value, row) => minus(value, times(share, q[k]![row]!)));
      }
    const length = Math.hypot(...vector.map(size));
    r[column]![column] = [length, 0];
    q.push(length > 0 ? vector.map(([re, im]): Complex => [re / length, im / length]) : vector);
  }
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++) {
      let sum: Complex = row === column ? mu : [0, 0];
      for (let k = row; k < n; k++) sum = plus(sum, times(r[row]![k]!, q[column]![k]!));
      work[row]![column] = sum;
    }
}
