// Shows an atlas in an element.

import { render } from "preact";

import "./style.css";
import type { AtlasSource } from "./data/source";
import { bind } from "./state/address";
import { colour } from "./state/colouring";
import { compareFromStart } from "./state/comparison";
import { follow } from "./state/labelling";
import { fetchPlaces } from "./state/similarity";
import { Store } from "./state/store";
import { App, layoutFor, Loading } from "./views/app";
import { StoreContext } from "./views/context";
import { keptTheme } from "./views/settings";

/** Returns the function that removes it. `addressed`: whether the address of the document follows what is shown. */
export async function start(place: HTMLElement, source: AtlasSource, addressed = true): Promise<() => void> {
  render(<Loading problem="" />, place);
  try {
    const [manifest, table, labels] = await Promise.all([source.manifest(), source.table(), source.current()]);
    const store = new Store(source, manifest, table, labels);
    store.theme.value = keptTheme();
    if (layoutFor(place.clientWidth || innerWidth) === "phone") store.tab.value = "map";
    if (addressed && manifest.similarity === "there" && /[#&]axes=similarity/.test(location.hash)) await fetchPlaces(store);
    const ends = [follow(store), colour(store), compareFromStart(store), ...(addressed ? [bind(store)] : [])];
    if (manifest.inferred) void source.inferred().then((found) => (store.inferred.value = found), (error: Error) => store.tell(error.message, true));
    render(<StoreContext.Provider value={store}><App /></StoreContext.Provider>, place);
    return () => {
      for (const end of ends) end();
      render(null, place);
    };
  } catch (error) {
    render(<Loading problem={`The atlas can't be shown: ${(error as Error).message}`} />, place);
    return () => render(null, place);
  }
}
