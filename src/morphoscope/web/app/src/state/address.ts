// The address carries what is shown, after the #, so that a link leads to it: atlas, run, colouring, axes, tab, part of
// the map. Back and forward go through patterns, tabs, colourings and axes, not through every movement of the map.

import { batch, effect, untracked } from "@preact/signals";

import { showSimilarity } from "./similarity";
import { SIMILAR, type Store, type Tab, type Window } from "./store";

const TABS: Tab[] = ["map", "pattern", "montage", "live", "groups", "proposals", "pass", "compare", "photograph", "share"];
const GROUPS = ["*unknown", "*annotated", "*differing", "*rejected", "*all"]; // of the montage, besides classes
const QUIET = 400; // milliseconds without a movement of the map after which the address has it

export function written(store: Store): string {
  const values = new URLSearchParams({ atlas: store.manifest.name, run: String(store.run) });
  values.set("tab", store.tab.value);
  values.set("colour", store.colouring.value);
  if (store.axes.value[0]) values.set("axes", store.similar ? "similarity" : store.axes.value.join(","));
  for (const [name, value] of Object.entries(store.slices.value)) values.set(`at.${name}`, value === null ? "all" : String(value));
  const hidden = [...store.hidden.value].map((i) => store.classes.value[i]?.name).filter(Boolean);
  if (hidden.length) values.set("hidden", hidden.join(","));
  if (store.group.value && store.group.value !== "*selected") values.set("group", store.group.value);
  if (store.window.value) values.set("view", store.window.value.map((v) => Number(v.toPrecision(7))).join(","));
  return `#${values.toString().replaceAll("%2C", ",")}`;
}

export function read(store: Store, hash: string): void {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const atlas = values.get("atlas");
  if (atlas !== null && atlas !== store.manifest.name)
    store.tell(`The link is to the atlas ${atlas}; this is ${store.manifest.name}.`, true);
  batch(() => {
    const row = store.rowOf(Number(values.get("run") ?? NaN));
    if (row >= 0) store.row.value = row;
    const tab = values.get("tab") as Tab;
    if (TABS.includes(tab)) store.tab.value = tab;
    const colour = values.get("colour");
    if (colour && (["class", "unknown"].includes(colour) || store.manifest.variables.some((v) => v.name === colour)))
      store.colouring.value = colour;
    const axes = values.get("axes")?.split(",") ?? [];
    if (axes.length === 2 && axes.every((name) => store.names.includes(name))) store.axes.value = axes as [string, string];
    if (axes[0] === "similarity") {
      if (store.similarity.value) store.axes.value = SIMILAR;
      else void showSimilarity(store);
    } else store.wantsSimilar = false;
    const slices: Record<string, number | null> = {};
    for (const name of Object.keys(store.dimensions)) if (values.has(`at.${name}`)) slices[name] = values.get(`at.${name}`) === "all" ? null : Number(values.get(`at.${name}`));
    store.slices.value = slices;
    const hidden = values.get("hidden")?.split(",") ?? [];
    const classes = store.classes.value;
    store.hidden.value = new Set(hidden.map((name) => classes.findIndex((c) => c.name === name)).filter((i) => i >= 0));
    const group = values.get("group");
    if (group && (GROUPS.includes(group) || classes.some((c) => c.name === group))) store.group.value = group;
    else if (store.group.peek() !== "*selected") store.group.value = "";
    const view = values.get("view")?.split(",").map(Number) ?? [];
    store.window.value = view.length === 4 && view.every(Number.isFinite) ? (view as Window) : null;
  });
}

/** Keep address and store the same. Returns the function that ends it. */
export function bind(store: Store): () => void {
  if (location.hash.length > 1) read(store, location.hash);
  let given = true; // whether the address says what shall be shown, as at first and after back
  let timer = 0;
  const stop = effect(() => {
    // The choices that back and forward go through.
    void [store.row.value, store.tab.value, store.colouring.value, store.axes.value, store.slices.value, store.hidden.value, store.group.value];
    const address = untracked(() => written(store));
    if (address === location.hash) return;
    if (given || sameChoice(address, location.hash)) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
  });
  given = false;
  const moved = effect(() => {
    void store.window.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => history.replaceState(null, "", untracked(() => written(store))), QUIET);
  });
  const back = () => {
    given = true; // what can't be shown again makes no new entry, which would be in the way of the next step back
    read(store, location.hash);
    given = false;
  };
  addEventListener("popstate", back);
  return () => {
    stop();
    moved();
    clearTimeout(timer);
    removeEventListener("popstate", back);
  };
}

/** Whether two addresses differ only in the part of the map and in the group of the montage. */
function sameChoice(one: string, other: string): boolean {
  const bare = (text: string) => {
    const values = new URLSearchParams(text.replace(/^#/, ""));
    values.delete("view");
    values.delete("group");
    return values.toString();
  };
  return bare(one) === bare(other);
}

