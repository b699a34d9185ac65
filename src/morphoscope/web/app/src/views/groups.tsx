// The groups of a chart: what they are; other names, merging, splitting, undo; confirming them and training on them.

import { useEffect, useRef, useState } from "preact/hooks";

import { request } from "../state/labelling";
import { runs, titled, type Store } from "../state/store";
import { useStore } from "./context";
import { Look } from "./group_look";
import { NAME, Told } from "./labelbar";
import { useReturns } from "./returns";
import { Strip } from "./strip";

interface Group {
  name: string;
  runs: number;
  words: string;
  stability: number | null; // null: it was not measured
  stable: boolean;
  typical: number[]; // rows, from the most to the least typical
  unsplittable: string; // why it can't be split; empty if it can
  most: number; // parts
}

interface Groups {
  edition: string;
  groups: Group[];
  changes: { what: string; who: string; at: string }[];
  confirmed: { who: string; at: string } | null;
  about: string;
}

export type Change =
  | { rename: Record<string, string> }
  | { merge: Record<string, string[]> }
  | { split: Record<string, number> }
  | { color: Record<string, string> }
  | { symbol: Record<string, string> }
  | { undo: true; edition: string } // of the groups that the reader has seen
  | { confirm: true; edition: string };
export type Send = (change: Change, text: string, focus?: string) => Promise<boolean>; // `focus`: the group that gets it then

const SIDE = 52; // pixels of a thumbnail
const PARTS = 6; // at most, in one step

export function Groups() {
  const store = useStore();
  void store.changes.value;
  const { edition } = store.manifest;
  const [found, setFound] = useState<Groups | null>(null);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const returns = useReturns(store);
  const list = useRef<HTMLUListElement>(null);
  const next = useRef({ name: "", from: null as Element | null }); // the group whose name gets the focus, unless it has moved
  useEffect(() => {
    const { name, from } = next.current, now = document.activeElement;
    const input = list.current?.querySelector<HTMLInputElement>(`[data-group="${name}"] .name-input`);
    if (!name || !input) return;
    if (!now || now === document.body || now === from) input.focus();
    next.current = { name: "", from: null };
  }, [found]);
  useEffect(() => {
    let there = true;
    void store.source.ask<Groups>("groups").then(
      (answer) => {
        if (!there) return;
        setFound(answer);
        const names = new Set(answer.groups.map(({ name }) => name));
        setTicked((before) => new Set([...before].filter((name) => names.has(name))));
      },
      (error: Error) => there && store.tell(error.message, true),
    );
    return () => {
      there = false;
    };
  }, [store, edition, returns]);
  if (!found) return <div><Told /><div class="skeleton" aria-busy="true" /></div>;

  const send: Send = async (change, text, focus = "") => {
    setBusy(true);
    next.current = { name: focus, from: document.activeElement };
    const done = await request(store, [], text, () => store.source.ask<string>("regroup", { who: store.who.value, ...change }));
    setBusy(false);
    return done;
  };
  const tick = (name: string) => {
    const next = new Set(ticked);
    if (!next.delete(name)) next.add(name);
    setTicked(next);
  };
  const groups = found.groups.filter(({ runs }) => runs > 0);
  const last = found.changes.at(-1);
  return (
    <div class="groups">
      <p>{found.about} <span class="soft">Name, merge and split them; every change is saved at once and can be undone.</span></p>
      <div class="sticky">
        <div class="actions">
          <button type="button" disabled={busy || !last} onClick={() => void send({ undo: true, edition: found.edition }, `undone: ${last!.what}`)}>undo</button>
          <span class="soft">{last ? `${last.what} (${last.who})` : "The groups are as they were found."}</span>
        </div>
        <Merging groups={groups.filter(({ name }) => ticked.has(name))} busy={busy} send={send} done={() => setTicked(new Set())} />
        <Told />
      </div>
      <ul class="group-list" ref={list} aria-label="Groups">
        {groups.map((group) => <Row key={group.name} group={group} ticked={ticked.has(group.name)} tick={() => tick(group.name)} busy={busy} send={send} />)}
      </ul>
      <Others groups={found.groups} />
      <Confirming confirmed={found.confirmed} edition={found.edition} busy={busy} send={send} setBusy={setBusy} />
    </div>
  );
}

function problemOf(store: Store, name: string): boolean {
  if (NAME.test(name)) return false;
  store.tell(`"${name}" can't be a name: expected Latin letters, digits, - and _, beginning with a letter, as in moving-spots`, true);
  return true;
}

function Merging({ groups, busy, send, done }: { groups: Group[]; busy: boolean; send: Send; done: () => void }) {
  const store = useStore();
  const [typed, setTyped] = useState("");
  const enough = groups.length > 1;
  const largest = groups.reduce<Group | null>((best, group) => (best && best.runs >= group.runs ? best : group), null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = typed.trim() || largest?.name || "";
    if (!enough || problemOf(store, name)) return;
    const names = groups.map((group) => group.name);
    if (await send({ merge: { [name]: names } }, `${names.join(", ")} merged into ${name}`, name)) {
      setTyped("");
      done();
    }
  };
  return (
    <form class="controls merging" aria-label="Merge groups" onSubmit={(event) => void submit(event)} noValidate>
      <span class={enough ? "picked" : "picked soft"}>{enough ? groups.map(({ name }) => name).join(" + ") : "Tick two groups or more to merge them."}</span>
      {enough && (
        <>
          <button type="submit" class="primary" disabled={busy}>merge into</button>
          <input aria-label="Name of the merged group" value={typed} maxLength={32} autocomplete="off" placeholder={largest?.name ?? ""} onInput={(e) => setTyped(e.currentTarget.value)} />
        </>
      )}
    </form>
  );
}

interface RowProps {
  group: Group;
  ticked: boolean;
  tick: () => void;
  busy: boolean;
  send: Send;
}

function Row({ group, ticked, tick, busy, send }: RowProps) {
  const store = useStore();
  const { name } = group;
  const index = store.classes.value.findIndex((info) => info.name === name);
  const info = store.classes.value[index];
  const count = store.counts.value.get(index) ?? 0;
  const rows = () => Array.from(store.labels.label.keys()).filter((row) => store.labels.label[row] === index);
  const montage = () => {
    store.group.value = name;
    store.tab.value = "montage";
  };
  return (
    <li class={`group${ticked ? " ticked" : ""}`} data-group={name}>
      <div class="group-head">
        <input type="checkbox" checked={ticked} onChange={tick} aria-label={`Tick ${name}`} />
        {info && <Look info={info} busy={busy} send={send} />}
        <Name group={group} busy={busy} send={send} />
        <span class="size">{runs(count)}</span>
        <div class="group-tools">
          <Highlight name={name} rows={rows} />
          <Splitting group={group} busy={busy} send={send} />
        </div>
        {!group.stable && <span class="badge bad" title="A repetition with other random parts of the data divides these runs in another way">not stable</span>}
      </div>
      <p class="words">{group.words}{group.stability !== null && <span class="soft"> · stability {group.stability.toFixed(2)}</span>}</p>
      <Strip rows={group.typical} side={SIDE} name={`Montage of ${name}`} onClick={montage} />
      {group.unsplittable && <p class="words soft">It can't be split: {group.unsplittable}.</p>}
    </li>
  );
}

function Name({ group, busy, send }: { group: Group; busy: boolean; send: Send }) {
  const store = useStore();
  const [typed, setTyped] = useState(group.name);
  const name = typed.trim();
  const other = name !== group.name;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!other || busy || problemOf(store, name)) return;
    await send({ rename: { [group.name]: name } }, `${group.name} renamed ${name}`, name);
  };
  return (
    <form class="naming" onSubmit={(event) => void submit(event)} onKeyDown={(e) => e.key === "Escape" && setTyped(group.name)} noValidate>
      <input
        class="name-input" value={typed} maxLength={32} autocomplete="off" spellcheck={false} aria-label={`Name of ${group.name}`}
        title="Type another name and press Enter; Escape keeps the old one" onInput={(e) => setTyped(e.currentTarget.value)}
      />
      {other && <button type="submit" class="primary" disabled={busy}>rename</button>}
    </form>
  );
}

/** Shows on the map where the runs of a group or proposal lie; again, all. */
export function Highlight({ name, rows }: { name: string; rows: () => number[] }) {
  const store = useStore();
  const chosen = store.selection.value;
  const own = rows();
  const pressed = chosen.length > 0 && chosen.length === own.length && own.every((row, i) => row === chosen[i]);
  const show = (event: MouseEvent) => {
    store.highlight(pressed ? [] : own);
    // On a phone the map is another view.
    if (!pressed && (event.currentTarget as Element).closest(".phone")) store.tab.value = "map";
  };
  return (
    <button type="button" aria-pressed={pressed} aria-label={`Show ${name} on the map`} onClick={show}>on the map</button>
  );
}

function Splitting({ group, busy, send }: { group: Group; busy: boolean; send: Send }) {
  const [parts, setParts] = useState(2);
  if (group.unsplittable) return null;
  const most = Math.min(PARTS, group.most);
  return (
    <span class="splitting">
      <button type="button" disabled={busy} aria-label={`Split ${group.name}`} onClick={() => void send({ split: { [group.name]: parts } }, `${group.name} split into ${parts}`, firstPart(group.name))}>split into</button>
      <select aria-label={`Parts of ${group.name}`} value={parts} onChange={(e) => setParts(Number(e.currentTarget.value))}>
        {Array.from({ length: most - 1 }, (_, i) => <option key={i} value={i + 2}>{i + 2}</option>)}
      </select>
    </span>
  );
}

/** The name of the largest part of a group. */
function firstPart(name: string): string {
  return /\d$/.test(name) ? `${name}a` : `${name}-a`;
}

/** Classes that are no groups: people gave them to single runs. */
function Others({ groups }: { groups: Group[] }) {
  const store = useStore();
  const names = new Set(groups.map(({ name }) => name));
  const others = store.classes.value.flatMap((info, i) => {
    const count = store.counts.value.get(i) ?? 0;
    return names.has(info.name) || !count ? [] : [`${titled(info)} (${count})`];
  });
  return others.length ? <p>Beside the groups, people gave runs the classes {others.join(", ")}.</p> : null;
}

function Confirming({ confirmed, edition, busy, send, setBusy }: { confirmed: Groups["confirmed"]; edition: string; busy: boolean; send: Send; setBusy: (busy: boolean) => void }) {
  const store = useStore();
  const train = async () => {
    setBusy(true);
    const text = confirmed ? "training begins" : "the groups are confirmed, training begins";
    const begun = await request(store, [], text, () => store.source.ask<string>("classifier", { who: store.who.value, edition }));
    setBusy(false);
    if (begun) store.tab.value = "pass";
  };
  return (
    <section class="confirming">
      <h3>From groups to a classifier</h3>
      <p>
        {confirmed ? `${confirmed.who} confirmed these groups on ${confirmed.at.slice(0, 10)}. A change withdraws that.`
          : "The groups are proposals. Look at the montage of each, correct single runs there, and confirm them when they are as you want them."}
        {" "}A classifier is trained on up to 200 runs of each group and reads the same runs again; both maps can be compared.
      </p>
      <div class="actions">
        {!confirmed && <button type="button" disabled={busy} onClick={() => void send({ confirm: true, edition }, "the groups are confirmed")}>confirm the groups</button>}
        <button type="button" class="primary" disabled={busy || !store.manifest.capabilities.train} onClick={() => void train()}>{confirmed ? "train a classifier" : "confirm them and train a classifier"}</button>
      </div>
    </section>
  );
}
