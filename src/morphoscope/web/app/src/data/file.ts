// An atlas in the page itself, for a page that opens from disk: morphoscope.web.packing writes it.

import { FileLabels } from "./file_labels";
import type {
  AtlasSource, Comparison, Detail, Floats, Frames, Inferred, Labels, LabelSource, Manifest, ModelProgram, Similarity, StartField, Table, TheoryLine,
} from "./source";
import { columnOf, inferredOf, labelsOf, similarityOf, startOf, tableOf } from "./tables";

const PREFIX = "morphoscope-"; // of the elements that hold the parts

interface Slice {
  at: Record<string, number>; // the parameters that vary and are no axes
  lines: TheoryLine[];
}

export function isFile(): boolean {
  return !!document.getElementById(`${PREFIX}manifest`);
}

/** A part of the page, unpacked; null if the page does not have it. */
async function part(name: string): Promise<ArrayBuffer | null> {
  const element = document.getElementById(`${PREFIX}${name}`);
  if (!element) return null;
  const bytes = Uint8Array.from(atob(element.textContent ?? ""), (letter) => letter.charCodeAt(0));
  if (element.dataset.packed !== "gzip") return bytes.buffer;
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function required(name: string): Promise<ArrayBuffer> {
  const found = await part(name);
  if (!found) throw new Error(`this page has no ${name}`);
  return found;
}

async function json<T>(name: string): Promise<T | null> {
  const found = await part(name);
  return found && (JSON.parse(new TextDecoder().decode(found)) as T);
}

export class FileSource implements AtlasSource {
  kind = "file" as const;
  private known: Promise<Manifest> | null = null;
  private kept: Promise<Table> | null = null;
  private sheets = new Map<number, Promise<string>>();
  private own = new FileLabels(() => this.manifest(), () => this.table(), async () => labelsOf(await required("labels")));
  labels: LabelSource = this.own;
  labelTable = () => this.own.csv();

  manifest(): Promise<Manifest> {
    this.known ??= json<Manifest>("manifest").then((found) => found as Manifest);
    return this.known;
  }

  table(): Promise<Table> {
    this.kept ??= required("table").then(tableOf);
    return this.kept;
  }

  async inferred(): Promise<Inferred | null> {
    const found = await part("inferred");
    return found && inferredOf(found);
  }

  async similarity(): Promise<Similarity | null> {
    const found = await part("similarity");
    return found && similarityOf(found);
  }

  current(): Promise<Labels> {
    return this.own.current();
  }

  async column(variable: string): Promise<Floats> {
    const number = (await this.manifest()).variables.findIndex(({ name }) => name === variable);
    return columnOf(await required(`column-${number}`));
  }

  async theory(plane: [string, string], at: Record<string, number>): Promise<TheoryLine[]> {
    const own = (await this.manifest()).plane;
    if (plane[0] !== own[0] || plane[1] !== own[1]) return [];
    const slices = (await json<Slice[]>("theory")) ?? [], names = Object.keys(at);
    const found = slices.find((slice) => Object.keys(slice.at).length === names.length && names.every((name) => slice.at[name] === at[name]));
    return found?.lines ?? [];
  }

  sheet(number: number): Promise<string> {
    let found = this.sheets.get(number);
    if (!found) {
      found = required(`sheet-${number}`).then((bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/webp" })));
      found.catch(() => this.sheets.delete(number));
      this.sheets.set(number, found);
    }
    return found;
  }

  picture(): null {
    return null;
  }

  async frames(): Promise<Frames | null> {
    return null;
  }

  /** The start of one run; of another run it is one like it, from the same initial condition. */
  async start(run: number): Promise<StartField | null> {
    const [found, of] = await Promise.all([part("start"), json<number>("start-run")]);
    return found && { ...startOf(found), exact: run === of };
  }

  /** What the columns say; spectra need the frames, which the page does not have. */
  async detail(run: number): Promise<Detail | null> {
    const [manifest, table] = await Promise.all([this.manifest(), this.table()]);
    const row = table.run.indexOf(run);
    const value = async (name: string) => (await this.column(name))[row] ?? NaN;
    const listed = manifest.variables.filter(({ group }) => group === "probabilities");
    const probabilities = await Promise.all(listed.map(async ({ name }) => [name.slice(2, -1), await value(name)] as [string, number]));
    const length = manifest.variables.some(({ name }) => name === "wavelength") ? await value("wavelength") : NaN;
    return {
      probabilities, set: null, coverage: null, wavelength: Number.isFinite(length) ? length : null, command: "",
      rings: { q: [], power: [] }, estimate: null,
    };
  }

  shader(): Promise<ModelProgram | null> {
    return json<ModelProgram>("program");
  }

  network(): Promise<ArrayBuffer | null> {
    return part("network");
  }

  async compare(): Promise<Comparison | null> {
    return null;
  }

  async ask<T>(action: string): Promise<T> {
    throw new Error(`a page from disk can't ${action}; open the atlas with morphoscope explore`);
  }

  presence(): () => void {
    return () => undefined;
  }
}
