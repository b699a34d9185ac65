// The montage: thumbnails of a group of patterns, sorted, labelled with keys. Only visible tiles have elements.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Floats } from "../data/source";
import { labelByKey } from "../state/labelling";
import { titled, type Store } from "../state/store";
import { readingOf } from "./map/colours";
import { useStore } from "./context";
import { LabelBar, Told } from "./labelbar";
import { Thumbnail } from "./thumbnail";

const CAPTION = 22;
const GAP = 6;
const WORDS: Record<string, string> = {
  "*selected": "selected on the map", "*annotated": "labelled by a person", "*differing": "read differently", "*unknown": "unknown: unlike every class", "*all": "all",
};

/** Whether a row belongs to a group; null for groups that are lists. */
function fits(store: Store, group: string): ((row: number) => boolean) | null {
  const { annotated, label } = store.labels;
  if (group === "*selected" || group === "*differing") return null;
  if (group === "*all") return () => true;
  if (group === "*annotated") return (row) => annotated[row] === 1;
  if (group === "*unknown") return (row) => readingOf(store, row) === "unknown";
  const wanted = group === "*rejected" ? -1 : store.classes.value.findIndex((info) => info.name === group);
  return (row) => label[row] === wanted;
}

function members(store: Store, group: string): number[] {
  const belongs = fits(store, group);
  if (!belongs) return group === "*selected" ? store.selection.value : (store.comparison.value?.differs ?? []);
  const found: number[] = [];
  for (let row = 0; row < store.table.total; row++) if (belongs(row)) found.push(row);
  return found;
}

function countOf(store: Store, group: string): number {
  const belongs = fits(store, group);
  if (!belongs) return members(store, group).length;
  let count = 0;
  for (let row = 0; row < store.table.total; row++) if (belongs(row)) count++;
  return count;
}

function groups(store: Store): [string, string][] {
  const found: [string, string][] = [];
  if (store.selection.value.length) found.push(["*selected", `${WORDS["*selected"]} (${store.selection.value.length})`]);
  store.classes.value.forEach((info, i) => {
    const count = store.counts.value.get(i) ?? 0;
    if (count) found.push([info.name, `${titled(info)} (${count})`]);
  });
  const rejected = store.counts.value.get(-1) ?? 0;
  if (rejected) found.push(["*rejected", `ambiguous (${rejected})`]);
  for (const name of ["*unknown", "*annotated", "*differing", "*all"]) {
    const count = countOf(store, name);
    if (count) found.push([name, `${WORDS[name]} (${count})`]);
  }
  return found;
}

/** Whether there is such a group, also if it is empty by now. */
function exists(store: Store, group: string): boolean {
  if (group === "*selected") return store.selection.value.length > 0;
  if (group === "*differing") return store.comparison.value !== null || store.comparing.value || (store.manifest.compared !== null && !store.there.value);
  return group === "*rejected" || group in WORDS || store.classes.value.some(({ name }) => name === group);
}

function titleOf(store: Store, group: string): string {
  return WORDS[group] ?? (group === "*rejected" ? "ambiguous" : titled(store.classes.value.find(({ name }) => name === group)));
}

export function Montage() {
  const store = useStore();
  void store.changes.value;
  // A label changes the class of the shown pattern and the sizes of groups; the group stays, or a key would label another pattern.
  const [first] = useState(() => store.classOf(store.row.peek())?.name ?? "*all");
  const group = [store.group.value, first].find((name) => name && exists(store, name)) ?? "*all";
  const found = groups(store), options = found.some(([name]) => name === group) ? found : [...found, [group, `${titleOf(store, group)} (${store.comparing.value ? "…" : 0})`] as const];
  const variables = store.manifest.variables;
  const [by, setBy] = useState(variables.some((v) => v.name === "margin") ? "margin" : (variables[0]?.name ?? ""));
  const [largest, setLargest] = useState(false);
  const [sorting, setSorting] = useState<{ by: string; values: Floats | null } | null>(null); // null until it is known
  const [why, setWhy] = useState("");

  useEffect(() => {
    let there = true;
    const sort = (values: Floats | null) => there && setSorting({ by, values });
    if (!by) sort(null);
    else void store.column(by).then(sort, (error: Error) => {
      store.tell(error.message, true);
      sort(null);
    });
    return () => {
      there = false;
    };
  }, [store, by]);

  // Labelled patterns keep their places until the reader chooses another group or order.
  const order = useMemo(() => {
    const rows = members(store, group), values = sorting?.values;
    if (!values) return rows;
    const sign = largest ? -1 : 1;
    const ranks = Float64Array.from(rows, (row) => (Number.isNaN(values[row] ?? NaN) ? Infinity : sign * values[row]!));
    const places = Uint32Array.from(rows, (_, i) => i).sort((a, b) => ranks[a]! - ranks[b]! || rows[a]! - rows[b]!);
    return Array.from(places, (place) => rows[place]!);
  }, [store, group, sorting, largest, group === "*selected" ? store.selection.value : group === "*differing" ? store.comparison.value : null]);
  const ready = sorting?.by === by && (group !== "*differing" || store.comparison.value !== null);

  return (
    <div class="montage">
      <div class="controls">
        <label><span>Patterns</span>
          <select value={group} onChange={(e) => (store.group.value = e.currentTarget.value)}>
            {options.map(([name, title]) => <option key={name} value={name}>{title}</option>)}
          </select>
        </label>
        <label><span>Sorted by</span>
          <select value={by} onChange={(e) => setBy(e.currentTarget.value)}>
            {variables.map(({ name }) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <button type="button" onClick={() => setLargest(!largest)}>{largest ? "largest first" : "smallest first"}</button>
        {store.selection.value.length > 0 && <button type="button" class="clear" onClick={() => store.select([])}>clear selection</button>}
        {store.source.labels && (
          <label><span>Reason (for the log)</span><input value={why} maxLength={200} onInput={(e) => setWhy(e.currentTarget.value)} /></label>
        )}
      </div>
      {/* Patterns that changed places after they are shown would make a key label another one. */}
      {ready ? <Tiles order={order} why={why} /> : <div class="skeleton tall" aria-busy="true" />}
    </div>
  );
}

function Tiles({ order, why }: { order: number[]; why: string }) {
  const store = useStore();
  const scroller = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 600, height: 400, top: 0 });
  const [focus, setFocus] = useState(0);
  const [anchor, setAnchor] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [creating, setCreating] = useState(false);

  useLayoutEffect(() => {
    const element = scroller.current!;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight, top: element.scrollTop });
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    setFocus(0);
    setAnchor(0);
    setChosen(new Set());
  }, [order]);

  const tile = size.width < 500 ? 68 : 84;
  const across = Math.max(1, Math.floor((size.width - GAP) / (tile + GAP)));
  const pitch = tile + CAPTION + GAP;
  const first = Math.max(0, Math.floor(size.top / pitch) - 1) * across;
  const last = Math.min(order.length, first + (Math.ceil(size.height / pitch) + 3) * across);
  const targets = () => (chosen.size ? order.filter((row) => chosen.has(row)) : order.length ? [order[focus]!] : []);

  const to = (index: number, extend: boolean) => {
    const next = Math.min(order.length - 1, Math.max(0, index));
    setFocus(next);
    if (extend) setChosen(new Set(order.slice(Math.min(anchor, next), Math.max(anchor, next) + 1)));
    else setAnchor(next);
    const view = scroller.current!;
    const top = Math.floor(next / across) * pitch;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + pitch + GAP > view.scrollTop + view.clientHeight) view.scrollTop = top + pitch + GAP - view.clientHeight;
  };
  const done = () => {
    if (chosen.size) setChosen(new Set());
    else to(focus + 1, false);
    scroller.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(size.height / pitch)) * across;
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, PageUp: -page, PageDown: page };
    const control = event.ctrlKey || event.metaKey;
    if (event.altKey || (control && event.key !== "a")) return;
    if (event.key in moves) to(focus + moves[event.key]!, event.shiftKey);
    else if (event.key === "Home") to(0, event.shiftKey);
    else if (event.key === "End") to(order.length - 1, event.shiftKey);
    else if (event.key === "Enter") open(order[focus]!);
    else if (event.key === "Escape") setChosen(new Set());
    else if (control) setChosen(new Set(order));
    else {
      const next = labelByKey(store, targets(), event, why);
      if (!next) return;
      if (next === "new") setCreating(true);
      else if (next === "next") done();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const open = (row: number) => {
    store.open(row);
    store.tab.value = "pattern";
  };
  const click = (index: number, event: MouseEvent) => {
    if (event.shiftKey) to(index, true);
    else if (event.ctrlKey || event.metaKey) {
      const next = new Set(chosen);
      if (!next.delete(order[index]!)) next.add(order[index]!);
      setChosen(next);
      setFocus(index);
      setAnchor(index);
    } else {
      setChosen(new Set());
      to(index, false);
      store.open(order[index]!);
    }
  };

  const labelled = order.reduce((sum, row) => sum + (store.labels.annotated[row] ? 1 : 0), 0);
  const visible = order.slice(first, last);
  return (
    <>
      <LabelBar targets={targets} done={done} creating={creating} setCreating={setCreating} />
      <Told />
      <p class="count">
        {order.length} patterns{labelled > 0 && `, ${labelled} labelled`}{chosen.size > 0 && `, ${chosen.size} selected`}
        <span class="soft">. Click shows a pattern, double-click or Enter opens it.</span>
      </p>
      <div
        class="scroller" ref={scroller} tabIndex={0} role="listbox" aria-multiselectable="true" aria-label="Patterns" onKeyDown={key}
        aria-activedescendant={visible.includes(order[focus] ?? -1) ? `pattern-${order[focus]}` : undefined}
        onScroll={(e) => setSize({ ...size, top: e.currentTarget.scrollTop })}
      >
        <div class="space" role="presentation" style={{ height: `${Math.ceil(order.length / across) * pitch + GAP}px` }}>
          {visible.map((row, i) => (
            <Tile
              key={row} row={row} side={tile} chosen={chosen.has(row)} focused={first + i === focus}
              left={GAP + ((first + i) % across) * (tile + GAP)} top={GAP + Math.floor((first + i) / across) * pitch}
              onClick={(event) => click(first + i, event)} onOpen={() => open(row)}
            />
          ))}
        </div>
      </div>
    </>
  );
}

interface TileProps {
  row: number;
  side: number;
  left: number;
  top: number;
  chosen: boolean;
  focused: boolean;
  onClick: (event: MouseEvent) => void;
  onOpen: () => void;
}

const MARKS: Record<string, string> = { rejected: "✗", confirmed: "✓", relabelled: "✎", saving: "…", unsaved: "! not saved" };

function Tile({ row, side, left, top, chosen, focused, onClick, onOpen }: TileProps) {
  const store = useStore();
  const { labels, table } = store;
  const info = store.classOf(row);
  const stored = !labels.annotated[row] ? "" : labels.label[row] === -1 ? "rejected" : labels.label[row] === table.read[row] ? "confirmed" : "relabelled";
  const state = store.saving.value.has(row) ? "saving" : store.unsaved.value.has(row) ? "unsaved" : stored;
  const by = table.decisions[table.readBy[row] ?? 0] ?? "";
  // A person's label stands without the network's probability, which belongs to the network's class.
  const basis = !store.manifest.read ? "" : by === "network" ? `${Math.round((table.probability[row] ?? 0) * 100)} %` : by;
  const text = `run ${table.run[row]}, ${store.described(row)}, ${store.point(row)}${state ? `, ${state}` : ""}`;
  return (
    <div
      class={`tile ${state}${chosen ? " chosen" : ""}${focused ? " focus" : ""}`} id={`pattern-${row}`} data-row={row} role="option"
      aria-selected={chosen} aria-label={text} title={text} style={{ left: `${left}px`, top: `${top}px`, width: `${side}px` }}
      onClick={onClick} onDblClick={onOpen}
    >
      <Thumbnail row={row} side={side} />
      <div class="caption"><i style={{ background: info?.colour ?? "#ffffff" }} /><b>{info?.symbol ?? ""}</b> {MARKS[state] ?? basis}</div>
    </div>
  );
}
