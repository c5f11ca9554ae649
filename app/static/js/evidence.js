// Files of the reviewed material open in the frame beside it (their links name it as target, so that works by itself).
// Here: the frame says what it shows; where it has no room the file opens in a tab of its own.
export function setUpEvidence(root) {
  const frame = root.querySelector("iframe[name=evidence]");
  if (!frame) return;
  const box = frame.closest(".evidence");
  root.addEventListener("click", (event) => {
    const file = event.target.closest('a[target="evidence"]');
    if (!file || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (frame.offsetParent === null) {
      event.preventDefault();
      window.open(file.href, "_blank", "noopener");
      return;
    }
    root.querySelector('a[target="evidence"][aria-current]')?.removeAttribute("aria-current");
    file.setAttribute("aria-current", "true");
    box.querySelector("[data-viewing]").textContent = file.textContent.trim();
    const link = box.querySelector("[data-viewing-link]");
    link.href = file.href;
    link.hidden = false;
  });
}
