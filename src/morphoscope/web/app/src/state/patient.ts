// Questions that are asked again where the connection was lost in the meantime.

import type { AtlasSource } from "../data/source";

const AGAIN = 4000; // milliseconds
const TIMES = 5; // then when the server is back

/** Ask after `wait` milliseconds, and again if that fails; returns the function that ends it. */
export function ask<T>(source: AtlasSource, load: () => Promise<T>, took: (value: T) => void, wait: number): () => void {
  let wanted = true, failed = 0;
  const now = () =>
    void load().then(
      (value) => {
        failed = 0;
        if (wanted) took(value);
      },
      () => {
        if (wanted && ++failed < TIMES) timer = window.setTimeout(now, AGAIN);
      },
    );
  let timer = window.setTimeout(now, wait);
  const deaf = source.presence((there) => {
    if (!there || !failed) return;
    failed = 0;
    clearTimeout(timer);
    now();
  });
  return () => {
    wanted = false;
    clearTimeout(timer);
    deaf();
  };
}
