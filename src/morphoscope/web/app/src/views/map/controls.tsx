// Colouring, axes, values of the other parameters, tools.

import { Arrangement } from "./arrangement";
import { useStore } from "../context";
import { StartChoice } from "./starts";
import { CLASS, number, START, UNKNOWN, type Tool } from "../../state/store";

const GROUPS = { trust: "How far to trust it", descriptors: "Descriptors", parameters: "Parameters", probabilities: "Probability of a class" };
const TOOLS: [Tool, string, string][] = [
  ["pan", "move", "Drag moves the map; click opens a pattern"],
  ["box", "box", "Drag a box to select patterns (or hold Shift)"],
  ["lasso", "lasso", "Draw around patterns to select them"],
];

export function Controls() {
  const store = useStore();
  const { manifest } = store;
  const selected = store.selection.value.length;
  return (
    <div class="controls">
      <label>
        <span>Colour</span>
        <select value={store.colouring.value} onChange={(e) => (store.colouring.value = e.currentTarget.value)}>
          <option value={CLASS}>class</option>
          {manifest.read && <option value={UNKNOWN}>known and unknown</option>}
          {Object.entries(GROUPS).map(([group, title]) => {
            const found = manifest.variables.filter((variable) => variable.group === group);
            return found.length > 0 && (
              <optgroup label={title} key={group}>
                {found.map(({ name }) => <option key={name} value={name}>{name}</option>)}
              </optgroup>
            );
          })}
        </select>
      </label>
      <Arrangement />
      {store.names.length > 2 && !store.similar && <Axes />}
      <div class="tools" role="group" aria-label="What dragging on the map does">
        {TOOLS.map(([tool, name, title]) => (
          <button key={tool} type="button" title={title} aria-pressed={store.tool.value === tool} onClick={() => (store.tool.value = tool)}>
            {name}
          </button>
        ))}
      </div>
      {selected > 0 && (
        <button type="button" class="clear" onClick={() => store.select([])}>clear selection ({selected})</button>
      )}
      <label class="check">
        <input type="checkbox" checked={store.letters.value} onChange={(e) => (store.letters.value = e.currentTarget.checked)} />
        letters
      </label>
      <label class="check" title="Thumbnails on the map, as many as have room; zoom in for more">
        <input type="checkbox" checked={store.pictures.value} onChange={(e) => (store.pictures.value = e.currentTarget.checked)} />
        pictures
      </label>
    </div>
  );
}

function Axes() {
  const store = useStore();
  const [across, up] = store.axes.value;
  const choose = (place: 0 | 1, name: string) => {
    const axes: [string, string] = [across, up];
    if (axes[1 - place] === name) axes[1 - place] = axes[place]!; // exchanged
    axes[place] = name;
    store.wantsSimilar = false;
    store.axes.value = axes;
  };
  return (
    <>
      {([[0, "Across", across], [1, "Up", up]] as const).map(([place, title, value]) => (
        <label key={title}>
          <span>{title}</span>
          <select value={value} onChange={(e) => choose(place, e.currentTarget.value)}>
            {store.names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
      ))}
    </>
  );
}

/** One slider for each parameter that varies and is not an axis. */
export function Slices() {
  const store = useStore();
  const others = store.others.value.filter((name) => name === START || !store.similar);
  if (!others.length) return null;
  return (
    <div class="slices">
      {others.map((name) => {
        if (name === START) return <StartChoice key={name} />;
        const values = store.valuesOf(name);
        const chosen = store.slice(name);
        const set = (value: number | null) => (store.slices.value = { ...store.slices.value, [name]: value });
        const place = chosen === null ? 0 : Math.max(0, values.indexOf(chosen));
        return (
          <div key={name} class="slice">
            <label>
              <span>{name} {chosen === null ? `all ${values.length} values` : `= ${number(chosen)}`}</span>
              <input
                type="range" min={0} max={values.length - 1} value={place} aria-valuetext={chosen === null ? "all" : number(chosen)}
                onInput={(e) => set(values[Number(e.currentTarget.value)] ?? null)}
              />
            </label>
            <label class="check">
              <input type="checkbox" checked={chosen === null} onChange={(e) => set(e.currentTarget.checked ? null : (values[0] ?? null))} />
              all {name}
            </label>
          </div>
        );
      })}
    </div>
  );
}
