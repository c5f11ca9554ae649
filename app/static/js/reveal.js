// <form data-reveal> shows the whole of what stands masked beside it for a minute. Without scripts a page of its own shows it.
import { say } from "./texts.js";

const SHOWN = 60_000; // ms

export function setUpReveal(root) {
  root.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-reveal]");
    if (!form) return;
    event.preventDefault();
    const [button, masked] = [form.querySelector("button"), form.parentElement.querySelector("[data-masked]")];
    button.disabled = true;
    let answer;
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin" });
      answer = await response.json();
      if (!response.ok) throw new Error(answer.message);
    } catch (problem) {
      button.disabled = false;
      form.querySelector("[role=status]").textContent = problem.message || say("没有成功，请稍后再试。");
      return;
    }
    const before = masked.textContent;
    masked.textContent = answer.number;
    form.hidden = true;
    masked.tabIndex = -1;
    masked.focus(); // the button that had the focus is gone
    setTimeout(() => { masked.textContent = before; form.hidden = false; button.disabled = false; }, SHOWN);
  });
}
