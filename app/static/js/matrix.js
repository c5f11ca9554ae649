// Tables of boxes (`data-matrix`): a click on the head of a row or a column ticks all of it, or none when all are ticked.
export function setUpMatrix(root) {
  for (const table of root.querySelectorAll("table[data-matrix]")) {
    const rows = [...table.tBodies[0].rows];
    const boxes = (cells) => cells.flatMap((cell) => [...cell.querySelectorAll("input[type=checkbox]:enabled")]);
    const head = [...table.tHead.rows[0].cells];
    const heads = [
      [head[0], () => boxes(rows.flatMap((row) => [...row.cells]))],
      ...head.slice(1).map((cell, n) => [cell, () => boxes(rows.map((row) => row.cells[n + 1]))]),
      ...rows.map((row) => [row.cells[0], () => boxes([...row.cells])]),
    ];
    if (!boxes(rows.flatMap((row) => [...row.cells])).length) continue;
    for (const [cell, find] of heads) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link pick-line";
      button.append(...cell.childNodes);
      button.addEventListener("click", () => {
        const found = find();
        const on = found.some((box) => !box.checked);
        for (const box of found) if (box.checked !== on) box.click();
      });
      cell.append(button);
    }
  }
}
