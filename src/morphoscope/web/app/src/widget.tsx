// The page in a notebook's cell, as anywidget loads it.

import { WidgetSource, type WidgetModel } from "./data/widget";
import { start } from "./start";

function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const place = document.createElement("div");
  place.className = "morphoscope-widget";
  place.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves keys to the page
  el.append(place);
  const source = new WidgetSource(model);
  const started = start(place, source, false);
  return () => {
    void started.then((end) => end());
    source.close();
  };
}

export const widget = { render };
