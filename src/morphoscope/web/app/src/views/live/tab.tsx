// A run of an atlas, live: from its very start where the source has it, at its parameters, on its grid.

import { useEffect, useState } from "preact/hooks";

import { RemoteSource } from "../../data/remote";
import type { StartField } from "../../data/source";
import type { ModelProgram } from "../../simulator/program";
import type { Store } from "../../state/store";
import { number, titled } from "../../state/store";
import { pointOf } from "../../theory/point";
import { useStore } from "../context";
import { useReturns } from "../returns";
import { Live } from "./live";
import { LiveReading } from "./reading";
import { Session } from "./session";
import { askedFrom, type TheorySource, type Values } from "./source";

interface Made {
  run: number;
  session: Session;
  problem: string; // why it does not begin from the start of the run
}

async function sessionOf(store: Store, run: number): Promise<Made> {
  const { source, manifest } = store, row = Math.max(0, store.rowOf(run));
  const program = await source.shader(manifest.model.name);
  if (!program) throw new Error("this page has no shader of the model; open the atlas with morphoscope explore");
  let field: StartField | null = null, problem = "";
  try {
    field = await source.start(run);
  } catch (error) {
    problem = (error as Error).message;
  }
  const parameters = store.parametersOf(row);
  const grid = { ...manifest.grid, stencil: manifest.grid.stencil as 9 | 5 };
  const ask = source instanceof RemoteSource ? askedFrom((action, asked) => source.ask(action, asked), (name, number) => source.get(name, number)) : null;
  const cells = manifest.grid.width * manifest.grid.height;
  const start = field && {
    name: `run ${run}`, exact: field.exact,
    values: Array.from({ length: field.species }, (_, s) => field.values.subarray(s * cells, (s + 1) * cells)),
  };
  const known = ask && program.starts.includes(manifest.initial) ? manifest.initial : null;
  const theory = ask ?? ownTheory(store, program, parameters);
  const session = new Session({ ...program, dt: manifest.dt, until: manifest.until }, manifest.model.name, ask, grid, { parameters, initial: known, field: start }, theory);
  return { run, session, problem };
}

/** Theory without Python. The lines of the atlas hold where the other parameters are those of its runs. */
function ownTheory({ source, names }: Store, program: ModelProgram, began: Values): TheorySource | null {
  const { theory, plane } = program;
  return theory && {
    point: async (_, parameters, spacing, stencil) => pointOf(program, theory, parameters, spacing, stencil),
    async plane(_, parameters) {
      const moved = Object.keys(parameters).some((name) => !plane.includes(name) && parameters[name] !== began[name]);
      return moved || names.some((name) => !plane.includes(name)) ? [] : source.theory(plane, {}, false);
    },
  };
}

export function LiveTab() {
  const store = useStore(), run = store.live.value?.run ?? store.run;
  const [made, setMade] = useState<Made | null>(null);
  const [problem, setProblem] = useState("");
  const [tries, setTries] = useState(0);
  const returns = useReturns(store);
  useEffect(() => {
    if (problem) setTries((before) => before + 1);
  }, [returns]);
  useEffect(() => {
    let wanted = true;
    setProblem("");
    void sessionOf(store, run).then(
      (found) => {
        if (!wanted) return;
        found.session.moved = (parameters) => (store.livePoint.value = parameters);
        setMade(found);
      },
      (error: Error) => wanted && setProblem(error.message),
    );
    return () => {
      wanted = false;
      store.livePoint.value = null;
    };
  }, [run, tries]);
  useEffect(() => () => void (store.live.value = null), [store]); // the next visit begins with the pattern that is shown then
  if (problem) return <p class="problem" role="alert">{problem}</p>;
  if (!made) return <div class="skeleton tall" role="status" aria-label="Preparing the run" />;
  // Until another run has come, this is still the one before.
  const { session, problem: missing } = made, row = Math.max(0, store.rowOf(made.run));
  return (
    <Live session={session} palettes={{ cividis: store.manifest.palette }}>
      <p class="soft">{missing ? "With the parameters of" : "Began as"} run {made.run}: {store.point(row)}; {titled(store.classOf(row))}. The stored run ends at t = {number(store.manifest.until)}.</p>
      {missing && <p class="problem" role="alert">The start of run {made.run} did not come: {missing}. This is another one of the same kind.</p>}
      <LiveReading session={session} network={store.network} classes={store.classes.value} />
    </Live>
  );
}
