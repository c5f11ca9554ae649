// <select data-fills="id of a textarea">: choosing an opinion writes it into the text; with data-appends it is added on a line of its own.
// The select is emptied again, so that the text alone is sent.
export function setUpOpinions(root) {
  root.addEventListener("change", (event) => {
    const select = event.target.closest("select[data-fills]");
    if (!select || !select.value) return;
    const field = document.getElementById(select.dataset.fills);
    const chosen = select.selectedOptions[0].textContent;
    const typed = field.value.trim();
    if (!("appends" in select.dataset) || !typed) field.value = chosen;
    else if (!typed.split("\n").includes(chosen)) field.value = `${typed}\n${chosen}`;
    select.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
