// Questions that are asked again where the connection was lost in the meantime.

const AGAIN = 4000; // milliseconds
const TIMES = 5;

/** Ask after `wait` milliseconds, and again if that fails; returns the function that ends it. */
export function ask<T>(load: () => Promise<T>, took: (value: T) => void, wait: number): () => void {
  let wanted = true, tries = 0;
  const now = () =>
    void load().then(
      (value) => wanted && took(value),
      () => {
        if (wanted && ++tries < TIMES) timer = window.setTimeout(now, AGAIN);
      },
    );
  let timer = window.setTimeout(now, wait);
  return () => {
    wanted = false;
    clearTimeout(timer);
  };
}
