// [data-cascade='{"specialty_id": {"5": ["6", "7"]}}'] inside a form: what is chosen under one name says which choices of the next
// group make sense. The others are hidden, and a single one left is chosen. Without scripts everything is shown; the server checks.
export function setUpCascade(root) {
  for (const box of root.querySelectorAll("[data-cascade]")) {
    const steps = Object.entries(JSON.parse(box.dataset.cascade)); // [[name, {value: [values of the next group]}]]
    const groups = JSON.parse(box.dataset.cascadeOrder);
    const narrow = () => steps.forEach(([name, follows], n) => apply(box, name, groups[n + 1], follows));
    box.addEventListener("change", narrow);
    narrow();
  }
}

function apply(box, name, next, follows) {
  const chosen = box.querySelector(`input[name="${name}"]:checked`);
  const fitting = chosen ? new Set(follows[chosen.value] ?? []) : null;
  const shown = [];
  for (const input of box.querySelectorAll(`input[name="${next}"]`)) {
    const fits = !fitting || fitting.has(input.value);
    input.closest("label").hidden = !fits;
    input.disabled = !fits;
    if (!fits) input.checked = false;
    else shown.push(input);
  }
  if (fitting && shown.length === 1) shown[0].checked = true;
}
