// Two readings of the same runs: the second map, how far they agree, where they differ.

import { useEffect, useState } from "preact/hooks";

import { renewComparison } from "../state/comparison";
import { useStore } from "./context";
import { MapView } from "./map/map";
import { titled } from "../state/store";
import { useReturns } from "./returns";

export function Compare() {
  const store = useStore();
  const [problem, setProblem] = useState("");
  const returns = useReturns(store);
  const [loaded, setLoaded] = useState(store.comparison.value !== null);
  useEffect(() => {
    let there = true;
    void renewComparison(store).then(() => {
      if (!there) return;
      setProblem("");
      setLoaded(true);
    }, (error: Error) => there && setProblem(error.message));
    return () => {
      there = false;
    };
  }, [store, returns]);
  const found = store.comparison.value;
  if (problem) return <p class="problem">{problem}</p>;
  if (!loaded) return <div class="skeleton" aria-busy="true" />;
  if (!found)
    return (
      <p>There is no second reading of these runs. Train the next pass, or start with <code>morphoscope explore ATLAS --compare-with OTHER</code>.</p>
    );
  const own = new Map(store.classes.value.map((info) => [titled(info), info]));
  const theirs = new Map(found.classes.map((info) => [titled(info), info]));
  const choose = (from: string, to: string) => {
    const [a, b] = [own.get(from), theirs.get(to)];
    store.select(found.differs.filter((row) => store.classes.value[store.table.read[row] ?? 0] === a && found.classes[found.read[row] ?? -1] === b));
  };
  return (
    <div class="compare">
      <p><b>{found.name}</b>: {found.summary}.{found.accuracy !== null && ` Its classifier is right for ${(100 * found.accuracy).toFixed(1)} % of its validation runs.`} Small squares on both maps mark runs that are read differently.</p>
      <div class="compare-map"><MapView other /></div>
      {found.changes.length > 0 && (
        <>
          <h3>Most frequent differences</h3>
          <ul class="changes">
            {found.changes.map(([from, to, count]) => (
              <li key={`${from}>${to}`}><button type="button" title="Show these patterns in the montage" onClick={() => choose(from, to)}>{from} → {to}: {count}</button></li>
            ))}
          </ul>
          <button type="button" onClick={() => { store.group.value = "*differing"; store.tab.value = "montage"; }}>all {found.differs.length} in the montage</button>
        </>
      )}
    </div>
  );
}
