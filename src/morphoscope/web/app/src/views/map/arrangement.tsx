// Whether the map shows the plane of parameters, or patterns by similarity.

import { showParameters, showSimilarity } from "../../state/similarity";
import { START } from "../../state/store";
import { useStore } from "../context";

export function Arrangement() {
  const store = useStore();
  const busy = store.arranging.value;
  if (!store.manifest.similarity) return null;
  return (
    <div class="tools" role="group" aria-label="What the map arranges patterns by">
      <button type="button" aria-pressed={!store.similar} title="Each run at its parameters" onClick={() => showParameters(store)}>parameters</button>
      <button
        type="button" aria-pressed={store.similar} disabled={!!busy} aria-busy={!!busy} onClick={() => void showSimilarity(store)}
        title="Patterns that look alike lie near each other, by an encoder that knows no class"
      >
        {busy || "similarity"}
      </button>
    </div>
  );
}

/** What the map by similarity shows, below it. */
export function AboutSimilarity() {
  const store = useStore();
  const places = store.similarity.value;
  if (!store.similar || !places) return null;
  const start = store.dimensions[START] ? store.slice(START) : null;
  const total = start === null ? store.table.total : store.dimensions[START]!.filter((value) => value === start).length;
  const without = total - store.shown.value.length;
  return (
    <p class="soft about">
      Neighbours look alike; distances between groups say little. Compared by an encoder that knows no class, laid out by t-SNE,
      trustworthiness {places.trustworthiness.toFixed(3)}.{without > 0 && ` ${without} of ${total} runs${start === null ? "" : " from this start"} are homogeneous and not shown.`}
    </p>
  );
}
