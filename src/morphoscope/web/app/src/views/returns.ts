// How often the server has come back: what failed in the meantime is asked for again.

import { useEffect, useState } from "preact/hooks";

import type { Store } from "../state/store";

export function useReturns(store: Store): number {
  const [times, setTimes] = useState(0);
  useEffect(() => store.source.presence((there) => there && setTimes((before) => before + 1)), [store]);
  return times;
}
