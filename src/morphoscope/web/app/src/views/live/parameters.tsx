// Sliders of all parameters, with their numbers, and the patterns that are known of the model.

import { plain } from "./words";
import type { Session } from "./session";

export function Parameters({ session }: { session: Session }) {
  const values = session.parameters.value;
  return (
    <div class="live-sliders">
      {session.program.parameters.map(({ name, meaning, range }) => {
        const value = values[name] ?? 0, low = Math.min(range[0], value), high = Math.max(range[1], value);
        const change = (event: Event) => session.set(name, Number((event.currentTarget as HTMLInputElement).value));
        return (
          <div class="live-slider" key={name}>
            <label for={`live-${name}`} title={meaning}><b>{name}</b> <span class="soft">{meaning}</span></label>
            <input id={`live-${name}`} type="range" min={low} max={high} step={(high - low) / 1000} value={value} onInput={change} aria-valuetext={plain(value)} />
            <input type="number" value={Number(value.toPrecision(6))} step="any" onChange={change} aria-label={`${name}, as a number`} />
          </div>
        );
      })}
    </div>
  );
}

export function Presets({ session }: { session: Session }) {
  if (!session.program.presets.length) return null;
  const at = session.parameters.value;
  return (
    <div class="live-presets">
      {session.program.presets.map((preset) => {
        const here = session.program.parameters.every((p) => at[p.name] === (preset.parameters[p.name] ?? p.default));
        const where = Object.entries(preset.parameters).map(([name, value]) => `${name} ${plain(value)}`).join(", ");
        return (
          <button type="button" key={preset.title} aria-pressed={here} title={[where, preset.note].filter(Boolean).join("; ")} onClick={() => void session.choose(preset)}>
            {preset.picture && <img src={preset.picture} alt="" />}
            <span>{preset.title}</span>
          </button>
        );
      })}
    </div>
  );
}
