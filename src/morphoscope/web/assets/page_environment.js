// What surrounds the page: whether the reader prefers dark pages or has a touch screen, colours of the document around
// it, where the thumbnails are (for tooltips, too), and whether the server still answers.

const PING = 2000; // milliseconds between two questions to the server
const PATIENCE = 5000; // without an answer for so long, the server counts as gone

export function render({ model, view }) {
  const own = document.body.dataset.explorer !== undefined; // in a notebook the rest of the document is not ours
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const touch = window.matchMedia("(pointer: coarse)");
  const tell = () => {
    if (model.dark !== dark.matches) model.dark = dark.matches;
    if (model.touch !== touch.matches) model.touch = touch.matches;
  };
  const colour = () => {
    if (!own) return;
    if (model.theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = model.theme;
  };
  model.sheets.forEach((url, i) => {
    document.documentElement.style.setProperty(`--sheet-${i}`, `url("${url}")`);
    new Image().src = url; // fetched before it is needed, so that a thumbnail is there when the pointer is
  });

  const banner = document.createElement("div");
  banner.className = own ? "banner fixed" : "banner";
  banner.setAttribute("role", "alert");
  banner.hidden = true;
  const show = (text) => {
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = !text;
  };
  const lost = own
    ? "The connection to the server is lost. Nothing you do on this page is saved. Reload the page; if that fails, run " +
      "“morphoscope explore” again and open its new link."
    : "The Python kernel does not answer. Nothing you do here is saved until it does: it may be busy, or it has ended; " +
      "then run the cell again.";

  // One question at a time. The age of the question counts, not the time since the last answer: browsers slow the
  // timers of pages in the background down to one call a minute.
  let asked = 0, gone = false;
  const check = () => {
    if (gone) return;
    if (asked && Date.now() - asked > PATIENCE) show(lost);
    if (asked) return;
    asked = Date.now();
    model.send_msg("ping");
  };
  model.on("msg:custom", (message) => {
    if (message !== "pong") return;
    asked = 0;
    show("");
  });
  view?.model?.document?.on_event?.("connection_lost", () => { gone = true; show(lost); });
  const timer = setInterval(check, PING);

  dark.addEventListener("change", tell);
  model.on("theme", colour);
  model.on("remove", () => {
    clearInterval(timer);
    dark.removeEventListener("change", tell);
  });
  tell();
  colour();
  return banner;
}
