// Tells whether the reader prefers dark pages; colours what is around the explorer's page; names the thumbnails for all
// of it, tooltips included.
export function render({ model }) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => { if (model.dark !== dark.matches) model.dark = dark.matches; };
  const colour = () => {
    if (document.body.dataset.explorer === undefined) return; // in a notebook the rest is not ours
    if (model.theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = model.theme;
  };
  model.sheets.forEach((url, i) => {
    document.documentElement.style.setProperty(`--sheet-${i}`, `url("${url}")`);
    new Image().src = url; // fetched before it is needed, so that a thumbnail is there when the pointer is
  });
  dark.addEventListener("change", tell);
  model.on("theme", colour);
  model.on("remove", () => dark.removeEventListener("change", tell));
  tell();
  colour();
  return document.createElement("span");
}
