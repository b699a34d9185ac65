// Links, export, where labels are saved.

import { written } from "../state/address";
import { useStore } from "./context";
import { Copy } from "./copy";
import { save } from "./live/record";

async function download(table: () => Promise<string>): Promise<void> {
  save(new Blob([await table()], { type: "text/csv" }), "labels.csv");
}

export function Share() {
  const store = useStore();
  void [store.row.value, store.tab.value, store.colouring.value, store.window.value];
  const link = `${location.href.split("#")[0]}${written(store).replace("tab=share", "tab=pattern")}`;
  const command = `morphoscope explore ${store.manifest.name} --link "${link.slice(link.indexOf("#"))}"`;
  return (
    <div class="share">
      <h3>A link to what you see</h3>
      <p>It carries atlas, run, colouring, axes and the part of the map.</p>
      <p><code class="link">{link}</code> <Copy text={link} what="link" /></p>
      {store.source.kind === "server" && (
        <>
          <p>
            It works in browsers that have opened the link that <code>morphoscope explore</code> printed. On another computer, where the
            same atlas is, this command opens it:
          </p>
          <p><code class="link">{command}</code> <Copy text={command} what="command" /></p>
        </>
      )}
      {store.manifest.capabilities.export && store.source.kind === "server" && (
        <>
          <h3>The atlas as a web page</h3>
          <p>It needs neither Python nor a network. On the command line: <code>morphoscope export ATLAS --out FOLDER</code></p>
          <p><a class="button" href="/data/export" download>download (ZIP)</a></p>
        </>
      )}
      {store.source.labels && <h3>Labels</h3>}
      {store.source.labels && !store.source.labelTable && <p>They are saved in <code>{store.manifest.annotations}</code>.</p>}
      {store.source.labelTable && (
        <>
          <p>They are kept in this browser only. <code>morphoscope annotate ATLAS --file labels.csv</code> takes them into the atlas.</p>
          <p><button type="button" onClick={() => void download(store.source.labelTable!)}>download labels (CSV)</button></p>
        </>
      )}
      {store.source.kind !== "server" && <p class="soft">Photographs are prepared, measured and identified on the page of <code>morphoscope explore</code>.</p>}
      <h3>The atlas</h3>
      <p>{store.manifest.model.title}: {store.table.total} runs{store.manifest.classifier?.name && `, read by ${store.manifest.classifier.name}`}. Grid {store.manifest.grid.width} × {store.manifest.grid.height}, until t = {store.manifest.until}. Made with Morphoscope {store.manifest.version}.</p>
      {store.manifest.model.equations.length > 0 && <p class="equations">{store.manifest.model.equations.map((text) => <span key={text}>{text}</span>)}</p>}
      {store.manifest.model.source && <p class="soft">{store.manifest.model.source}</p>}
    </div>
  );
}
