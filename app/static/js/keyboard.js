// Arrow keys inside trees and tabs; single-key shortcuts for elements with data-key (reviewing: A, R, N), never while typing.
// <input type="checkbox" data-keys-switch> turns the shortcuts off and on for this browser (WCAG 2.2, 2.1.4).
const SWITCH = "shortcuts";

export function setUpKeyboard(root) {
  for (const box of root.querySelectorAll("[data-keys-switch]")) {
    box.checked = localStorage.getItem(SWITCH) !== "off";
    box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
  }
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const list = event.target.closest?.(".tree, .tabs");
    if (list && event.target.matches("a, summary")) moveWithin(event, list);
    else if (!event.target.closest?.("input, select, textarea, [contenteditable], dialog")) shortcut(event, root);
  });
}

function moveWithin(event, list) {
  const [back, forth] = list.matches(".tabs") ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const links = [...list.querySelectorAll("a, summary")].filter((link) => link.offsetParent !== null);
  const at = links.indexOf(event.target);
  const to = { [back]: at - 1, [forth]: at + 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  links[(to + links.length) % links.length].focus();
}

function shortcut(event, root) {
  if (event.key.length !== 1 || localStorage.getItem(SWITCH) === "off") return;
  const target = root.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target || target.disabled) return;
  event.preventDefault();
  target.click();
}
