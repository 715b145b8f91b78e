"use strict";
// Each grid that is not ready yet becomes sortable and filterable. Jupyter runs this
// script once for each output, and other pages may hold several.
for (const grid of document.querySelectorAll(".flowbook-grid:not([data-ready])")) {
  grid.dataset.ready = "";
  grid.dataset.lmSuppressShortcuts = "true"; // keys are the grid's, not JupyterLab's
  const limit = Number(grid.dataset.limit);
  const table = grid.querySelector("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\t").toLowerCase());
  const order = new Map(rows.map((row, i) => [row, i]));
  const [filter, more, status] = grid.querySelector(".flowbook-bar").children;
  const headers = [...table.tHead.rows[0].cells];
  const count = (n) => n.toLocaleString("en");
  let all = false, column = -1, down = false;

  // A number sorts by its value; what is missing comes last in either direction.
  const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const compare = (a, b) => {
    const x = key(a), y = key(b);
    if (x === "" || y === "") return (x === "") - (y === "") || order.get(a) - order.get(b);
    const numbers = headers[column].classList.contains("n");
    const sign = numbers ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true });
    return (down ? -sign : sign) || order.get(a) - order.get(b);
  };
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = rows.filter((row, i) => words.every((word) => texts[i].includes(word)));
    if (column >= 0) found = [...found].sort(compare);
    const shown = all ? found : found.slice(0, limit);
    for (const row of shown) row.hidden = false;
    body.replaceChildren(...shown);
    const rest = grid.dataset.rest ? ` of the first ${count(rows.length)}; ${grid.dataset.rest} more are not in this output` : "";
    status.textContent = `${count(shown.length)} of ${count(found.length)} ${found.length === 1 ? "row" : "rows"}` +
      (words.length ? ` that match, from ${count(rows.length)}` : "") + rest;
    more.hidden = found.length <= limit;
    more.textContent = all ? `Show the first ${limit}` : `Show all ${count(found.length)}`;
  };
  headers.forEach((header, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort by this column";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      down = column === i ? !down : header.classList.contains("n");
      column = i;
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      show();
    });
  });
  filter.addEventListener("input", show);
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    filter.value = "";
    show();
  });
  more.addEventListener("click", () => { all = !all; show(); });
  grid.querySelector(".flowbook-bar").hidden = false;
  show();
}
