// <select data-press="id">: choosing presses that button, which makes the page again for what was chosen.
export function setUpPress(root) {
  root.addEventListener("change", (event) => {
    const select = event.target.closest("select[data-press]");
    if (select) document.getElementById(select.dataset.press)?.click();
  });
}
