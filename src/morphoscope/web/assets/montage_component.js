// The montage as a Panel component: messages instead of calls.
export function render({ model, el }) {
  const root = document.createElement("div");
  const tell = (kind) => (...values) => model.send_msg({ kind, values });
  const act = model.editable
    ? { say: tell("say"), undo: tell("undo"), open: tell("open"), select: tell("select"), makeClass: tell("make_class") }
    : { open: tell("open") };
  const montage = new Montage(root, model.data, act);
  model.on("msg:custom", ({ kind, values }) => {
    if (kind === "change") montage.change(...values);
    else if (kind === "looks") montage.setLooks(...values);
    else if (kind === "say") montage.status.textContent = values[0];
  });
  const show = () => montage.show(model.shown.order, model.shown.title);
  model.on("shown", show);
  model.on("remove", () => montage.remove());
  show();
  el.append(root);
}
