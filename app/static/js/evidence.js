// Files of the reviewed material open in the frame beside it (their links name it as target, so that works by itself).
// Here: the frame says what it shows; where it has no room the file opens in a tab of its own.
export function setUpEvidence(root) {
  root.addEventListener("click", (event) => {
    const picture = event.target.closest("button[data-zoom]");
    if (picture) picture.setAttribute("aria-pressed", String(picture.getAttribute("aria-pressed") !== "true"));
  });
  const frame = root.querySelector("iframe[name=evidence]");
  if (!frame) return;
  const box = frame.closest(".evidence");
  const picture = box.querySelector("img"); // browsers do not fit an image into a frame without scripts
  root.addEventListener("click", (event) => {
    const file = event.target.closest('a[target="evidence"]');
    if (!file || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (box.offsetParent === null) {
      event.preventDefault();
      window.open(file.href, "_blank", "noopener");
      return;
    }
    const drawn = "picture" in file.dataset;
    if (drawn) {
      event.preventDefault();
      picture.src = file.href;
      picture.alt = file.textContent.trim();
    }
    picture.hidden = !drawn;
    const zoom = picture.closest("[data-zoom]");
    if (zoom) zoom.hidden = !drawn;
    frame.hidden = drawn;
    root.querySelector('a[target="evidence"][aria-current]')?.removeAttribute("aria-current");
    file.setAttribute("aria-current", "true");
    box.querySelector("[data-viewing]").textContent = file.textContent.trim();
    const link = box.querySelector("[data-viewing-link]");
    link.href = file.href;
    link.hidden = false;
  });
}
