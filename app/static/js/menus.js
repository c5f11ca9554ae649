// Menus are <details>: close them with Escape or a click elsewhere; messages get a button that closes them.
import { say } from "./texts.js";

export function setUpMenus(root) {
  const open = () => root.querySelectorAll("details.menu[open]");
  root.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  for (const flash of root.querySelectorAll(".flash")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "close";
    button.setAttribute("aria-label", say("关闭提示"));
    button.textContent = "×";
    button.addEventListener("click", () => flash.remove());
    flash.append(button);
  }
  const here = root.querySelector(".nav.flat [aria-current]");
  if (here && here.closest(".nav").scrollWidth > here.closest(".nav").clientWidth) {
    here.scrollIntoView({ block: "nearest", inline: "center" });
  }
  for (const place of root.querySelectorAll(".steps [aria-current], .tree.strip [aria-current]")) {
    const strip = place.closest(".steps, .tree");
    strip.scrollLeft = place.offsetLeft - strip.clientWidth / 2 + place.clientWidth / 2;
  }
  const summary = root.querySelector("[data-error-summary]");
  if (summary) summary.focus({ preventScroll: false });
  openToKeys(root);
  window.addEventListener("resize", () => openToKeys(root));
}

// What scrolls sideways and has nothing to focus inside is reached by the Tab key itself.
function openToKeys(root) {
  for (const box of root.querySelectorAll(".table-box, .steps")) {
    if (box.scrollWidth > box.clientWidth && !box.querySelector("a, button:enabled, input:enabled:not([type=hidden]), select:enabled, summary")) box.tabIndex = 0;
  }
}
