// Buttons that give classes, with their keys; creating a class; what became of the last request.

import { useRef } from "preact/hooks";

import { create, keyOf, label, undo } from "../state/labelling";
import { useStore } from "./context";

interface Labelling {
  targets: () => number[];
  done: () => void; // after a label was sent: the focus goes back
  creating: boolean;
  setCreating: (shown: boolean) => void;
}

export function LabelBar({ targets, done, creating, setCreating }: Labelling) {
  const store = useStore();
  if (!store.source.labels) return null;
  const give = (name: string | null) => {
    void label(store, targets(), name);
    done();
  };
  return (
    <>
      <div class="labelbar" role="toolbar" aria-label="Class of the selected patterns">
        <button type="button" title="Confirm the class of each selected pattern" onClick={() => give(null)}>confirm<kbd>space</kbd></button>
        {store.classes.value.map((info, i) => (
          <button key={info.name} type="button" title={`Label the selected patterns ${info.name}`} aria-label={`Label ${info.name}`} onClick={() => give(info.name)}>
            <i style={{ background: info.colour }} />{info.symbol}<kbd>{keyOf(i)}</kbd>
          </button>
        ))}
        <button type="button" title="Reject as ambiguous: not used for training" onClick={() => give("")}>reject<kbd>x</kbd></button>
        <button type="button" title="Undo your last label" onClick={() => void undo(store)}>undo<kbd>u</kbd></button>
        <button type="button" aria-expanded={creating} onClick={() => setCreating(!creating)}>new class<kbd>n</kbd></button>
      </div>
      {creating && <NewClass targets={targets} done={() => { setCreating(false); done(); }} />}
    </>
  );
}

/** The names that a class can have. */
export const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;

function NewClass({ targets, done }: { targets: () => number[]; done: () => void }) {
  const store = useStore();
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const values = new FormData(form.current!);
    const name = String(values.get("name")).trim();
    if (!NAME.test(name)) {
      store.tell(`"${name}" can't be a name: expected Latin letters, digits, - and _, beginning with a letter, as in moving-spots`, true);
      return;
    }
    void create(store, targets(), name, String(values.get("symbol")).trim(), "");
    done();
  };
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") done();
  };
  return (
    <form class="newclass" ref={form} onSubmit={submit} onKeyDown={key} noValidate>
      <label><span>Name of the class, as in moving-spots</span><input name="name" maxLength={32} autocomplete="off" autofocus /></label>
      <label><span>Symbol (optional)</span><input name="symbol" maxLength={3} size={3} autocomplete="off" placeholder="σ" /></label>
      <button type="submit">create it and label the selected patterns</button>
    </form>
  );
}

export function Told() {
  const { text, problem } = useStore().told.value;
  return <p class={`told${problem ? " problem" : ""}`} role="status" aria-live="polite">{text}</p>;
}
