// A box above long lists of options that narrows them by keyword; chosen ones stay visible, those that a choice before ruled out
// (cascade.js) stay hidden.
import { say } from "./texts.js";

export function setUpOptionFilter(root) {
  for (const list of root.querySelectorAll("[data-filter-options]")) {
    const labels = [...list.querySelectorAll("label")];
    if (labels.length < 15) continue;
    const input = document.createElement("input");
    input.type = "search";
    input.className = "option-filter";
    input.placeholder = say("输入关键字筛选选项");
    input.setAttribute("aria-label", say("筛选选项"));
    const none = Object.assign(document.createElement("p"), { className: "hint", hidden: true, textContent: say("没有找到，请换一个词。") });
    none.setAttribute("role", "status");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      const offered = labels.filter((label) => !label.querySelector("input").disabled);
      const fitting = new Set(offered.filter((label) => label.textContent.toLowerCase().includes(wanted)));
      for (const label of offered) label.hidden = !fitting.has(label) && !label.querySelector("input").checked;
      none.hidden = fitting.size > 0;
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    list.before(input);
    list.append(none);
  }
}
