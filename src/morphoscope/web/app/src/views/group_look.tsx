// How a group looks on the map: its colour and its symbol, which a person may choose.

import { useEffect, useState } from "preact/hooks";

import type { ClassInfo } from "../data/source";
import type { Send } from "./groups";

export function Look({ info, busy, send }: { info: ClassInfo; busy: boolean; send: Send }) {
  const { name, colour } = info;
  const symbol = info.symbol === name ? "" : info.symbol; // a group is its own symbol until it gets one
  const [typed, setTyped] = useState(symbol);
  useEffect(() => setTyped(symbol), [symbol]);
  const mark = (event: Event) => {
    event.preventDefault();
    const wanted = typed.trim();
    if (!wanted || wanted === symbol) setTyped(symbol);
    else if (!busy) void send({ symbol: { [name]: wanted } }, `${name} has the symbol ${wanted}`).then((done) => !done && setTyped(symbol));
  };
  const paint = (wanted: string) => {
    if (wanted !== colour) void send({ color: { [name]: wanted } }, `${name} has another colour`);
  };
  return (
    <form class="look" onSubmit={mark} noValidate>
      <input type="color" value={colour} disabled={busy} aria-label={`Colour of ${name}`} title="Choose another colour" onChange={(e) => paint(e.currentTarget.value)} />
      <input
        class="symbol-input" value={typed} maxLength={3} placeholder="symbol" autocomplete="off" spellcheck={false} aria-label={`Symbol of ${name}`}
        title="Type one to three characters that stand for the group on the map and press Enter" onInput={(e) => setTyped(e.currentTarget.value)}
        onBlur={() => setTyped(symbol)} onKeyDown={(e) => e.key === "Escape" && setTyped(symbol)}
      />
    </form>
  );
}
