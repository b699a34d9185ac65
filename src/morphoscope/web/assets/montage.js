// A montage of thumbnails that scrolls through thousands and can be labelled with the keyboard alone.
// Plain DOM: the explorer wraps it in a Panel component, the exported page uses it as it is.

const CAPTION = 22; // pixels under a thumbnail
const GAP = 6;
const PATIENCE = 4000; // milliseconds until a request without an answer counts as not saved

function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) created.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) created.setAttribute(name, value);
  }
  created.append(...children);
  return created;
}

// The key of the nth class: 1 … 9, 0, then with Shift.
export function keyOf(index) {
  const digit = String((index + 1) % 10);
  return index < 10 ? digit : index < 20 ? `⇧${digit}` : "";
}

function indexOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  if (!digit) return -1;
  return ((Number(digit[1]) + 9) % 10) + (event.shiftKey ? 10 : 0);
}

export class Montage {
  // data: {sheets: number of sheets, which are the CSS variables --sheet-0, …; side, columns, total,
  //        looks: {name: [symbol, colour]}, labels: [name or ""], read: [name], annotated: [bool],
  //        read_by: ["network", "theory" or "variance"], probability: [0…1],
  //        unknown: [bool], names: [parameter], values: [[…] per parameter]}
  // act: {annotate(number, positions, name or null), undo(number), createClass(number, name, symbol, colour, positions),
  //       open(position)}; without `annotate` the montage is read-only.
  // Requests carry a number. Nothing counts as saved until answer(number, …) is called.
  constructor(root, data, act) {
    Object.assign(this, { root, data, act, order: [], focus: 0, anchor: 0, chosen: new Set(), tile: 84 });
    this.requests = new Map(); // number → {positions, text, overdue} of requests without an answer
    this.lastRequest = 0;
    this.tiles = new Map();
    this.build();
    this.watch = new ResizeObserver(() => this.layout());
    this.watch.observe(this.scroller);
  }

  build() {
    this.count = element("span", { class: "count" });
    this.status = element("span", { class: "status", role: "status", "aria-live": "polite" });
    this.scroller = element("div", {
      class: "scroller", tabindex: "0", role: "listbox", "aria-multiselectable": "true",
      "aria-label": "Patterns. Arrow keys move, Enter opens.", onscroll: () => this.draw(), onkeydown: (e) => this.key(e),
      onfocus: () => this.draw(), onblur: () => this.draw(),
    });
    this.space = element("div", { class: "space", role: "presentation" });
    this.scroller.append(this.space);
    this.scroller.addEventListener("click", (event) => this.click(event));
    this.scroller.addEventListener("dblclick", () => this.act.open?.(this.order[this.focus]));
    this.root.classList.add("montage");
    this.root.append(this.count);
    if (this.act.annotate) {
      this.bar = element("div", { class: "bar", role: "toolbar", "aria-label": "Class of the selected patterns" });
      this.root.append(this.bar, this.newClassForm());
      this.drawBar();
    }
    this.root.append(this.status, this.scroller);
  }

  drawBar() {
    const button = (label, key, title, action, colour) =>
      element("button", { type: "button", title, onclick: () => { action(); this.scroller.focus(); } },
        ...(colour ? [element("i", { style: `background:${colour}` })] : []), label, element("kbd", {}, key));
    this.bar.replaceChildren(
      button("confirm", "space", "Confirm the class of each selected pattern", () => this.annotate(null)),
      ...Object.entries(this.data.looks).map(([name, [symbol, colour]], i) =>
        button(symbol, keyOf(i), `Label the selected patterns ${name}`, () => this.annotate(name), colour)),
      button("reject", "x", "Reject the selected patterns as ambiguous; they are not used for training", () => this.annotate("")),
      button("undo", "u", "Undo your last annotation", () => this.undo()),
      button("new class", "n", "Create a class", () => this.form.toggleAttribute("hidden")),
    );
  }

  newClassForm() {
    const field = (label, attributes) => element("label", {}, label, element("input", attributes));
    this.form = element("form", {
      class: "new-class", hidden: "",
      onsubmit: (event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(this.form));
        const targets = this.targets();
        this.request(targets, `${this.described(targets)}: ${values.name}`, (number) =>
          this.act.createClass(number, values.name, values.symbol, values.colour, targets));
        this.form.reset();
        this.form.hidden = true;
        this.scroller.focus();
      },
    },
    field("name", { name: "name", required: "", maxlength: 32, pattern: "[A-Za-z][A-Za-z0-9_\\-]*", autocomplete: "off" }),
    field("symbol", { name: "symbol", maxlength: 3, size: 3, autocomplete: "off" }),
    field("colour", { name: "colour", type: "color", value: "#c0267e" }),
    element("button", { type: "submit" }, "create the class and label the selected patterns"));
    this.form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") { this.form.hidden = true; this.scroller.focus(); }
    });
    return this.form;
  }

  // Show these patterns in this order, from the top.
  show(order, title) {
    this.order = order;
    this.title = title;
    this.focus = this.anchor = 0;
    this.chosen.clear();
    this.scroller.scrollTop = 0;
    this.layout();
  }

  // Update the labels of some patterns; all patterns keep their places.
  change(positions, labels, annotated) {
    positions.forEach((position, i) => {
      this.data.labels[position] = labels[i];
      this.data.annotated[position] = annotated[i];
      const tile = this.tiles.get(position);
      if (tile) this.paint(tile, position);
    });
    this.tally();
  }

  setLooks(looks) {
    this.data.looks = looks;
    if (this.bar) this.drawBar();
    this.redraw();
  }

  tally() {
    const done = this.order.reduce((sum, p) => sum + (this.data.annotated[p] ? 1 : 0), 0);
    const labelled = this.act.annotate ? `, ${done} annotated` : "";
    this.count.textContent = `${this.title ?? ""}: ${this.order.length} patterns${labelled}`;
  }

  layout() {
    const width = this.scroller.clientWidth || 1;
    this.tile = width < 500 ? 68 : 84;
    this.across = Math.max(1, Math.floor((width - GAP) / (this.tile + GAP)));
    this.pitch = this.tile + CAPTION + GAP;
    this.space.style.height = `${Math.ceil(this.order.length / this.across) * this.pitch + GAP}px`;
    this.redraw();
    this.tally();
  }

  redraw() {
    this.tiles.forEach((tile) => tile.remove());
    this.tiles.clear();
    this.draw();
  }

  // Only visible rows have elements.
  draw() {
    if (!this.pitch) return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / this.pitch) - 1) * this.across;
    const rows = Math.ceil((this.scroller.clientHeight || 1) / this.pitch) + 3;
    const wanted = new Map();
    for (let i = first; i < Math.min(this.order.length, first + rows * this.across); i++) wanted.set(this.order[i], i);
    for (const [position, tile] of this.tiles) {
      if (wanted.has(position)) continue;
      tile.remove();
      this.tiles.delete(position);
    }
    for (const [position, i] of wanted) {
      let tile = this.tiles.get(position);
      if (!tile) {
        tile = this.make(position, i);
        this.tiles.set(position, tile);
        this.space.append(tile);
      }
      this.paint(tile, position);
    }
    const focused = this.tiles.get(this.order[this.focus]);
    if (focused) this.scroller.setAttribute("aria-activedescendant", focused.id);
  }

  make(position, i) {
    const { side, columns, total } = this.data;
    const perSheet = columns * columns;
    const sheet = Math.floor(position / perSheet);
    const place = position % perSheet;
    const wide = Math.min(columns, total - sheet * perSheet); // the last sheet may be narrower
    const scale = this.tile / side;
    const picture = element("div", { class: "picture", style:
      `width:${this.tile}px;height:${this.tile}px;background-image:var(--sheet-${sheet});` +
      `background-size:${wide * side * scale}px auto;` +
      `background-position:${-(place % columns) * this.tile}px ${-Math.floor(place / columns) * this.tile}px` });
    const tile = element("div", {
      class: "tile", role: "option", id: `pattern-${position}`, "data-position": position,
      style: `left:${GAP + (i % this.across) * (this.tile + GAP)}px;top:${GAP + Math.floor(i / this.across) * this.pitch}px`,
    }, picture, element("div", { class: "caption" }));
    return tile;
  }

  paint(tile, position) {
    const { labels, read, annotated, looks } = this.data;
    const label = labels[position];
    const [symbol, colour] = looks[label] ?? ["?", "#888888"];
    const stored = annotated[position] ? (label === "" ? "rejected" : label === read[position] ? "confirmed" : "relabelled") : "";
    const state = this.waiting(position) ?? stored;
    tile.className = `tile ${state}`;
    tile.classList.toggle("chosen", this.chosen.has(position));
    tile.classList.toggle("focus", position === this.order[this.focus]);
    tile.setAttribute("aria-selected", String(this.chosen.has(position)));
    const mark = { rejected: "✗", confirmed: "✓", relabelled: "✎", saving: "…", unsaved: "! not saved" }[state] ?? "";
    tile.lastChild.replaceChildren(
      element("i", { style: `background:${colour}` }), element("b", {}, symbol), mark || ` ${this.certainty(position)}`);
    const parts = [label || "ambiguous", ...(state ? [state] : []), this.basis(position), this.point(position)];
    tile.setAttribute("aria-label", parts.join(", "));
    tile.title = parts.join(" · ");
  }

  // What determined the class, short enough for a caption: the network's probability, or "theory" or "variance".
  certainty(position) {
    const by = this.data.read_by[position];
    return by === "network" ? `${Math.round(this.data.probability[position] * 100)} %` : by;
  }

  // The same in full, for the tooltip and screen readers.
  basis(position) {
    const by = this.data.read_by[position];
    const text = by === "network" ? `by the network, ${this.certainty(position)}${this.data.unknown[position] ? ", unknown" : ""}` : `by ${by}`;
    return `read ${this.data.annotated[position] ? `as ${this.data.read[position]} ` : ""}${text}`;
  }

  point(position) {
    return this.data.names.map((name, i) => `${name} ${Number(this.data.values[i][position].toPrecision(6))}`).join(", ");
  }

  targets() {
    if (this.chosen.size) return this.order.filter((position) => this.chosen.has(position));
    return this.order.length ? [this.order[this.focus]] : [];
  }

  described(targets) {
    return targets.length === 1 ? this.point(targets[0]) : `${targets.length} patterns`;
  }

  // Ask the server to save something about patterns. `send(number)` sends the request.
  request(positions, text, send) {
    const number = ++this.lastRequest;
    const request = { positions, text, overdue: false };
    this.requests.set(number, request);
    this.tell(`Saving: ${text} …`);
    this.repaint(positions);
    send(number);
    setTimeout(() => {
      if (!this.requests.has(number)) return;
      request.overdue = true;
      this.tell(`Not saved: the server does not answer (${text}).`, true);
      this.repaint(positions);
    }, PATIENCE);
  }

  // The server has carried out a request, or reports why not.
  answer(number, done, text) {
    const request = this.requests.get(number);
    if (!request) return;
    this.requests.delete(number);
    if (!done) this.tell(`Not saved: ${text}`, true);
    else if (text) this.tell(text);
    else this.tell(`Saved: ${request.text}`);
    this.repaint(request.positions);
  }

  // "saving" or "unsaved" for a pattern in a request without an answer.
  waiting(position) {
    let state;
    for (const { positions, overdue } of this.requests.values()) {
      if (positions.includes(position)) state = overdue ? "unsaved" : "saving";
    }
    return state;
  }

  tell(text, problem = false) {
    this.status.textContent = text;
    this.status.classList.toggle("problem", problem);
  }

  repaint(positions) {
    for (const position of positions) {
      const tile = this.tiles.get(position);
      if (tile) this.paint(tile, position);
    }
  }

  // name: a class, "" to reject, null to confirm the class of each.
  annotate(name) {
    const targets = this.targets();
    if (!targets.length || !this.act.annotate) return;
    const what = name === null ? "confirmed" : name === "" ? "rejected" : name;
    this.request(targets, `${this.described(targets)}: ${what}`, (number) => this.act.annotate(number, targets, name));
    if (this.chosen.size) this.clear();
    else this.move(1, false);
  }

  undo() {
    this.request([], "undo", (number) => this.act.undo(number));
  }

  clear() {
    this.chosen.clear();
    this.redraw();
  }

  move(by, extend) {
    this.to(this.focus + by, extend);
  }

  to(index, extend) {
    if (!this.order.length) return;
    this.focus = Math.min(this.order.length - 1, Math.max(0, index));
    if (extend) {
      const [low, high] = [Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)];
      this.chosen = new Set(this.order.slice(low, high + 1));
    } else {
      this.anchor = this.focus;
    }
    const top = Math.floor(this.focus / this.across) * this.pitch;
    const view = this.scroller;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + this.pitch + GAP > view.scrollTop + view.clientHeight) view.scrollTop = top + this.pitch + GAP - view.clientHeight;
    this.draw();
  }

  click(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    const position = Number(tile.dataset.position);
    const index = this.order.indexOf(position);
    if (event.shiftKey) {
      this.to(index, true);
    } else if (event.ctrlKey || event.metaKey) {
      this.focus = this.anchor = index;
      if (!this.chosen.delete(position)) this.chosen.add(position);
      this.draw();
    } else {
      if (this.chosen.size) this.clear();
      this.to(index, false);
      this.act.open?.(position);
    }
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.pitch)) * this.across;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.across, ArrowDown: this.across, PageUp: -page, PageDown: page };
    const control = event.ctrlKey || event.metaKey;
    const name = Object.keys(this.data.looks)[indexOf(event)];
    if (event.altKey || (control && event.key !== "a")) return;
    if (event.key in moves) this.move(moves[event.key], event.shiftKey);
    else if (event.key === "Home") this.to(0, event.shiftKey);
    else if (event.key === "End") this.to(this.order.length - 1, event.shiftKey);
    else if (event.key === "Enter") this.act.open?.(this.order[this.focus]);
    else if (event.key === "Escape") this.clear();
    else if (control) { this.chosen = new Set(this.order); this.draw(); }
    else if (!this.act.annotate) return;
    else if (event.key === " ") this.annotate(null);
    else if (event.key === "x") this.annotate("");
    else if (event.key === "u") this.undo();
    else if (event.key === "n") { this.form.hidden = false; this.form.elements.name.focus(); }
    else if (name) this.annotate(name);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  remove() {
    this.watch.disconnect();
  }
}
