// A live run and files: a picture or an array as its start, and the run as an ensemble.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { ACCEPTED, dropped } from "../../data/upload";
import type { Session } from "./session";

interface Wanted {
  file: File;
  bright: boolean;
}

/** Begin from a file that is chosen, or dropped on the page of live runs. */
export function StartFile({ session }: { session: Session }) {
  const bright = useSignal(false), busy = useSignal(""), problem = useSignal("");
  const last = useRef<Wanted | null>(null), place = useRef<HTMLDivElement>(null);
  const begin = async (file: File) => {
    last.current = { file, bright: bright.value };
    if (busy.value) return; // what was wanted last is taken when the file before has arrived
    for (let next: Wanted | null = last.current; next; next = last.current === next ? null : last.current) {
      busy.value = next.file.name;
      problem.value = "";
      try {
        await session.beginFrom(next.file, next.bright);
      } catch (error) {
        problem.value = (error as Error).message;
      }
    }
    busy.value = "";
  };
  useEffect(() => {
    const page = place.current?.closest<HTMLElement>(".live-page");
    return page ? dropped(page, (file) => void begin(file)) : undefined;
  }, [session]);
  const again = (value: boolean) => {
    bright.value = value;
    if (last.current && (busy.value || session.given.value?.name === last.current.file.name)) void begin(last.current.file);
  };
  return (
    <div class="controls" ref={place}>
      <label><span>Start from a picture or an array</span>
        <input
          type="file" accept={ACCEPTED}
          onChange={(e) => {
            const file = e.currentTarget.files?.[0];
            e.currentTarget.value = "";
            if (file) void begin(file);
          }}
        />
      </label>
      <label class="check"><input type="checkbox" checked={bright.value} onChange={(e) => again(e.currentTarget.checked)} />bright is the pattern, not dark</label>
      <span class="soft" role="status" aria-live="polite">{busy.value && `${busy.value} is being read …`}</span>
      {problem.value && <p class="problem" role="alert">{problem.value}</p>}
    </div>
  );
}

/** A button that keeps the pattern as it is now as an ensemble of one run, where the server was started. */
export function Keep({ session, tell }: { session: Session; tell: (problem: string) => void }) {
  const kept = useSignal(""), busy = useSignal(false);
  const keep = async () => {
    busy.value = true;
    kept.value = "";
    try {
      kept.value = await session.keep();
      tell("");
    } catch (error) {
      tell((error as Error).message);
    }
    busy.value = false;
  };
  return (
    <>
      <button type="button" disabled={busy.value} title="The pattern as it is now, with all species and parameters, in the folder of the server" onClick={() => void keep()}>Save as ensemble</button>
      <span class="soft" role="status" aria-live="polite">{kept.value && <>Saved as <code>{kept.value}</code>, for example for <code>morphoscope describe {kept.value}</code></>}</span>
    </>
  );
}
