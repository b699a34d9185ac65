// Tells whether the reader prefers dark pages, and colours what is around the explorer's page.
export function render({ model }) {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tell = () => { if (model.dark !== dark.matches) model.dark = dark.matches; };
  const colour = () => {
    if (document.body.dataset.explorer === undefined) return; // in a notebook the rest is not ours
    if (model.theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = model.theme;
  };
  dark.addEventListener("change", tell);
  model.on("theme", colour);
  model.on("remove", () => dark.removeEventListener("change", tell));
  tell();
  colour();
  return document.createElement("span");
}
