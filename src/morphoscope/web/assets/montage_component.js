// The montage as a Panel component: messages instead of calls.
export function render({ model, el }) {
  const root = document.createElement("div");
  const send = (kind) => (...values) => model.send_msg({ kind, values });
  const act = model.editable
    ? { annotate: send("annotate"), undo: send("undo"), createClass: send("create_class"), open: send("open") }
    : { open: send("open") };
  const montage = new Montage(root, model.data, act);
  model.on("msg:custom", ({ kind, values }) => {
    if (kind === "change") montage.change(...values);
    else if (kind === "looks") montage.setLooks(...values);
    else if (kind === "answer") montage.answer(...values);
  });
  const show = () => montage.show(model.shown.order, model.shown.title);
  model.on("shown", show);
  model.on("remove", () => montage.remove());
  show();
  el.append(root);
}
