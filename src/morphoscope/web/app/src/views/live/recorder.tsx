// Buttons that save what a live run shows: as a picture, a GIF or a film.

import { useState } from "preact/hooks";

import { Gif } from "./gif";
import { Film, picture, save, type Recording } from "./record";
import type { Session } from "./session";
import { plain } from "./words";

type Kind = "GIF" | "film";

export function Recorder({ session, tell }: { session: Session; tell: (problem: string) => void }) {
  const [recording, setRecording] = useState<{ kind: Kind; made: Recording } | null>(null);
  const fileOf = (suffix: string) => `${session.program.name}-t${plain(session.runner!.time.peek(), 5)}.${suffix}`;
  const guarded = async (work: () => Promise<void>) => {
    try {
      await work();
      tell("");
    } catch (error) {
      tell((error as Error).message);
    }
  };
  const end = (made: Recording) => guarded(async () => {
    setRecording(null);
    session.leaving = null;
    const name = fileOf(made.suffix);
    save(await made.end(), name);
  });
  const begin = (kind: Kind) => guarded(async () => {
    const made: Recording = kind === "film" ? new Film(session) : new Gif(session, () => void end(made));
    setRecording({ kind, made });
    session.leaving = () => void end(made);
  });
  const button = (kind: Kind) => {
    const here = recording?.kind === kind;
    return (
      <button type="button" key={kind} aria-pressed={here} disabled={!!recording && !here} onClick={() => void (here ? end(recording.made) : begin(kind))}>
        {here ? "Stop and save" : `Record ${kind}`}
      </button>
    );
  };
  return (
    <>
      <button type="button" onClick={() => void guarded(async () => save(await picture(session), fileOf("png")))}>PNG</button>
      {button("GIF")}
      {button("film")}
    </>
  );
}
