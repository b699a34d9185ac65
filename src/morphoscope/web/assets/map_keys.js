// An element that receives the arrow keys for the map and describes the current position.
export function render({ model }) {
  const place = document.createElement("div");
  place.className = "where";
  place.tabIndex = 0;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Position on the map. Arrow keys move, Enter runs it live.");
  const text = document.createElement("span");
  text.setAttribute("role", "status");
  const hint = document.createElement("small");
  hint.textContent = "arrow keys move over the map, Enter runs it live";
  place.append(text, hint);
  const show = () => { text.textContent = model.text; };
  place.addEventListener("keydown", (event) => {
    if (!/^Arrow|^Enter$/.test(event.key)) return;
    event.preventDefault();
    model.send_msg(event.key);
  });
  model.on("text", show);
  show();
  return place;
}
