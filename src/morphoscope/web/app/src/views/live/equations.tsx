// The equations of a model, and a form in which they are edited; the server parses what is typed.

import { useState } from "preact/hooks";

import type { ModelProgram } from "../../simulator/program";
import type { Session } from "./session";
import type { Spec } from "./source";
import { visualpdeLink } from "./visualpde";

/** Opens a model that was typed. Rejects if it can't be read. */
export type Opened = (spec: Spec) => Promise<void>;

interface Row {
  species: string;
  reaction: string;
  diffusion: string;
}

const MOST = 4;

export function Equations({ program }: { program: ModelProgram }) {
  return (
    <div class="live-equations">
      {program.mathml.map((line, i) => <div key={i} role="math" aria-label={program.equations[i]} dangerouslySetInnerHTML={{ __html: line }} />)}
      {program.literature && <p class="soft">{program.literature}</p>}
      {program.source && <p class="soft">{program.source}</p>}
    </div>
  );
}

/** A link to the same model in VisualPDE; it follows the parameters. */
export function Elsewhere({ session }: { session: Session }) {
  const link = visualpdeLink(session);
  if (!link) return <p class="soft">VisualPDE can't express this model.</p>;
  return (
    <p class="soft">
      <a class="live-elsewhere" href={link} target="_blank" rel="noopener noreferrer">Open in VisualPDE</a>:
      the same equations, parameters, grid and boundaries on visualpde.com, with a simple start and a shorter time step.
    </p>
  );
}

export function rowsOf({ species, formulas }: ModelProgram): Row[] {
  return species.map((name) => ({ species: name, reaction: formulas.reaction[name] ?? "0", diffusion: formulas.diffusion[name] ?? "0" }));
}

/** A form for the equations of a model, which begins with these. */
export function Editor({ rows: first, parameters, opened }: { rows: Row[]; parameters: Record<string, number>; opened: Opened }) {
  const [rows, setRows] = useState<Row[]>(first);
  const [text, setText] = useState(() => Object.entries(parameters).map(([name, value]) => `${name} = ${value}`).join(", "));
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const change = (i: number, part: Partial<Row>) => setRows(rows.map((row, j) => (i === j ? { ...row, ...part } : row)));
  const run = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const spec = { reaction: column(rows, "reaction"), diffusion: column(rows, "diffusion"), parameters: numbers(text) };
      await opened(spec);
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <form class="live-editor" onSubmit={(event) => void run(event)}>
      {rows.map((row, i) => (
        <fieldset key={i}>
          <label><span>species</span><input size={4} value={row.species} onInput={(e) => change(i, { species: e.currentTarget.value.trim() })} /></label>
          <label class="wide"><span>reaction</span><input value={row.reaction} spellcheck={false} onInput={(e) => change(i, { reaction: e.currentTarget.value })} /></label>
          <label><span>diffusion</span><input size={6} value={row.diffusion} spellcheck={false} onInput={(e) => change(i, { diffusion: e.currentTarget.value })} /></label>
        </fieldset>
      ))}
      <label class="wide"><span>parameters</span><input value={text} spellcheck={false} onInput={(e) => setText(e.currentTarget.value)} /></label>
      <div class="controls">
        <button type="submit" class="primary" disabled={busy}>Run this model</button>
        <button type="button" disabled={rows.length === MOST} onClick={() => setRows([...rows, { species: "", reaction: "0", diffusion: "0" }])}>Add a species</button>
        <button type="button" disabled={rows.length === 1} onClick={() => setRows(rows.slice(0, -1))}>Remove the last</button>
      </div>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <p class="soft">Numbers, names, + − * / **, parentheses, exp, log, sqrt, sin, cos, tanh, abs, and the operators laplace(…), dx(…), dy(…).</p>
    </form>
  );
}

function column(rows: Row[], key: "reaction" | "diffusion"): Record<string, string> {
  const names = rows.map((row) => row.species);
  if (names.some((name) => !name)) throw new Error("a species has no name; type one");
  if (new Set(names).size < names.length) throw new Error("two species have the same name; rename one");
  return Object.fromEntries(rows.map((row) => [row.species, row[key] || "0"]));
}

function numbers(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const part of text.split(",").map((p) => p.trim()).filter(Boolean)) {
    const [name, value] = part.split("=").map((p) => p.trim());
    if (!name || !value || !Number.isFinite(Number(value))) throw new Error(`parameter ${part}: expected NAME = NUMBER, separated by commas`);
    found[name] = Number(value);
  }
  return found;
}
