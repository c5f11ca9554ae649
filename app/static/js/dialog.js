// <a data-dialog> opens the page it leads to as a dialog over this one: its part that is marked data-dialog-part.
// Without scripts, in another tab, after an expired sign-in or when something goes wrong, the page itself opens.
import { say } from "./texts.js";

export function setUpDialogs(root) {
  if (!("HTMLDialogElement" in window)) return;
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.closest("dialog")) return;
    event.preventDefault();
    open(link).catch(() => location.assign(link.href));
  });
}

async function open(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.querySelector("[data-dialog-part]");
  if (!part) throw new Error("no part");
  const dialog = Object.assign(document.createElement("dialog"), { className: "wide page" });
  const head = Object.assign(document.createElement("div"), { className: "viewing-head" });
  const title = Object.assign(document.createElement("b"), { id: "dialog-title", textContent: page.querySelector("h1")?.textContent ?? "" });
  const close = Object.assign(document.createElement("button"), { type: "button", className: "btn s", textContent: say("关闭") });
  dialog.setAttribute("aria-labelledby", title.id);
  close.addEventListener("click", () => dialog.close());
  head.append(title, close);
  dialog.append(head, document.importNode(part, true));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
