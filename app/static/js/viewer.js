// Links with data-view open in a dialog on the page: pictures can be enlarged and made smaller, PDFs are shown in a frame.
// `data-download`: the address under which the same file is saved. Without scripts the link opens the file in a tab of its own.
import { say } from "./texts.js";

const STEPS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];

export function setUpViewer(root) {
  let viewer;
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    viewer ??= build();
    show(viewer, link);
  });
}

function build() {
  const dialog = Object.assign(document.createElement("dialog"), { className: "viewing" });
  const head = Object.assign(document.createElement("div"), { className: "viewing-head" });
  const title = Object.assign(document.createElement("b"), { id: "viewing-title" });
  const body = Object.assign(document.createElement("div"), { className: "viewing-body" });
  const picture = document.createElement("img");
  const frame = document.createElement("iframe");
  dialog.setAttribute("aria-labelledby", title.id);
  const zoom = { at: 3 };
  const tools = [
    ["−", say("缩小"), () => scale(-1)], ["＋", say("放大"), () => scale(1)], [say("关闭"), say("关闭"), () => dialog.close()],
  ].map(([text, label, act]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn s", textContent: text });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  });
  function scale(step) {
    zoom.at = Math.min(STEPS.length - 1, Math.max(0, zoom.at + step));
    picture.width = Math.round(zoom.fit * STEPS[zoom.at]);
  }
  picture.addEventListener("load", () => {
    zoom.at = 3;
    zoom.fit = Math.min(picture.naturalWidth, body.clientWidth - 16);
    scale(0);
  });
  picture.addEventListener("click", () => scale(1));
  const save = Object.assign(document.createElement("a"), { className: "btn s p", textContent: say("下载") });
  head.append(title, ...tools.slice(0, 2), save, tools[2]);
  body.append(picture, frame);
  dialog.append(head, body);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  return { dialog, title, picture, frame, tools, save };
}

function show({ dialog, title, picture, frame, tools, save }, link) {
  const drawn = link.dataset.view.startsWith("image/");
  title.textContent = link.dataset.name ?? link.textContent.trim();
  picture.hidden = !drawn;
  frame.hidden = drawn;
  tools[0].hidden = tools[1].hidden = !drawn;
  save.hidden = !link.dataset.download;
  save.href = link.dataset.download ?? "";
  if (drawn) Object.assign(picture, { src: link.href, alt: title.textContent });
  else Object.assign(frame, { src: link.href, title: title.textContent });
  dialog.showModal();
}
