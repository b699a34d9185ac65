// Theory at the parameters of a run, from Python or, in a page from disk, from the page itself.

import { useEffect, useState } from "preact/hooks";

import { RemoteSource } from "../data/remote";
import { ask } from "../state/patient";
import type { Store } from "../state/store";
import { pointOf } from "../theory/point";
import type { Point, Values } from "./live/source";

const REST = 250; // milliseconds on a pattern before its theory is asked for

async function load({ source, manifest }: Store, parameters: Values): Promise<Point | null> {
  const { spacing, stencil } = manifest.grid, model = manifest.model.name;
  if (source instanceof RemoteSource) return source.ask<Point>("point", { model, parameters, spacing, stencil });
  const program = await source.shader(model);
  return program?.theory ? pointOf(program, program.theory, parameters, spacing, stencil) : null;
}

const kept = new WeakMap<Store, Map<string, Promise<Point | null>>>();

/** Theory at the parameters of a row; null until it is there, and where there is none. */
export function usePoint(store: Store, row: number): Point | null {
  const parameters = store.parametersOf(row), key = JSON.stringify(parameters);
  const there = store.manifest.capabilities.live && Object.values(parameters).every(Number.isFinite);
  const [found, setFound] = useState<{ key: string; point: Point | null }>({ key: "", point: null });
  useEffect(() => {
    if (!there) return;
    const points = kept.get(store) ?? new Map<string, Promise<Point | null>>();
    kept.set(store, points);
    const asked = () => {
      const point = points.get(key) ?? load(store, parameters);
      points.set(key, point);
      point.catch(() => points.delete(key));
      return point;
    };
    return ask(store.source, asked, (point) => setFound({ key, point }), points.has(key) ? 0 : REST);
  }, [store, key, there]);
  return found.key === key ? found.point : null;
}
