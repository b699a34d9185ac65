// The page's environment: dark mode and touch screen, colours of the surrounding document, addresses of the thumbnails
// (also for tooltips), and whether the server still answers.

const PING = 2000; // milliseconds between two pings
const PATIENCE = 5000; // milliseconds without an answer after which the server counts as lost

export function render({ model, view }) {
  const own = document.body.dataset.explorer !== undefined; // in a notebook, the rest of the document is not ours
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
    new Image().src = url; // fetched in advance, so that thumbnails appear without delay
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

  // One ping at a time. What counts is the age of the ping and not the time since the last answer: browsers slow
  // timers of background pages down to one call per minute.
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
