// An atlas on the server of `morphoscope explore`.

import { Connection } from "./connection";
import type {
  AtlasSource, Comparison, Detail, Floats, Frames, LabelChange, Labels, LabelSource, Manifest, ModelProgram, StartField,
  Table, TheoryLine,
} from "./source";
import { columnOf, framesOf, labelsOf, startOf, tableOf } from "./tables";

async function fetched(address: string): Promise<Response | null> {
  const answer = await fetch(address);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error((await answer.text()).trim() || "the server could not do it");
  return answer;
}

async function required(address: string): Promise<Response> {
  const answer = await fetched(address);
  if (!answer) throw new Error("the server does not have it");
  return answer;
}

class ServerLabels implements LabelSource {
  constructor(private connection: Connection) {}

  set(rows: number[], name: string | null, who: string, why: string): Promise<string> {
    return this.connection.ask("annotate", { rows, name, who, why });
  }

  undo(who: string): Promise<string> {
    return this.connection.ask("undo", { who });
  }

  create(name: string, symbol: string, colour: string, who: string): Promise<string> {
    return this.connection.ask("create", { name, symbol, colour, who });
  }

  follow(changed: (change: LabelChange) => void): () => void {
    return this.connection.on("labels", (message) => changed(message as unknown as LabelChange));
  }
}

export class ServerSource implements AtlasSource {
  kind = "server" as const;
  labels: LabelSource;
  labelTable = null;
  private known: Promise<Manifest> | null = null;
  private connection = new Connection(`ws://${location.host}/ws`);

  constructor() {
    this.labels = new ServerLabels(this.connection);
  }

  manifest(): Promise<Manifest> {
    this.known ??= required("/data/manifest").then((answer) => answer.json() as Promise<Manifest>);
    return this.known;
  }

  async table(): Promise<Table> {
    return tableOf(await (await required("/data/table")).arrayBuffer());
  }

  async current(): Promise<Labels> {
    return labelsOf(await (await required("/data/labels")).arrayBuffer());
  }

  async column(variable: string): Promise<Floats> {
    const number = (await this.manifest()).variables.findIndex(({ name }) => name === variable);
    return columnOf(await (await required(`/data/column/${number}`)).arrayBuffer());
  }

  async theory(plane: [string, string]): Promise<TheoryLine[]> {
    const names = (await this.manifest()).variables.filter((v) => v.group === "parameters").map((v) => v.name);
    const [first, second] = plane.map((name) => names.indexOf(name)) as [number, number];
    return (await required(`/data/theory/${first * names.length + second}`)).json() as Promise<TheoryLine[]>;
  }

  sheet(number: number): string {
    return `/data/thumbnails/${number}`;
  }

  picture(kind: string, run: number): string {
    return `/data/${kind}/${run}`;
  }

  async frames(run: number): Promise<Frames | null> {
    const answer = await fetched(`/data/frames/${run}`);
    return answer && framesOf(await answer.arrayBuffer());
  }

  async start(run: number): Promise<StartField | null> {
    const answer = await fetched(`/data/start/${run}`);
    return answer && startOf(await answer.arrayBuffer());
  }

  async detail(run: number): Promise<Detail | null> {
    return (await fetched(`/data/detail/${run}`))?.json() as Promise<Detail> | null;
  }

  async compare(): Promise<Comparison | null> {
    const found = await this.ask<(Omit<Comparison, "read"> & { read: number[] }) | null>("compare");
    return found && { ...found, read: Int16Array.from(found.read) };
  }

  shader(model: string): Promise<ModelProgram | null> {
    return this.ask("program", { model });
  }

  async network(): Promise<ArrayBuffer | null> {
    return (await fetched("/data/network"))?.arrayBuffer() ?? null;
  }

  ask<T>(action: string, values: Record<string, unknown> = {}): Promise<T> {
    return this.connection.ask(action, values);
  }

  presence(changed: (there: boolean) => void): () => void {
    return this.connection.watch(changed);
  }
}
