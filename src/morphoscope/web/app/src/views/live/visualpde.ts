// A link that opens the model of a live run in VisualPDE, at its parameters, on its grid, with its boundaries.
//
// Such links carry options as JSON, compressed by LZ-string, after "?options=". The options are those of VisualPDE's
// user guide.

import { compressToEncodedURIComponent } from "lz-string";

import { moments } from "../../reader/network";
import { boundariesOf, type Boundary, type VisualPde } from "../../simulator/program";
import type { Session } from "./session";

const SITE = "https://visualpde.com/sim/";
const SECONDS = 60; // in which a run passes its usual end, at 60 frames a second
const MOST_STEPS = 400; // a frame
const SQUARE = 0.08; // half a side of the square that is perturbed first, of the domain
const NOISE = 0.02; // of the perturbation

type Options = Record<string, string | number | boolean>;

/** Null if VisualPDE can't express the model. */
export function visualpdeLink(session: Session): string | null {
  const options = optionsOf(session);
  return options && `${SITE}?options=${compressToEncodedURIComponent(JSON.stringify(options))}`;
}

export function optionsOf(session: Session): Options | null {
  const { program, grid } = session, there = program.visualpde;
  if (!there) return null;
  const { width, height } = grid, side = Math.max(width, height) * session.spacing;
  const dt = session.dt.value / slower(there, grid.stencil);
  const first = there.species[0] as string;
  return {
    numSpecies: there.species.length,
    numAlgebraicSpecies: there.algebraic,
    speciesNames: there.species.join(" "),
    crossDiffusion: there.algebraic > 0 || Object.entries(there.diffusion).some(([place, text]) => place[0] !== place[2] && text !== "0"),
    ...Object.fromEntries(there.reaction.map((text, i) => [`reactionStr_${i + 1}`, text])),
    ...Object.fromEntries(Object.entries(there.diffusion).map(([place, text]) => [`diffusionStr_${place}`, text])),
    kineticParams: parameters(session, there),
    ...Object.fromEntries(there.species.flatMap((_, i) => boundary(i, boundariesOf(grid.boundary), program.background[i] ?? 0))),
    ...Object.fromEntries(there.species.map((_, i) => [`initCond_${i + 1}`, start(session, i)])),
    dimension: height === 1 ? 1 : 2,
    domainScale: String(side),
    spatialStep: String(session.spacing),
    squareCanvas: width === height,
    dt,
    numTimestepsPerFrame: Math.min(MOST_STEPS, Math.max(1, Math.round(program.until / (60 * SECONDS * dt)))),
    timesteppingScheme: "Euler",
    brushValue: String(program.perturbation[0] ?? 1),
    brushRadius: String(side / 24),
    autoSetColourRange: true,
    plotType: height === 1 ? "line" : "plane",
    whatToDraw: first,
    whatToPlot: first,
  };
}

/** How much shorter the time step has to be: the largest eigenvalue of the 5-point Laplacian is twice that of ours. */
function slower(there: VisualPde, stencil: 9 | 5): number {
  return stencil === 9 ? 2 ** there.order : 1;
}

/** As "f = 0.03 in [0, 0.25]": with sliders. */
function parameters(session: Session, there: VisualPde): string {
  const values = session.parameters.value;
  return session.program.parameters.map(({ name, range }) => {
    const value = values[name] ?? 0, ends = [Math.min(range[0], value), Math.max(range[1], value)];
    return `${there.names[name]} = ${plainly(value)} in [${ends.map(plainly).join(", ")}]`;
  }).join("; ");
}

/** A number without an exponent, which formulas there may not contain. */
function plainly(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text;
}

const NAMES: Record<Boundary, string> = { periodic: "periodic", "no-flux": "neumann", dirichlet: "dirichlet" };

function boundary(i: number, [across, up]: [Boundary, Boundary], outside: number): [string, string][] {
  const n = i + 1;
  if (across === up) return [[`boundaryConditions_${n}`, NAMES[across]], [`neumannStr_${n}`, "0"], [`dirichletStr_${n}`, plainly(outside)]];
  const sides = (kind: Boundary, names: string[]) => names.map((name) => (kind === "no-flux" ? `${name}: Neumann = 0` : kind === "dirichlet" ? `${name}: Dirichlet = ${plainly(outside)}` : `${name}: Periodic`));
  return [[`boundaryConditions_${n}`, "combo"], [`comboStr_${n}`, [...sides(across, ["Left", "Right"]), ...sides(up, ["Top", "Bottom"])].join("; ")]];
}

/** Noise with the mean and the spread of ours, where our start is noise; else a perturbed square in the background. */
function start(session: Session, i: number): string {
  const { program } = session, low = program.background[i], high = program.perturbation[i];
  if (low === undefined || high === undefined) return "0"; // algebraic
  const own = session.runner?.start?.[i];
  if (/^(noise|steady)/.test(session.initial.value) && own) {
    const { mean, spread } = moments(own);
    return `${plainly(Number(mean.toPrecision(6)))} + ${plainly(Number(spread.toPrecision(3)))}*RANDN`;
  }
  const near = (axis: string) => `ind((${axis} - 0.5*L_${axis})^2 < (${SQUARE}*L)^2)`;
  const square = session.grid.height === 1 ? near("x") : `${near("x")}*${near("y")}`;
  return `${plainly(low)} + (${plainly(high - low)})*${square} + ${plainly(NOISE * Math.abs(high - low))}*RAND`;
}
