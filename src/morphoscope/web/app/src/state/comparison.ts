// The second reading of the runs: that of another atlas, or of the pass that was trained last.

import type { PassStatus } from "../data/source";
import type { Store } from "./store";

/** Fetch the second reading. A later question is about a newer one. */
export async function fetchComparison(store: Store): Promise<void> {
  const number = ++store.compared;
  store.comparing.value = true;
  try {
    const found = await store.source.compare();
    if (number === store.compared) store.comparison.value = found;
  } finally {
    if (number === store.compared) store.comparing.value = false;
  }
}

/** Fetch that of another atlas, which the command named, and again when the server is back if it was lost. Returns what ends it. */
export function compareFromStart(store: Store): () => void {
  if (!store.manifest.compared) return () => undefined;
  const fetch = () => {
    if (!store.comparison.value && !store.comparing.value) void fetchComparison(store).catch((error: Error) => store.tell(error.message, true));
  };
  fetch();
  return store.source.presence((there) => there && fetch());
}

/** Fetch it unless it is there: a pass may have ended while the reader was elsewhere, or on another page. */
export async function renewComparison(store: Store): Promise<void> {
  const { result } = await store.source.ask<PassStatus>("status");
  if (!store.comparison.value || (result && result !== store.comparison.value.of)) await fetchComparison(store);
}
