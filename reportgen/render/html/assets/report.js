"use strict";
(() => {
  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const store = (t) => { try { localStorage.setItem("theme", t); } catch { /* a file may have no storage */ } };
  const apply = (t) => { if (t === "auto") delete root.dataset.theme; else root.dataset.theme = t; };
  let theme = themes.includes(stored()) ? stored() : "auto";
  apply(theme);

  const themeButton = () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
      button.setAttribute("aria-label", "Theme: " + theme + ". Change");
    };
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      apply(theme); store(theme); show();
    });
    show();
    button.hidden = false;
  };

  // The contents follow the text: the last heading above a quarter of the window.
  const follow = () => {
    const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
    const headings = [...links.keys()].map((id) => document.getElementById(decodeURIComponent(id)));
    let current, queued = false;
    const update = () => {
      queued = false;
      let i = headings.findLastIndex((h) => h && h.getBoundingClientRect().top < innerHeight / 4);
      const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 2;
      if (atEnd && scrollY > 0 && !document.querySelector(".notes, .provenance")) i = headings.length - 1;
      const link = i < 0 ? undefined : [...links.values()][i];
      if (link === current) return;
      current?.classList.remove("here");
      current?.removeAttribute("aria-current");
      link?.classList.add("here");
      link?.setAttribute("aria-current", "location");
      const nav = link?.closest("nav");
      if (nav && nav.scrollHeight > nav.clientHeight) nav.scrollTop = link.offsetTop - nav.clientHeight / 2;
      current = link;
    };
    addEventListener("scroll", () => { if (!queued) { queued = true; requestAnimationFrame(update); } }, { passive: true });
    update();
  };

  const value = (cell) => cell.dataset.v ?? cell.textContent.trim();
  // Empty cells come last in either direction.
  const compare = (a, b, sign) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const x = Number(a), y = Number(b);
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y);
  };
  const sortable = (table) => {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((th, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort by this column";
      button.append(...th.childNodes);
      th.append(button);
      button.addEventListener("click", () => {
        const down = th.getAttribute("aria-sort") === "ascending" || (!th.hasAttribute("aria-sort") && th.classList.contains("n"));
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        th.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => compare(value(a.cells[column]), value(b.cells[column]), down ? -1 : 1)));
      });
    });
  };
  const downloadable = (table) => {
    // A spreadsheet must not take a text for a formula.
    const plain = (s) => (/^[=+@\t-]/.test(s) && Number.isNaN(Number(s)) ? "'" + s : s);
    const quote = (s) => (/[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "csv";
    button.textContent = "CSV";
    button.setAttribute("aria-label", "Save this table as CSV");
    button.addEventListener("click", () => {
      const lines = [...table.rows].map((row) => [...row.cells].map((c) => quote(plain(value(c)))).join(","));
      const a = document.createElement("a");
      a.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
      a.download = table.closest("figure").id + ".csv";
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
    });
    table.closest(".scroll").after(button);
  };

  document.addEventListener("DOMContentLoaded", () => {
    themeButton();
    follow();
    for (const table of document.querySelectorAll("table.data")) {
      if (table.tBodies[0].rows.length > 1) sortable(table);
      downloadable(table);
    }
    // A link into a folded part opens it.
    const reveal = () => {
      let id = location.hash.slice(1);
      try { id = decodeURIComponent(id); } catch { return; }
      const target = id ? document.getElementById(id) : null;
      const fold = target?.closest("details:not([open])");
      if (fold) { fold.open = true; target.scrollIntoView(); }
    };
    addEventListener("hashchange", reveal);
    reveal();
  });
})();
