const NARROW = "(max-width: 47.5rem)"; // as in tables.css

// Search forms: the chosen operator becomes part of the value's name; empty values are not sent.
// On narrow screens unused conditions fold away; without a script they stay open.
export function setUpFilters(root) {
  for (const fold of root.querySelectorAll("details[data-fold]")) {
    const narrow = matchMedia(NARROW);
    if (fold.dataset.fold !== "used" && narrow.matches) fold.open = false;
    narrow.addEventListener("change", () => { fold.open = fold.open || !narrow.matches; });
  }
  for (const form of root.querySelectorAll("form[data-filters]")) {
    form.addEventListener("change", (event) => {
      const op = event.target.closest("[data-op]");
      if (op) rename(form, op);
    });
    form.addEventListener("submit", () => {
      for (const op of form.querySelectorAll("[data-op]")) rename(form, op);
      for (const field of form.querySelectorAll("select[data-column]")) {
        const chosen = field.selectedOptions[0]?.dataset.opValue;
        if (chosen !== undefined && field.name) field.name = `_flt_${chosen}_${field.dataset.column}`;
      }
      const blank = [...form.elements].filter((field) => field.name && field.value === "" && !field.disabled);
      for (const field of blank) field.disabled = true;
      setTimeout(() => blank.forEach((field) => { field.disabled = false; }));
    });
  }
}

function rename(form, op) {
  const target = form.querySelector(`#${CSS.escape(op.dataset.op)}`);
  const option = op.selectedOptions[0];
  target.name = option.dataset.arg ?? `_flt_${op.value}_${op.dataset.column}`;
}
