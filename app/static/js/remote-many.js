// Several rows of a large table: <input data-remote-many="address" value="3,8" data-chosen="[[3,'…'],…]"> becomes chips and a combobox.
// The input keeps the numbers with commas and is what the form sends.
import { say } from "./texts.js";
import { enhance } from "./remote-select.js";

export function setUpRemoteMany(root) {
  for (const native of root.querySelectorAll("[data-remote-many]")) setUp(native);
}

function setUp(native) {
  const chosen = new Map(JSON.parse(native.dataset.chosen || "[]").map(([id, text]) => [String(id), text]));
  const chips = document.createElement("ul");
  chips.className = "chips";
  const finder = document.createElement("input");
  finder.dataset.remote = native.dataset.remoteMany;
  finder.dataset.remoteParam = native.dataset.remoteParam ?? "q";
  finder.dataset.placeholder = say("输入文字查找并添加");
  const label = document.querySelector(`label[for="${CSS.escape(native.id)}"]`);
  finder.setAttribute("aria-label", label?.textContent.trim() ?? say("输入文字查找并添加"));
  const draw = () => {
    native.value = [...chosen.keys()].join(",");
    chips.replaceChildren(...[...chosen].map(([id, text]) => {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${text} ×` });
      button.setAttribute("aria-label", say("去掉 {name}", { name: text }));
      button.addEventListener("click", () => {
        chosen.delete(id);
        draw();
      });
      item.append(button);
      return item;
    }));
  };
  native.hidden = true;
  native.after(chips, finder);
  const input = enhance(finder);
  if (label) label.htmlFor = input.id;
  input.removeAttribute("aria-label");
  finder.addEventListener("change", () => {
    if (!finder.value) return;
    chosen.set(String(finder.value), input.value);
    finder.value = "";
    input.value = "";
    draw();
  });
  draw();
}
