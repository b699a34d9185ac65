// The address of a live run: model, parameters, start and seed, such as #model=brusselator&B=8. The formulas of a typed
// model are in it, compressed.

import { compressToEncodedURIComponent, decompressFromEncodedURIComponent } from "lz-string";

import { BACKENDS, type Backend } from "../../simulator/program";
import type { Session } from "./session";
import type { Spec, Values } from "./source";

const OTHERS = ["model", "typed", "initial", "seed"]; // what is no parameter

export interface Addressed {
  spec: Spec;
  parameters: Values;
  initial: string | null;
  seed: number;
}

/** Null for an address without a model. Throws for one whose model can't be read. */
export function addressed(): Addressed | null {
  const values = new URLSearchParams(location.hash.slice(1)), typed = values.get("typed");
  const spec = values.get("model") ?? (typed === null ? null : typedModel(typed));
  if (!spec) return null;
  const rest = [...values].filter(([name]) => !OTHERS.includes(name));
  const parameters = Object.fromEntries(rest.map(([name, value]) => [name, Number(value)]));
  return { spec, parameters, initial: values.get("initial"), seed: Number(values.get("seed") ?? 0) };
}

function typedModel(text: string): Spec {
  try {
    const found = JSON.parse(decompressFromEncodedURIComponent(text)) as Spec;
    if (found && typeof found === "object") return found;
  } catch {
    // said below
  }
  throw new Error("The model in the address can't be read; the link may be incomplete.");
}

/** The part of an address after #. */
export function linkTo(session: Session): string {
  const { spec, program } = session;
  const values = new URLSearchParams(typeof spec === "string" ? { model: spec } : { typed: compressToEncodedURIComponent(JSON.stringify(spec)) });
  for (const { name, default: own } of program.parameters) {
    const value = session.parameters.value[name];
    if (value !== undefined && value !== own) values.set(name, String(value));
  }
  if (session.initial.value !== program.initial) values.set("initial", session.initial.value);
  if (session.seed.value) values.set("seed", String(session.seed.value));
  return `#${values}`;
}

/** The backend that the address asks for, such as ?backend=webgl2 before the #. */
export function backendAsked(): Backend | undefined {
  const name = new URLSearchParams(location.search).get("backend");
  if (name === null || Object.hasOwn(BACKENDS, name)) return (name ?? undefined) as Backend | undefined;
  throw new Error(`unknown backend "${name}" in the address; there are ${Object.keys(BACKENDS).join(", ")}`);
}
