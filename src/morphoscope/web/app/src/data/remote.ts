// An atlas whose data and actions somebody else answers: a server, or the kernel of a notebook.

import type {
  AtlasSource, Comparison, Detail, Floats, Frames, Inferred, LabelChange, Labels, LabelSource, Manifest, ModelProgram, Similarity, StartField,
  Table, TheoryLine,
} from "./source";
import { columnOf, framesOf, inferredOf, labelsOf, similarityOf, startOf, tableOf } from "./tables";

const PATIENCE = 180_000; // milliseconds; lines of many species, and comparisons of many runs, take long

/** Requests with answers, and messages to all pages. */
export interface Exchange {
  ask<T>(action: string, values?: Record<string, unknown>, patience?: number): Promise<T>;
  on(event: string, listener: (message: Record<string, unknown>) => void): () => void;
  watch(watcher: (there: boolean) => void): () => void;
}

class RemoteLabels implements LabelSource {
  constructor(private exchange: Exchange) {}

  set(rows: number[], name: string | null, who: string, why: string, seen: string[]): Promise<string> {
    return this.exchange.ask("annotate", { rows, name, who, why, ...(name === null ? { seen } : {}) });
  }

  undo(who: string): Promise<string> {
    return this.exchange.ask("undo", { who });
  }

  create(name: string, symbol: string, colour: string, who: string): Promise<string> {
    return this.exchange.ask("create", { name, symbol, colour, who });
  }

  follow(changed: (change: LabelChange) => void): () => void {
    return this.exchange.on("labels", (message) => changed(message as unknown as LabelChange));
  }
}

export abstract class RemoteSource implements AtlasSource {
  abstract kind: "server" | "widget";
  labels: LabelSource;
  labelTable = null;
  private known: Promise<Manifest> | null = null;

  constructor(protected exchange: Exchange) {
    this.labels = new RemoteLabels(exchange);
  }

  /** Data by name and number; null if there is none. */
  abstract get(name: string, number?: number): Promise<ArrayBuffer | null>;
  abstract sheet(number: number): string | Promise<string>;
  abstract picture(kind: string, run: number): string | null;

  private async required(name: string, number?: number): Promise<ArrayBuffer> {
    const found = await this.get(name, number);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }

  private async json<T>(name: string, number?: number): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.required(name, number))) as T;
  }

  manifest(again = false): Promise<Manifest> {
    if (again || !this.known) {
      const asked = (this.known = this.json<Manifest>("manifest"));
      asked.catch(() => this.known === asked && (this.known = null)); // the next one asks again
    }
    return this.known!;
  }

  async table(): Promise<Table> {
    return tableOf(await this.required("table"));
  }

  async inferred(): Promise<Inferred | null> {
    const found = await this.get("inferred");
    return found && inferredOf(found);
  }

  async similarity(): Promise<Similarity | null> {
    const found = await this.get("similarity");
    return found && similarityOf(found);
  }

  async current(): Promise<Labels> {
    return labelsOf(await this.required("labels"));
  }

  async column(variable: string): Promise<Floats> {
    const number = (await this.manifest()).variables.findIndex(({ name }) => name === variable);
    return columnOf(await this.required("column", number));
  }

  theory(plane: [string, string], at: Record<string, number>, coarse: boolean): Promise<TheoryLine[]> {
    return this.ask("theory", { plane, at, coarse }, PATIENCE);
  }

  async frames(run: number): Promise<Frames | null> {
    const found = await this.get("frames", run);
    return found && framesOf(found);
  }

  async start(run: number): Promise<StartField | null> {
    const found = await this.get("start", run);
    return found && startOf(found);
  }

  async detail(run: number): Promise<Detail | null> {
    const found = await this.get("detail", run);
    return found && (JSON.parse(new TextDecoder().decode(found)) as Detail);
  }

  async compare(): Promise<Comparison | null> {
    const found = await this.ask<(Omit<Comparison, "read"> & { read: number[] }) | null>("compare", {}, PATIENCE);
    return found && { ...found, read: Int16Array.from(found.read) };
  }

  shader(model: string): Promise<ModelProgram | null> {
    return this.ask("program", { model });
  }

  async network(): Promise<ArrayBuffer | null> {
    if (!(await this.manifest()).classifier) return null;
    const found = await this.get("network");
    return found?.byteLength ? found : null; // empty where the classifier is gone, or has layers that no page has
  }

  ask<T>(action: string, values: Record<string, unknown> = {}, patience?: number): Promise<T> {
    return this.exchange.ask(action, values, patience);
  }

  presence(changed: (there: boolean) => void): () => void {
    return this.exchange.watch(changed);
  }
}
