// Ticking rows for a batch action. Nothing is remembered here: every count and list of names is read from the boxes
// at the moment it is needed, and the browser sends the boxes themselves (they carry the form attribute).
import { say } from "./texts.js";

const boxes = (form) => [...document.querySelectorAll(`input[type="checkbox"][name="rowid"][form="${CSS.escape(form)}"]`)];

/** How many rows of the batch form `form` are ticked now. */
export const pickedCount = (form) => boxes(form).filter((box) => box.checked).length;

/** Write into `target` how many rows and which ones (at most five names) the action will touch. */
export function describePicked(target, form) {
  if (!target) return;
  const names = boxes(form).filter((box) => box.checked).map((box) => box.dataset.name).filter(Boolean);
  const shown = names.slice(0, 5).join("、");
  target.textContent = `${say("已选 {n} 行", { n: pickedCount(form) })}${shown ? `：${shown}` : ""}${names.length > 5 ? ` ${say("等")}` : ""}`;
}

export function setUpSelection(root) {
  for (const bar of root.querySelectorAll("[data-batch]")) setUpBar(bar, bar.dataset.batch);
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-needs-rows]");
    if (!button || pickedCount(button.dataset.needsRows) > 0) return;
    event.preventDefault();
    const { tell } = await import("./confirm.js");
    tell(say("请先勾选要处理的行。"));
  });
}

function setUpBar(bar, form) {
  const all = document.querySelector(`[data-pick-all="${CSS.escape(form)}"]`);
  const count = bar.querySelector("[data-count]");
  let last = null;
  const refresh = () => {
    const rows = boxes(form);
    const picked = rows.filter((box) => box.checked).length;
    for (const box of rows) box.closest("tr")?.classList.toggle("picked", box.checked);
    bar.classList.toggle("on", picked > 0);
    if (count) count.textContent = picked ? say("已选 {n} 项", { n: picked }) : say("未选择");
    if (all) {
      all.checked = picked > 0 && picked === rows.length;
      all.indeterminate = picked > 0 && picked < rows.length;
    }
  };
  all?.addEventListener("change", () => {
    for (const box of boxes(form)) box.checked = all.checked;
    refresh();
  });
  for (const box of boxes(form)) {
    box.addEventListener("change", refresh);
    box.addEventListener("click", (event) => {
      // shift + click ticks everything between
      const rows = boxes(form);
      if (event.shiftKey && last && last !== box) {
        const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
        for (const between of rows.slice(from, to + 1)) between.checked = box.checked;
        refresh();
      }
      last = box;
    });
  }
  window.addEventListener("pageshow", refresh); // the browser may bring ticks back with the page
  refresh();
}
