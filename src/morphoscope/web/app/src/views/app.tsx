// The page: header, map on one side, tabs on the other; on a phone, tabs over one view.

import { useEffect, useRef, useState } from "preact/hooks";

import mark from "../mark.svg";
import { type Tab } from "../state/store";
import { useStore } from "./context";
import { Help } from "./help";
import { MapSection } from "./map/section";
import { Pattern } from "./pattern";
import { useDrop } from "./photograph";
import { keptTheme, Settings } from "./settings";
import { TABS } from "./tabs";

type Layout = "phone" | "two" | "three";

function useLayout(root: { current: HTMLElement | null }): Layout {
  const [layout, setLayout] = useState<Layout>(() => layoutFor(innerWidth));
  useEffect(() => {
    const watch = new ResizeObserver(() => root.current && setLayout(layoutFor(root.current.clientWidth)));
    if (root.current) watch.observe(root.current);
    return () => watch.disconnect();
  }, []);
  return layout;
}

export function layoutFor(width: number): Layout {
  return width < 820 ? "phone" : width < 1900 ? "two" : "three";
}

export function App() {
  const store = useStore();
  const root = useRef<HTMLDivElement>(null);
  const layout = useLayout(root);
  useDrop(store, root);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const target = event.target as Node;
      const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
      if (event.key !== "?" || typing || (target !== document.body && !root.current?.contains(target))) return;
      store.help.value = true;
      event.preventDefault();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, [store]);
  return (
    <div class={`morphoscope ${layout}`} data-theme={store.theme.value} ref={root}>
      <Header />
      {!store.there.value && (
        <p class="banner" role="alert">The server does not answer: nothing is saved until it is back. Start <code>morphoscope explore</code> again, or wait.</p>
      )}
      <main>
        {layout !== "phone" && <MapSection />}
        {layout === "three" && <div class="panel"><Pattern /></div>}
        <Tabs layout={layout} />
      </main>
      <Help />
    </div>
  );
}

function Header() {
  const store = useStore();
  const { manifest } = store;
  const classes = store.classes.value.filter((_, i) => store.counts.value.get(i)).length;
  return (
    <header class="head">
      <span class="mark" aria-hidden="true" dangerouslySetInnerHTML={{ __html: mark }} />
      <div class="name">
        <h1>Morphoscope</h1>
        <p>{manifest.title} · {manifest.name} · {store.table.total} runs{manifest.read ? `, ${classes} classes` : ", not read by a classifier"}{manifest.classifier?.name && <span class="reader">, read by {manifest.classifier.name}</span>}</p>
      </div>
      <div class="choices">
        <Settings />
        <button type="button" onClick={() => (store.help.value = true)} aria-label="Help: keys and gestures">?</button>
      </div>
    </header>
  );
}

function Tabs({ layout }: { layout: Layout }) {
  const store = useStore();
  const list = useRef<HTMLDivElement>(null);
  const without: Tab[] = layout === "phone" ? [] : layout === "two" ? ["map"] : ["map", "pattern"];
  const tabs = TABS.filter((tab) => !without.includes(tab.name) && tab.there(store));
  const shown = tabs.find(({ name }) => name === store.tab.value) ?? (layout === "phone" ? tabs[0]! : tabs.find(({ name }) => name === "montage" || name === "pattern")!);
  const key = (event: KeyboardEvent) => {
    const now = tabs.indexOf(shown);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    store.tab.value = tabs[(next + tabs.length) % tabs.length]!.name;
    event.preventDefault();
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  const View = shown.view;
  return (
    <div class="tabs">
      <div class="tablist" role="tablist" aria-label="Views" ref={list} onKeyDown={key}>
        {tabs.map(({ name, title }) => (
          <button
            key={name} id={`tab-${name}`} type="button" role="tab" aria-selected={name === shown.name} aria-controls={name === shown.name ? `panel-${name}` : undefined}
            tabIndex={name === shown.name ? 0 : -1} onClick={() => (store.tab.value = name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div class="panel" role="tabpanel" id={`panel-${shown.name}`} aria-labelledby={`tab-${shown.name}`} tabIndex={-1}><View key={shown.name} /></div>
    </div>
  );
}

export function Loading({ problem }: { problem: string }) {
  return (
    <div class="morphoscope loading-page" data-theme={keptTheme()}>
      <header class="head"><span class="mark" aria-hidden="true" dangerouslySetInnerHTML={{ __html: mark }} /><div class="name"><h1>Morphoscope</h1></div></header>
      {problem ? <main><p class="problem" role="alert">{problem}</p></main>
        : <main aria-busy="true"><div class="skeleton tall" /><div class="skeleton tall" /></main>}
    </div>
  );
}

