// The start of the runs on the map, and the same point from other starts.

import { number, START, titled } from "../../state/store";
import { useStore } from "../context";
import { Thumbnail } from "../thumbnail";

/** Chooses the start whose runs the map shows. */
export function StartChoice() {
  const store = useStore();
  const chosen = store.slice(START);
  const choose = (text: string) => (store.slices.value = { ...store.slices.value, [START]: text === "" ? null : Number(text) });
  return (
    <label class="slice">
      <span>Start of the runs</span>
      <select value={chosen === null ? "" : String(chosen)} onChange={(e) => choose(e.currentTarget.value)}>
        {store.manifest.starts.map((name, i) => <option key={name} value={String(i)}>{name}</option>)}
        <option value="">{store.similar ? "all" : "all, over each other"}</option>
      </select>
    </label>
  );
}

const SIDE = 64; // pixels

/** Beside a pattern: what the same parameters lead to from each of the other starts. */
export function OtherStarts() {
  const store = useStore();
  const { parameters, start } = store.table;
  const row = store.row.value;
  if (!start) return null;
  void store.changes.value;
  const columns = Object.values(parameters);
  const here = new Map<number, number[]>(); // start → rows
  for (let i = 0; i < store.table.total; i++) {
    if (start[i] === start[row] || columns.some((column) => column[i] !== column[row])) continue;
    here.get(start[i]!)?.push(i) ?? here.set(start[i]!, [i]);
  }
  if (!here.size) return null;
  return (
    <div class="other-starts" role="group" aria-label="The same parameters from other starts">
      <span>From other starts:</span>
      {[...here].sort(([a], [b]) => a - b).map(([place, rows]) => (
        <button key={place} type="button" title={`Open run ${store.table.run[rows[0]!]}`} onClick={() => store.open(rows[0]!)}>
          <Thumbnail row={rows[0]!} side={SIDE} />
          <span>{store.manifest.starts[place]}<br /><b>{classesOf(rows.map((i) => titled(store.classOf(i))))}</b></span>
        </button>
      ))}
    </div>
  );
}

/** "κ kappa", or "κ kappa 3, λ lambda 1" */
function classesOf(names: string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 1) return names[0]!;
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${number(count)}`).join(", ");
}
