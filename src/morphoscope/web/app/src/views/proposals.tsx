// Proposed classes: patterns that nobody labelled, beside those of the classes that they were read as; accepting one.

import { useEffect, useState } from "preact/hooks";

import { request } from "../state/labelling";
import { number, titled, type Store } from "../state/store";
import { useStore } from "./context";
import { Highlight } from "./groups";
import { NAME, Told } from "./labelbar";
import { useReturns } from "./returns";
import { Strip } from "./strip";

interface Proposal {
  number: number;
  rows: number[];
  readAs: [string, number][];
  beside: { name: string; rows: number[]; alike: boolean }[]; // `alike`: most like the proposal, else most probable
  reason: string;
  ranges: [string, number, number][];
  score: number;
  key: string; // of its runs: another search may have replaced the proposals meanwhile
}

interface Proposed {
  folder: string;
  notes: string[];
  proposals: Proposal[];
}

const SIDE = 60; // pixels of a thumbnail
const SHOWN = 16; // patterns of a proposal

function named(store: Store, name: string): string {
  return titled(store.classes.value.find((info) => info.name === name)) || name;
}

export function Proposals() {
  const store = useStore();
  const [found, setFound] = useState<Proposed | null>(null);
  const [problem, setProblem] = useState("");
  const returns = useReturns(store);
  void store.changes.value;
  const { edition } = store.manifest;
  useEffect(() => {
    let there = true;
    void store.source.ask<Proposed>("proposals").then(
      (answer) => {
        if (!there) return;
        setFound(answer);
        setProblem("");
      },
      (error: Error) => there && setProblem(error.message),
    );
    return () => {
      there = false;
    };
  }, [store, edition, returns]);
  if (problem) return <p class="problem" role="alert">{problem}.</p>;
  if (!found) return <div class="skeleton" aria-busy="true" />;
  return (
    <div class="proposals">
      <p>
        Groups of similar patterns that contain no label, best first: each may be a class that nobody labelled. Whether it is one is for you to decide.
        {" "}<span class="soft">From {found.folder}</span>
      </p>
      {found.notes.map((note) => <p key={note} class="soft">{note}.</p>)}
      <div class="sticky"><Told /></div>
      {!found.proposals.length && <p>There are none.</p>}
      {found.proposals.map((proposal) => <Card key={proposal.number} proposal={proposal} />)}
      <datalist id="proposal-classes">{store.classes.value.map(({ name }) => <option key={name} value={name} />)}</datalist>
    </div>
  );
}

/** How many runs of a proposal people have given which class. */
function given(store: Store, rows: number[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (!store.labels.annotated[row]) continue;
    const name = titled(store.classOf(row)) === "?" ? "ambiguous" : titled(store.classOf(row));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function spread(rows: number[], count: number): number[] {
  if (rows.length <= count) return rows;
  return Array.from({ length: count }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (count - 1))]!);
}

function Card({ proposal }: { proposal: Proposal }) {
  const store = useStore();
  const { rows } = proposal;
  const labelled = given(store, rows);
  const shown = spread(rows, SHOWN);
  const montage = (name: string) => {
    store.group.value = name;
    store.tab.value = "montage";
  };
  return (
    <section class="proposal" aria-label={`Proposal ${proposal.number}`} data-proposal={proposal.number}>
      <h3>
        Proposal {proposal.number}: {rows.length} runs
        {labelled.length > 0 && <span class="badge person">labelled: {labelled.map(([name, count]) => `${name} (${count})`).join(", ")}</span>}
      </h3>
      <p>Read as {proposal.readAs.map(([name, count]) => `${named(store, name)} (${count})`).join(", ")}; {proposal.ranges.map(([name, low, high]) => `${name} ${low === high ? number(low) : `${number(low)} to ${number(high)}`}`).join(", ")}.</p>
      <div class="sides">
        <figure>
          <Strip rows={shown} side={SIDE} name={`Proposal ${proposal.number} in the montage`} onClick={() => store.select(rows)} />
          <figcaption>the proposal{shown.length < rows.length && `, ${shown.length} of ${rows.length}`}</figcaption>
        </figure>
        {proposal.beside.map((side) => side.rows.length > 0 && (
          <figure key={side.name}>
            <Strip rows={side.rows} side={SIDE} name={`Montage of ${side.name}`} onClick={() => montage(side.name)} />
            <figcaption>{named(store, side.name)}, {side.alike ? "its runs that are most like the proposal" : "its most probable runs"}</figcaption>
          </figure>
        ))}
      </div>
      <p class="reason">{proposal.reason}</p>
      <div class="actions">
        <Highlight name={`proposal ${proposal.number}`} rows={() => rows} />
        <Accepting proposal={proposal} />
      </div>
    </section>
  );
}

function Accepting({ proposal }: { proposal: Proposal }) {
  const store = useStore();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = typed.trim();
    if (busy) return;
    if (!NAME.test(name)) {
      store.tell(`${name ? `"${name}" can't be the name of a class` : "Name the class first"}: expected Latin letters, digits, - and _, beginning with a letter, as in moving-spots`, true);
      return;
    }
    setBusy(true);
    const text = `proposal ${proposal.number}, ${proposal.rows.length} runs: ${name}`;
    const done = await request(store, proposal.rows, text, () => store.source.ask<string>("accept", { number: proposal.number, key: proposal.key, name, who: store.who.value }),
      proposal.rows.map(() => name));
    setBusy(false);
    if (done) setTyped("");
  };
  return (
    <form class="accepting" onSubmit={(event) => void submit(event)} noValidate>
      <button type="submit" class="primary" disabled={busy}>accept as class</button>
      <input value={typed} maxLength={32} list="proposal-classes" autocomplete="off" aria-label={`Class of proposal ${proposal.number}`} placeholder="name" onInput={(e) => setTyped(e.currentTarget.value)} />
    </form>
  );
}
