// Labels: sent to the source, shown as saved only after it has stored them; changes of others are followed.

import { batch } from "@preact/signals";

import type { LabelChange } from "../data/source";
import { titled, type Store } from "./store";

function change(store: Store, { revision, rows, labels, annotated, classes }: LabelChange): void {
  batch(() => {
    rows.forEach((row, i) => {
      store.labels.label[row] = labels[i] ?? -1;
      store.labels.annotated[row] = annotated[i] ?? 0;
    });
    store.labels.revision = revision;
    store.classes.value = classes;
    recovered(store);
    store.changes.value++;
  });
}

/** A request whose answer did not come has been carried out after all: the pattern has the class that it was given. */
function recovered(store: Store): void {
  const late = [...store.unsaved.value].filter(([row, name]) => store.labels.annotated[row] && seen(store, row) === name).map(([row]) => row);
  if (!late.length) return;
  store.unsaved.value = without(store.unsaved.value, late);
  store.tell(`Saved after all: ${named(store, late)}`);
}

/** Read all labels again, for what has changed while the server was gone. */
export async function refresh(store: Store): Promise<void> {
  const labels = await store.source.current();
  // Changes that came in the meantime are newer than the answer.
  if (labels.revision < store.labels.revision) return refresh(store);
  if (labels.edition !== store.manifest.edition) {
    const [manifest, table] = await Promise.all([store.source.manifest(true), store.source.table()]);
    if (labels.revision < store.labels.revision || manifest.edition !== labels.edition) return refresh(store);
    return store.reread(manifest, table, labels);
  }
  batch(() => {
    store.replace(labels);
    recovered(store);
  });
}

export function follow(store: Store): () => void {
  const again = () => void refresh(store).catch((error: Error) => store.tell(`The labels could not be read again: ${error.message}`, true));
  const labels = store.source.labels?.follow((found) => {
    // A message was missed, for example while the tab slept: read everything.
    if (found.revision > store.labels.revision + 1 || found.edition !== store.manifest.edition) again();
    else change(store, found);
  });
  const presence = store.source.presence((there) => {
    store.there.value = there;
    if (there) again();
  });
  return () => {
    labels?.();
    presence();
  };
}

function without(all: ReadonlyMap<number, string>, rows: number[]): Map<number, string> {
  const left = new Map(all);
  for (const row of rows) left.delete(row);
  return left;
}

/** The class of a row as the reader sees it; "" for an ambiguous one. */
function seen(store: Store, row: number): string {
  return store.classOf(row)?.name ?? "";
}

/** Send something to be stored, and tell what became of it. `rows`: those that it is about; `names`: the classes that they get. */
export async function request(store: Store, rows: number[], text: string, send: () => Promise<string>, names: string[] = []): Promise<boolean> {
  store.sent++;
  store.tell(`Saving: ${text} …`);
  const own = new Map(rows.map((row, i) => [row, names[i] ?? ""]));
  store.saving.value = new Map([...store.saving.value, ...own]);
  try {
    const remark = await send();
    store.unsaved.value = without(store.unsaved.value, rows);
    store.tell(remark || `Saved: ${text}`);
    return true;
  } catch (error) {
    store.unsaved.value = new Map([...store.unsaved.value, ...own]);
    store.tell(`Not saved: ${text}. ${(error as Error).message}`, true);
    return false;
  } finally {
    store.saving.value = without(store.saving.value, rows);
  }
}

function named(store: Store, rows: number[]): string {
  return rows.length === 1 ? `run ${store.table.run[rows[0] ?? 0]}` : `${rows.length} patterns`;
}

/** name: a class; "" rejects as ambiguous; null confirms the class of each. */
export function label(store: Store, rows: number[], name: string | null, why = ""): Promise<boolean> {
  const labels = store.source.labels;
  if (!labels || !rows.length) return Promise.resolve(false);
  const given = store.classes.value.find((info) => info.name === name);
  const what = name === null ? "confirmed" : name === "" ? "rejected as ambiguous" : titled(given);
  const now = rows.map((row) => seen(store, row));
  return request(store, rows, `${named(store, rows)}: ${what}`, () =>
    labels.set(rows, name, store.who.value, why, now), rows.map((_, i) => name ?? now[i]!));
}

export function undo(store: Store): Promise<boolean> {
  const labels = store.source.labels;
  if (!labels) return Promise.resolve(false);
  return request(store, [], "undo", () => labels.undo(store.who.value));
}

/** Create a class and give it to rows. */
export async function create(
  store: Store, rows: number[], name: string, symbol: string, colour: string, why = "",
): Promise<boolean> {
  const labels = store.source.labels;
  if (!labels) return false;
  const who = store.who.value;
  return request(store, rows, `${named(store, rows)}: ${name}`, async () => {
    await labels.create(name, symbol, colour, who);
    return rows.length ? labels.set(rows, name, who, why, []) : "";
  }, rows.map(() => name));
}

/** The key of the nth class: 1 … 9, 0, then with Shift. */
export function keyOf(index: number): string {
  const digit = String((index + 1) % 10);
  return index < 10 ? digit : index < 20 ? `⇧${digit}` : "";
}

/** Label with a key. Returns what to do with the focus, or null for a key without a meaning. */
export function labelByKey(store: Store, rows: number[], event: KeyboardEvent, why = ""): "next" | "stay" | "new" | null {
  if (!store.source.labels || event.altKey || event.ctrlKey || event.metaKey) return null;
  if (event.key === " ") void label(store, rows, null, why);
  else if (event.key === "x") void label(store, rows, "", why);
  else if (event.key === "n") return "new";
  else if (event.key === "u") {
    void undo(store);
    return "stay";
  } else {
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    if (!digit) return null;
    const info = store.classes.value[((Number(digit[1]) + 9) % 10) + (event.shiftKey ? 10 : 0)];
    if (!info) return null;
    void label(store, rows, info.name, why);
  }
  return "next";
}
