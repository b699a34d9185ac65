// What the classifier reads in a live run, about once a second.

import { useEffect, useState } from "preact/hooks";

import type { ClassInfo } from "../../data/source";
import { Reader, type Reading } from "../../reader/reader";
import { titled } from "../../state/store";
import type { Session } from "./session";
import { plain } from "./words";

const AGAIN = 1000; // milliseconds between two readings
const SHOWN = 3; // classes

interface Timed extends Reading {
  time: number;
}

export interface ReadingProps {
  session: Session;
  network: () => Promise<ArrayBuffer | null>;
  classes: ClassInfo[]; // how they look; others are shown by their names
}

export function LiveReading({ session, network, classes }: ReadingProps) {
  const [reader, setReader] = useState<Reader | null | undefined>(undefined); // undefined: not there yet
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let wanted = true;
    void network().then(
      (content) => wanted && setReader(content && new Reader(content)),
      (error: Error) => wanted && setProblem(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [network]);
  if (problem) return <p class="problem" role="alert">The classifier can't be used: {problem}</p>;
  if (reader === undefined) return <div class="live-read" aria-hidden="true" />;
  if (!reader || (reader.header.model !== null && reader.header.model !== session.program.name)) return null;
  const refusal = reader.refuses(session.program.species, session.grid.width, session.grid.height, session.spacing);
  if (refusal) return <p class="soft">Not read: {refusal}.</p>;
  return <div class="live-read"><Read session={session} reader={reader} classes={classes} /></div>;
}

function Read({ session, reader, classes }: { session: Session; reader: Reader; classes: ClassInfo[] }) {
  const [found, setFound] = useState<{ of: Session; reading: Timed } | null>(null);
  const reading = found?.of === session ? found.reading : null;
  useEffect(() => {
    const { before, species } = reader.header, index = session.program.species.indexOf(species);
    const timer = setInterval(() => {
      const runner = session.runner;
      if (!runner?.playing.value || runner.taking) return;
      const dt = runner.simulator.dt, first = before[0] ?? 0, frames: Float32Array[] = [];
      runner.take(before.map((ago) => Math.round((first - ago) / dt)), (state, time) => {
        frames.push(state[index] as Float32Array);
        if (frames.length === before.length) setFound({ of: session, reading: { ...reader.read(frames, time), time } });
      });
    }, AGAIN);
    return () => clearInterval(timer);
  }, [session, reader]);
  if (!reading) return <p class="soft" role="status">The first reading follows after {plain(reader.header.before[0] ?? 0)} time units.</p>;
  const look = (name: string) => classes.find((info) => info.name === name);
  const named = (name: string) => (look(name) ? titled(look(name)) : name);
  const sure = reading.probabilities.get(reading.name) ?? 0;
  return (
    <div class="live-reading" data-class={reading.name}>
      <p role="status">
        <i class="swatch" style={{ background: look(reading.name)?.colour ?? "var(--line)" }} />
        <b>{named(reading.name)}</b> {reading.unknown && <span class="badge bad">unknown</span>}{" "}
        <span class="soft">
          at t = {plain(reading.time, 5)}, {reading.by === "network" ? `probability ${sure.toFixed(2)}` : "homogeneous"}
          {reading.known !== null && `, known score ${reading.known.toFixed(2)}`}
        </span>
      </p>
      {reading.outside && <p class="soft"><b>Too {reading.outside.startsWith("earlier") ? "early" : "late"} to rely on it:</b> the time is {reading.outside}.</p>}
      {reading.by === "network" && (
        <table class="bars"><tbody>
          {[...reading.probabilities].slice(0, SHOWN).map(([name, p]) => (
            <tr key={name}><th scope="row">{named(name)}</th><td><i style={{ width: `${100 * p}%`, background: look(name)?.colour ?? "var(--accent)" }} /></td><td>{p.toFixed(3)}</td></tr>
          ))}
        </tbody></table>
      )}
      {reading.coverage !== null && reading.by === "network" && <p class="soft">Set, {Math.round(100 * reading.coverage)} %: {reading.set.map(named).join(", ") || "no class"}</p>}
    </div>
  );
}
