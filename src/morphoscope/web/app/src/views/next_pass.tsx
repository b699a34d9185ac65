// Labels so far, the training set that they make, and the training of the next pass.

import { useEffect, useState } from "preact/hooks";

import type { PassStatus } from "../data/source";
import { renewComparison } from "../state/comparison";
import { useStore } from "./context";

interface Log {
  total: number;
  people: string[];
  lines: { run: number; who: string; at: string; what: string; why: string; undone: boolean }[];
}

interface Choice {
  problem: string;
  rows: [string, number][];
  remarks: string[];
  runsPerClass: number;
}

const POLL = 500;

export function NextPass() {
  const store = useStore();
  const [log, setLog] = useState<Log | null>(null);
  const [choice, setChoice] = useState<Choice | null>(null);
  const [problem, setProblem] = useState("");
  const changes = store.changes.value;
  useEffect(() => {
    let there = true;
    // Together: a log that comes later would push what stands below it.
    void Promise.all([store.source.ask<Log>("log"), store.source.ask<Choice>("choice")]).then(
      ([lines, found]) => {
        if (!there) return;
        setProblem("");
        setLog(lines);
        setChoice(found);
      },
      (error: Error) => there && setProblem(error.message),
    );
    return () => {
      there = false;
    };
  }, [store, changes]);
  return (
    <div class="pass">
      {problem && <p class="problem" role="alert">{problem}</p>}
      <h3>Labels</h3>
      {log ? <LogTable log={log} /> : <div class="skeleton" aria-busy="true" />}
      <h3>The next training set</h3>
      {!choice ? <div class="skeleton" aria-busy="true" /> : choice.problem ? <p>{choice.problem}.</p> : (
        <>
          <p>Parameter points per class, with those of the last training set: {choice.rows.map(([name, count]) => `${name} ${count}`).join(", ")}.</p>
          {choice.remarks.map((text) => <p key={text}>{text}.</p>)}
        </>
      )}
      {store.manifest.capabilities.groups && <p class="soft">A classifier of the groups as they are, without new runs, is trained in the tab Groups.</p>}
      {store.manifest.capabilities.train && choice && <Training most={choice.runsPerClass} ready={!choice.problem} />}
    </div>
  );
}

function LogTable({ log }: { log: Log }) {
  const store = useStore();
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [agreement, setAgreement] = useState("");
  const one = first || (log.people[0] ?? "");
  const other = second || (log.people.find((name) => name !== one) ?? "");
  useEffect(() => {
    setAgreement("");
    if (!one || !other || one === other) return;
    void store.source.ask<string>("agreement", { first: one, second: other }).then(setAgreement, (error: Error) => setAgreement(error.message));
  }, [one, other, log.total]);
  if (!log.total) return <p>None yet. Open the montage and give patterns a class, one key each.</p>;
  return (
    <>
      <div class="wide">
        <table>
          <thead><tr>{["run", "person", "time (UTC)", "label", "reason"].map((name) => <th scope="col" key={name}>{name}</th>)}</tr></thead>
          <tbody>
            {log.lines.map((line, i) => (
              <tr key={i} class={line.undone ? "undone" : ""}><td>{line.run}</td><td>{line.who}</td><td>{line.at}</td><td>{line.what}</td><td>{line.why}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>{log.total} in total, latest first. <a href="/data/log" download>All as CSV</a></p>
      {log.people.length > 1 && (
        <div class="controls">
          {([["Person", one, setFirst], ["compared with", other, setSecond]] as const).map(([title, value, set]) => (
            <label key={title}><span>{title}</span>
              <select value={value} onChange={(e) => set(e.currentTarget.value)}>{log.people.map((name) => <option key={name}>{name}</option>)}</select>
            </label>
          ))}
          <span role="status">{agreement}</span>
        </div>
      )}
    </>
  );
}

function Training({ most, ready }: { most: number; ready: boolean }) {
  const store = useStore();
  const [status, setStatus] = useState<PassStatus | null>(null);
  const [values, setValues] = useState({ runs: most, epochs: 0, seed: 0 });
  const [problem, setProblem] = useState("");
  const running = status?.phase === "running";
  const [unheard, setUnheard] = useState(""); // why the last question how far it is had no answer
  const ask = (action: string, sent: Record<string, number> = {}) => {
    setProblem("");
    return store.source.ask<PassStatus>(action, sent).then(setStatus, (error: Error) => setProblem(error.message));
  };
  useEffect(() => {
    const look = () =>
      void store.source.ask<PassStatus>("status").then(
        (found) => {
          setUnheard("");
          setStatus(found);
        },
        (error: Error) => setUnheard(error.message),
      );
    look();
    const timer = setInterval(look, POLL);
    return () => clearInterval(timer);
  }, [store]);
  const result = status?.result ?? "", comparison = store.comparison.value;
  useEffect(() => {
    if (result) void renewComparison(store).catch((error: Error) => setProblem(error.message));
  }, [store, result]);
  const field = (name: "runs" | "epochs" | "seed", title: string, low: number, high: number) => (
    <label><span>{title}</span>
      <input type="number" min={low} max={high} value={values[name]} onInput={(e) => setValues({ ...values, [name]: Number(e.currentTarget.value) })} />
    </label>
  );
  return (
    <>
      <div class="controls">
        {field("runs", "Runs per class", 2, 1000)}
        {field("epochs", "Epochs (0: default)", 0, 1000)}
        {field("seed", "Seed", 0, 2 ** 31 - 1)}
        <button type="button" class="primary" disabled={running || !ready} onClick={() => void ask("train", values)}>train the next pass</button>
        <button type="button" disabled={!running} onClick={() => void ask("cancel")}>cancel</button>
      </div>
      {status && status.phase !== "idle" && (
        <>
          <progress value={status.share} max={1} aria-label="Progress of the pass" />
          <p role="status">{status.text}{status.phase === "done" && comparison?.of === result && accuracy(comparison.accuracy)}</p>
          {status.result && <div class="actions"><button type="button" onClick={() => (store.tab.value = "compare")}>compare both readings</button></div>}
        </>
      )}
      {(problem || unheard) && <p class="problem" role="alert">{problem || unheard}</p>}
    </>
  );
}

function accuracy(value: number | null | undefined): string {
  return value == null ? "" : `; its network is right for ${(100 * value).toFixed(1)} % of its validation runs`;
}
