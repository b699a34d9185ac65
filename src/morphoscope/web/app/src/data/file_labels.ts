// Labels of a page without a server: kept in the browser's storage, and exported as CSV for `morphoscope annotate`.

import type { ClassInfo, LabelChange, Labels, LabelSource, Manifest, Table } from "./source";

const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#7b3294"];

/** One action: rows get a class; "" rejects them. */
interface Action {
  rows: number[];
  name: string;
  who: string;
  why: string;
  at: string;
}

interface Kept {
  actions: Action[];
  classes: ClassInfo[];
}

function read(key: string): Kept {
  const text = localStorage.getItem(key);
  return text ? (JSON.parse(text) as Kept) : { actions: [], classes: [] };
}

export class FileLabels implements LabelSource {
  private listeners = new Set<(change: LabelChange) => void>();
  private revision = 0;

  constructor(private manifest: () => Promise<Manifest>, private table: () => Promise<Table>, private stored: () => Promise<Labels>) {}

  private async key(): Promise<string> {
    const { name, version } = await this.manifest(), { total } = await this.table();
    return `morphoscope-labels ${name} ${version} ${total}`;
  }

  private async kept(): Promise<Kept> {
    return read(await this.key());
  }

  /**
   * Change what is kept, in one step: two keys in quick succession, or two tabs, lose nothing. Throws where the browser
   * keeps nothing, as private windows do; then nothing is shown as saved.
   */
  private async edit<T>(work: (kept: Kept) => T): Promise<T> {
    const key = await this.key(), kept = read(key), done = work(kept);
    localStorage.setItem(key, JSON.stringify(kept));
    return done;
  }

  async current(): Promise<Labels> {
    const labels = await this.stored(), kept = await this.kept().catch(() => ({ actions: [], classes: [] }));
    labels.classes = [...labels.classes, ...kept.classes];
    const index = new Map(labels.classes.map(({ name }, i) => [name, i]));
    for (const { rows, name } of kept.actions)
      for (const row of rows) {
        labels.label[row] = name ? (index.get(name) ?? -1) : -1;
        labels.annotated[row] = 1;
      }
    labels.revision = this.revision;
    return labels;
  }

  private async changed(rows: number[]): Promise<void> {
    this.revision++;
    const { classes, label, annotated } = await this.current();
    const change = { revision: this.revision, edition: "", rows, labels: rows.map((row) => label[row] ?? -1), annotated: rows.map((row) => annotated[row] ?? 0), classes };
    for (const listener of this.listeners) listener(change);
  }

  async set(rows: number[], name: string | null, who: string, why: string, seen: string[]): Promise<string> {
    const by = new Map<string, number[]>(), at = new Date().toISOString();
    rows.forEach((row, i) => {
      const given = name ?? (seen[i] || undefined);
      if (given !== undefined) by.set(given, [...(by.get(given) ?? []), row]);
    });
    await this.edit(({ actions }) => {
      for (const [given, own] of by) actions.push({ rows: own, name: given, who, why, at });
    });
    await this.changed(rows);
    const left = rows.length - [...by.values()].reduce((sum, own) => sum + own.length, 0);
    return left ? `${left} ambiguous patterns can't be confirmed; give them a class` : "";
  }

  async undo(who: string): Promise<string> {
    const rows = await this.edit((kept) => {
      const last = [...kept.actions].reverse().find((action) => action.who === who);
      const undone = kept.actions.filter((action) => action.who === who && action.at === last?.at);
      kept.actions = kept.actions.filter((action) => !undone.includes(action));
      return undone.flatMap((action) => action.rows);
    });
    if (!rows.length) return "there is nothing to undo";
    await this.changed(rows);
    return `undone: ${rows.length} annotation${rows.length === 1 ? "" : "s"}`;
  }

  async create(name: string, symbol: string, colour: string, _who: string): Promise<string> {
    const own = (await this.stored()).classes;
    await this.edit((kept) => {
      const classes = [...own, ...kept.classes];
      if (classes.some((info) => info.name === name)) throw new Error(`a class ${name} exists already`);
      const used = new Set(classes.map((info) => info.colour.toLowerCase()));
      const free = COLOURS.find((each) => !used.has(each)) ?? COLOURS[classes.length % COLOURS.length];
      kept.classes.push({ name, symbol: symbol || name.slice(0, 3), colour: colour || (free as string), homogeneous: false });
    });
    await this.changed([]);
    return "";
  }

  follow(changed: (change: LabelChange) => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }

  /** One row for each run that was labelled here, for `morphoscope annotate ATLAS --file labels.csv`. */
  async csv(): Promise<string> {
    const { actions } = await this.kept(), { run } = await this.table(), latest = new Map<number, Action>();
    for (const action of actions) for (const row of action.rows) latest.set(row, action);
    const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = [...latest].sort((a, b) => a[0] - b[0]).map(([row, { name, who, why, at }]) => [run[row], name || "ambiguous", who, why, at].map((v) => quoted(String(v))).join(","));
    return ["run,class,who,why,at", ...lines, ""].join("\n");
  }
}
