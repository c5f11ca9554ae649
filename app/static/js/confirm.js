// <details data-confirm> opens as a modal dialog. The panel itself is moved into the dialog and back, so the form that is sent
// is the one beside the row it names: there is no shared state that could keep another row's address.
import { say } from "./texts.js";
import { describePicked, pickedCount } from "./selection.js";

export function setUpConfirm(root) {
  if (!("HTMLDialogElement" in window)) return;
  root.addEventListener("click", (event) => {
    const summary = event.target.closest("details[data-confirm] > summary");
    if (!summary) return;
    event.preventDefault();
    openDialog(summary.parentElement);
  });
  const asked = root.querySelector("details[data-confirm][open]"); // a refused decision, shown again with its text
  if (asked) {
    asked.open = false;
    openDialog(asked);
  }
}

function openDialog(holder) {
  const form = holder.dataset.needsRows;
  if (form && pickedCount(form) === 0) {
    tell(say("请先勾选要处理的行。"));
    return;
  }
  const panel = holder.querySelector(".confirm-panel");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", holder.querySelector("summary").textContent.trim());
  const text = panel.querySelector("p");
  if (text) {
    text.id ||= `confirm-${Math.random().toString(36).slice(2)}`;
    dialog.setAttribute("aria-describedby", text.id);
  }
  if (form) describePicked(panel.querySelector("[data-picked]"), form);
  dialog.append(panel);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    holder.append(panel);
    dialog.remove();
    holder.querySelector("summary").focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
  dialog.showModal();
  (panel.querySelector("textarea, select, input:not([type=hidden])") ?? panel.querySelector("[data-close]"))?.focus();
}

/** Show a sentence in a small dialog; resolves when it is closed. */
export function tell(message) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", say("提示"));
  const body = document.createElement("div");
  body.className = "dialog-body";
  const text = document.createElement("p");
  text.textContent = message;
  const foot = document.createElement("div");
  foot.className = "dialog-foot";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn p";
  button.textContent = say("知道了");
  button.addEventListener("click", () => dialog.close());
  foot.append(button);
  body.append(text, foot);
  dialog.append(body);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve();
  }));
}
