// Groups of fields that repeat: [data-add-line="id of a template"] puts one more into [data-lines], [data-drop-line] takes its own away.
// Without scripts both are buttons of the form and the server answers with the page again.
export function setUpLines(root) {
  root.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-line]");
    const drop = event.target.closest("[data-drop-line]");
    if (!add && !drop) return;
    event.preventDefault();
    const form = (add ?? drop).form;
    if (add) append(form, document.getElementById(add.dataset.addLine));
    else drop.closest("[data-line]").remove();
    form.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function append(form, template) {
  const numbers = [...form.querySelectorAll('input[name="line"]')].map((input) => Number(input.value));
  const number = String(Math.max(-1, ...numbers) + 1);
  const line = template.content.cloneNode(true);
  for (const element of line.querySelectorAll("*")) {
    for (const attribute of ["id", "name", "for", "value", "aria-describedby"]) {
      if (element.hasAttribute(attribute)) element.setAttribute(attribute, element.getAttribute(attribute).replace("NUMBER", number));
    }
  }
  const added = line.firstElementChild;
  form.querySelector("[data-lines]").append(added);
  added.querySelector("input:not([type=hidden])")?.focus();
}
