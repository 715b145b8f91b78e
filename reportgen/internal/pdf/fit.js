// Makes what is wider than a page fit it, in the page that is about to be printed:
// the browser would shrink the whole report instead, and cut what is wider still.
// Long words in tables are broken anywhere. A table that is much wider gets a page in
// landscape, with the headings before it. Then the text is set smaller, and a table that
// would become too small to read is printed in parts that repeat its first column.
(() => {
  const least = 0.7; // of a table's 8.8 points
  const upright = 0.85; // of that size: what is smaller is turned
  const landscape = 963; // of an A4 page without its margins, in CSS pixels
  const fits = (box) => box.scrollWidth <= box.clientWidth + 1;
  const width = (e) => e.getBoundingClientRect().width;

  // The columns of each part, by their index; none where the table cannot be taken apart.
  const parts = (table, room) => {
    const rows = [...table.rows];
    const count = rows[0]?.cells.length ?? 0;
    if (count < 3 || rows.some((r) => r.cells.length !== count || [...r.cells].some((c) => c.colSpan > 1 || c.rowSpan > 1))) return [];
    const widths = [...rows[0].cells].map(width);
    const all = [];
    let used = Infinity;
    for (let i = 1; i < count; i++) {
      if (used + widths[i] > room) {
        all.push([0]);
        used = widths[0];
      }
      all.at(-1).push(i);
      used += widths[i];
    }
    return all;
  };
  const only = (table, columns) => {
    for (const row of table.rows) [...row.cells].forEach((c, i) => { if (!columns.includes(i)) c.remove(); });
  };

  const narrow = (table, room) => {
    const columns = width(table) * least > room ? parts(table, room / least) : [];
    const all = [table, ...columns.slice(1).map(() => table.cloneNode(true))];
    columns.forEach((some, i) => only(all[i], some));
    table.after(...all.slice(1));
    const zoom = room / Math.max(...all.map(width));
    for (const t of all) t.style.zoom = Math.min(1, zoom);
  };

  // Puts a table on a page in landscape, if it is not in a list, a grid or the like.
  const turn = (box) => {
    let block = box.closest("figure.table") ?? box;
    if (!block.parentElement.matches("main > section, .tab")) return;
    const page = [getComputedStyle(block).page, "wide"].filter((s) => s !== "auto").join("-");
    block.style.width = landscape + "px";
    for (; block && (block.contains(box) || block.matches("h2, h3, h4, h5, h6, .tab-title, .cell")); block = block.previousElementSibling) block.style.page = page;
  };

  for (const fold of document.querySelectorAll("details:not(.fold)")) fold.open = true;

  for (const box of document.querySelectorAll(".scroll")) {
    if (fits(box)) continue;
    for (const cell of box.querySelectorAll("td")) if (/\S{25}/.test(cell.textContent)) cell.style.overflowWrap = "anywhere";
    if (fits(box)) continue;
    if (box.clientWidth < upright * box.scrollWidth) turn(box);
    if (fits(box)) continue;
    for (const table of box.querySelectorAll("table")) if (width(table) > box.clientWidth + 1) narrow(table, box.clientWidth);
    const zoom = box.clientWidth / box.scrollWidth;
    if (!fits(box)) for (const e of box.children) e.style.zoom = zoom;
  }

  // The characters for which no font has a glyph: they look like one that is not assigned.
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const ink = canvas.getContext("2d", {willReadFrequently: true});
  const draw = (c) => {
    ink.clearRect(0, 0, 40, 40);
    ink.font = "24px serif";
    ink.fillText(c, 4, 30);
    return ink.getImageData(0, 0, 40, 40).data.join();
  };
  const none = draw("\u{10fffe}");
  const characters = new Set([...document.body.innerText].filter((c) => c.codePointAt(0) > 0x2ff && /[^\p{M}\p{C}\p{Z}]/u.test(c)));
  return [...characters].slice(0, 5000).filter((c) => draw(c) === none).sort();
})()
