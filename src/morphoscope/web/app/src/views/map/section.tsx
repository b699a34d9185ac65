// The map with its controls and legend.

import { batch } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { AboutSimilarity } from "./arrangement";
import { ask } from "../../state/patient";
import { useStore } from "../context";
import { Controls, Slices } from "./controls";
import { Legend } from "./legend";
import { MapView } from "./map";
import { Multiples } from "./multiples";

const AFTER = 300; // milliseconds: after the first pictures, and when a slider rests

export function MapSection() {
  const store = useStore();
  const [across, up] = store.axes.value, at = store.slicedAt(), slice = JSON.stringify(at);
  useEffect(() => {
    store.lines.value = [];
    store.drawing.value = at !== null && !!across && across !== up && !store.similar;
    if (!store.drawing.value) return;
    return ask(store.source, () => store.linesAt(at!), (lines) => batch(() => {
      store.lines.value = lines;
      store.drawing.value = false;
    }), AFTER);
  }, [store, across, up, slice]);
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
