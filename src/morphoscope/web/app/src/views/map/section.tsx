// The map with its controls and legend.

import { useEffect } from "preact/hooks";

import { AboutSimilarity } from "./arrangement";
import { useStore } from "../context";
import { Controls, Slices } from "./controls";
import { Legend } from "./legend";
import { MapView } from "./map";
import { Multiples } from "./multiples";

export function MapSection() {
  const store = useStore();
  const [across, up] = store.axes.value;
  useEffect(() => {
    let there = true;
    store.lines.value = [];
    const timer = window.setTimeout(() => {
      if (across && across !== up && !store.similar) load();
    }, 300); // after the first pictures
    const load = () =>
      void store.source.theory([across, up]).then((lines) => there && (store.lines.value = lines), () => undefined);
    return () => {
      there = false;
      clearTimeout(timer);
    };
  }, [store, across, up]);
  return (
    <div class="map-section">
      <MapView><Controls /></MapView>
      <Slices />
      <Multiples />
      <p class="where" role="status">{store.point(store.row.value)}: {(void store.changes.value, store.described(store.row.value))}</p>
      <AboutSimilarity />
      <Legend />
    </div>
  );
}
