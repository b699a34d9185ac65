// Who labels, and light or dark: in the header; on a phone in the help, as the header has no room.

import { type Store, type Theme } from "../state/store";
import { useStore } from "./context";

export function Settings() {
  const store = useStore();
  return (
    <>
      {store.source.labels && (
        <label><span>Your name</span>
          <input value={store.who.value} maxLength={80} onInput={(e) => (store.who.value = e.currentTarget.value)} />
        </label>
      )}
      <label><span>Theme</span>
        <select value={store.theme.value} onChange={(e) => setTheme(store, e.currentTarget.value as Theme)}>
          <option>auto</option><option>light</option><option>dark</option>
        </select>
      </label>
    </>
  );
}

const KEPT_THEME = "morphoscope-theme";

function setTheme(store: Store, theme: Theme): void {
  store.theme.value = theme;
  try {
    localStorage.setItem(KEPT_THEME, theme);
  } catch {
    // a page from disk may have no storage
  }
}

export function keptTheme(): Theme {
  try {
    const found = localStorage.getItem(KEPT_THEME);
    return found === "light" || found === "dark" ? found : "auto";
  } catch {
    return "auto";
  }
}
