// Help with keys, as a dialog.

import { useEffect, useRef } from "preact/hooks";

import { useStore } from "./context";
import { Settings } from "./settings";

const PARTS: [string, [string, string][]][] = [
  ["Map", [
    ["arrow keys", "go to the next pattern"], ["wheel, + and −", "zoom"], ["drag, Shift with arrow keys", "move"],
    ["Shift and drag", "select a box"], ["0, a", "back to the patterns; show all runs"], ["Escape", "clear the selection"],
  ]],
  ["Labelling (montage and pattern)", [
    ["space", "confirm the class and go on"], ["1 … 9, 0, then with Shift", "give the class of this number and go on"],
    ["x", "reject as ambiguous: not used for training"], ["u", "undo your last label"], ["n", "create a class"],
  ]],
  ["Montage", [
    ["arrow keys, Page Up, Page Down, Home, End", "move; with Shift, select"], ["Ctrl+A", "select all"], ["Enter", "open the pattern"],
  ]],
  ["Everywhere", [["?", "this help"], ["browser's back and forward", "the patterns and views before and after"]]],
];

export function Help() {
  const store = useStore();
  const dialog = useRef<HTMLDialogElement>(null), title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (store.help.value) {
      dialog.current?.showModal();
      title.current?.focus(); // else the button at the end has it, and a phone shows the end
    } else dialog.current?.close();
  }, [store.help.value]);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={() => (store.help.value = false)}>
      <h2 id="help-title" ref={title} tabIndex={-1}>Morphoscope: keys and gestures</h2>
      <p>The map shows every run at its parameters. Click one to see its pattern; select many to see them in the montage; correct classes with one key each.</p>
      <div class="choices"><Settings /></div>
      {PARTS.map(([title, rows]) => (
        <section key={title}>
          <h3>{title}</h3>
          <table><tbody>{rows.map(([keys, what]) => <tr key={keys}><th scope="row">{keys}</th><td>{what}</td></tr>)}</tbody></table>
        </section>
      ))}
      <form method="dialog"><button type="submit" class="primary">close</button></form>
    </dialog>
  );
}
