// What the map is coloured by, once its values are there.

import { effect, untracked } from "@preact/signals";

import { CLASS, UNKNOWN, type Store } from "./store";

/**
 * Fetch the values of what the reader has chosen. Until they are there, map and legend keep the colours before, which
 * fit to each other; if they do not come, the choice goes back to that. Returns the function that ends it.
 */
export function colour(store: Store): () => void {
  return effect(() => {
    const name = store.colouring.value;
    void store.readings.value;
    untracked(() => {
      if (name === CLASS || name === UNKNOWN) {
        store.coloured.value = { name, values: null };
        return;
      }
      void store.column(name).then(
        (values) => {
          if (store.colouring.peek() === name) store.coloured.value = { name, values };
        },
        (error: Error) => {
          store.tell(`${name} did not come: ${error.message}`, true);
          if (store.colouring.peek() === name) store.colouring.value = store.coloured.peek().name;
        },
      );
    });
  });
}
