// Something is being made in the background: look again after a while, as long as the page is in sight and nobody is at work on
// it: an open dialog, or a field that is being filled in, would be lost.
export function setUpRefresh(root) {
  const waiting = root.querySelector("[data-refresh]");
  if (!waiting) return;
  let typed = false;
  root.addEventListener("input", () => { typed = true; });
  const busy = () => document.hidden || typed || root.querySelector("dialog[open]") || document.activeElement?.matches("input, textarea, select");
  const again = () => (busy() ? setTimeout(again, 1000) : location.reload());
  setTimeout(again, Number(waiting.dataset.refresh) * 1000);
}
