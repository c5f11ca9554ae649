// A box above long lists of check boxes that narrows them; ticked ones stay visible.
import { say } from "./texts.js";

export function setUpOptionFilter(root) {
  for (const list of root.querySelectorAll("[data-filter-options]")) {
    const labels = [...list.querySelectorAll("label")];
    if (labels.length < 15) continue;
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = say("筛选选项");
    input.setAttribute("aria-label", say("筛选选项"));
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const label of labels) {
        label.hidden = wanted !== "" && !label.textContent.toLowerCase().includes(wanted) && !label.querySelector("input").checked;
      }
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    list.before(input);
  }
}
