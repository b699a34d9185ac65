// The map of patterns that look alike: places that Python has computed from the features of an encoder. Its two axes
// stand beside the parameters as axes of the map.

import { batch } from "@preact/signals";

import type { Similarity } from "../data/source";
import { SIMILAR, type Places, type Store } from "./store";

const PAUSE = 500; // milliseconds between questions how far it is

export function placesOf({ row, x, y, trustworthiness }: Similarity, total: number): Places {
  const [across, up] = [new Float64Array(total).fill(NaN), new Float64Array(total).fill(NaN)];
  row.forEach((place, i) => ([across[place], up[place]] = [x[i]!, y[i]!]));
  return { rows: row.slice().sort(), columns: { [SIMILAR[0]]: across, [SIMILAR[1]]: up }, trustworthiness };
}

/** Fetch the places if they are stored. */
export async function fetchPlaces(store: Store): Promise<void> {
  const found = await store.source.similarity();
  if (found) store.similarity.value = placesOf(found, store.table.total);
}

/** Show the patterns by similarity; a server that has no places yet computes them first. */
export async function showSimilarity(store: Store): Promise<void> {
  store.wantsSimilar = true;
  if (store.arranging.value) return;
  try {
    if (!store.similarity.value && store.manifest.similarity === "possible") await arranged(store);
    if (!store.similarity.value) await fetchPlaces(store);
  } catch (error) {
    store.tell((error as Error).message, true);
  }
  store.arranging.value = "";
  if (!store.similarity.value || store.similar || !store.wantsSimilar) return; // or the reader has turned to another map
  batch(() => {
    store.plane = store.axes.value;
    store.window.value = null;
    store.axes.value = SIMILAR;
  });
}

async function arranged(store: Store): Promise<void> {
  for (;;) {
    store.arranging.value ||= "comparing …";
    const now = await store.source.ask<{ done: boolean; patterns: number; total: number }>("arrange");
    if (now.done) return;
    if (now.total) store.arranging.value = now.patterns < now.total ? `comparing ${now.patterns} of ${now.total}` : "laying out …";
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Back to the plane of parameters. */
export function showParameters(store: Store): void {
  store.wantsSimilar = false;
  if (!store.similar) return;
  batch(() => {
    store.window.value = null;
    store.axes.value = store.plane;
  });
}
