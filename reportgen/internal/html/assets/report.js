"use strict";
(() => {
  const root = document.documentElement;
  // The words of a language other than English; arguments replace %s and %d in order.
  const words = JSON.parse(root.dataset.words ?? "{}");
  const say = (key, ...args) => (words[key] ?? key).replace(/%[sd]/g, () => args.shift());
  const themes = ["auto", "light", "dark"];
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const store = (t) => { try { localStorage.setItem("theme", t); } catch { /* a file may have no storage */ } };
  const apply = (t) => { if (t === "auto") delete root.dataset.theme; else root.dataset.theme = t; };
  let theme = themes.includes(stored()) ? stored() : "auto";
  apply(theme);

  const themeButton = () => {
    const button = document.getElementById("theme");
    const show = () => {
      button.textContent = say({ auto: "Auto", light: "Light", dark: "Dark" }[theme]);
      button.setAttribute("aria-label", say("Theme: %s. Change", button.textContent.toLowerCase()));
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
    const links = new Map([...document.querySelectorAll('nav > ol a[href^="#"]')].map((a) => [a.hash.slice(1), a]));
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

  const value = (cell) => cell.dataset.v ?? cell.textContent.trim().replaceAll("\u00a0", " ");
  // Empty cells come last in either direction.
  const compare = (a, b, sign) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const x = Number(a), y = Number(b);
    return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, undefined, { numeric: true }) : x - y);
  };
  const sortable = (table) => {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((th, column) => {
      if (!th.textContent.trim()) return; // a button without a name could not be spoken
      const button = document.createElement("button");
      button.type = "button";
      button.title = say("Sort by this column");
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
  const button = (text, label, click) => {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = text;
    b.setAttribute("aria-label", label);
    b.addEventListener("click", () => click(b));
    return b;
  };
  const tools = (...buttons) => {
    const box = document.createElement("div");
    box.className = "tools";
    box.append(...buttons);
    return box;
  };
  const save = (name, type, text) => {
    const a = document.createElement("a");
    a.href = URL.createObjectURL(new Blob([text], { type }));
    a.download = name;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 10000);
  };
  // A page opened by path has no clipboard in some browsers: the old way works there.
  const copy = async (text, b) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      b.focus();
    }
    const was = b.textContent;
    b.textContent = say("Copied");
    setTimeout(() => { b.textContent = was; }, 1500);
  };
  const grid = (table) => [...table.rows].map((row) => [...row.cells].map((c) => value(c)));
  const tableTools = (table) => {
    const name = table.closest(".part, figure").id;
    // A spreadsheet must not take a text for a formula (Inert in package console).
    const plain = (s) => (Number.isNaN(Number(s)) ? s.replace(/(^|[;\t\r\n])([\x00-\x08\x0b\x0c\x0e-\x20\x7f-\x9f\p{Z}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/gu, "$1'$2") : s);
    const quote = (s) => (/[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s);
    const csv = () => grid(table).map((row) => row.map((s) => quote(plain(s))).join(",")).join("\n") + "\n";
    const tsv = () => grid(table).map((row) => row.map((s) => plain(s).replace(/\s+/g, " ")).join("\t")).join("\n");
    table.closest(".scroll").after(tools(
      button(say("Copy"), say("Copy this table"), (b) => copy(tsv(), b)),
      button("CSV", say("Save this table as CSV"), () => save(name + ".csv", "text/csv", csv()))));
  };
  const codeTools = (pre) => {
    const box = document.createElement("div");
    box.className = "codebox";
    pre.replaceWith(box);
    const b = button(say("Copy"), say("Copy this code"), () => copy(pre.textContent, b));
    b.className = "copy";
    box.append(pre, b);
  };

  // The picture itself is moved: a copy would have its identifiers twice.
  const zoom = (picture, b) => {
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    dialog.setAttribute("aria-label", say("Picture in full size"));
    const content = [...picture.childNodes];
    picture.style.minHeight = picture.offsetHeight + "px";
    dialog.append(...content, button(say("Close"), say("Close"), () => dialog.close()));
    dialog.addEventListener("click", (e) => { if (e.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => {
      picture.append(...content);
      picture.style.minHeight = "";
      dialog.remove();
      b.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  const figureTools = (figure) => {
    for (const picture of figure.querySelectorAll(".picture")) {
      const shown = picture.querySelector("svg, img");
      if (!shown) continue;
      const buttons = [button(say("Enlarge"), say("Enlarge this picture"), (b) => zoom(picture, b))];
      if (shown.tagName === "svg") buttons.push(button("SVG", say("Save this picture as SVG"), () => {
        const svg = shown.cloneNode(true);
        for (const mark of svg.querySelectorAll("[data-words]")) {
          mark.prepend(Object.assign(document.createElementNS(svg.namespaceURI, "title"), { textContent: mark.dataset.words }));
          mark.removeAttribute("data-words");
        }
        svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
        save((picture.closest("[id]").id) + ".svg", "image/svg+xml", new XMLSerializer().serializeToString(svg));
      }));
      const part = picture.closest(".part");
      if (part) part.append(tools(...buttons));
      else (figure.querySelector("figcaption") ?? picture).after(tools(...buttons));
    }
  };

  const mark = (words, e) => {
    if (!CSS.highlights) return;
    const ranges = [];
    const walker = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    for (let n = walker.nextNode(); n; n = walker.nextNode()) {
      for (const w of words) {
        for (let i = n.data.toLowerCase().indexOf(w); i >= 0; i = n.data.toLowerCase().indexOf(w, i + w.length)) {
          const range = new Range();
          range.setStart(n, i);
          range.setEnd(n, i + w.length);
          ranges.push(range);
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  };
  const wordsOf = (s) => s.toLowerCase().split(/\s+/).filter(Boolean);
  // The texts of the page, block by block.
  const texts = () => {
    const all = [];
    let heading = "";
    for (const e of document.querySelectorAll("main :is(h2, h3, h4, h5, h6, p, li, dd, blockquote, figcaption, tr, pre), header.title p")) {
      if (e.querySelector("p, li, tr, pre") || e.className === "steps" || e.closest(".entities")) continue;
      const text = [...(e.cells ?? [e])].map((c) => c.textContent).join(" ").replace(/#$/, "").replace(/\s+/g, " ").trim();
      if (/^H\d$/.test(e.tagName)) heading = text;
      if (text) all.push({ e, text, lower: text.toLowerCase(), heading });
    }
    return all;
  };
  // Search looks through the page, and through the other pages of a site: their
  // texts are loaded as a script, which also a page opened by path may do.
  const search = (nav) => {
    const box = document.createElement("div");
    box.className = "search";
    box.setAttribute("role", "search");
    const input = Object.assign(document.createElement("input"), { type: "search", placeholder: say("Search"), id: "search" });
    input.setAttribute("aria-label", say("Search this report"));
    const results = document.createElement("ol");
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    box.append(input, status, results);
    nav.querySelector(".contents").before(box);
    const most = 20;
    let here, others = [], asked = !nav.dataset.index, missing = "";
    const load = () => {
      if (asked) return;
      asked = true;
      const script = document.createElement("script");
      script.src = nav.dataset.index;
      script.addEventListener("load", () => {
        others = reportIndex.filter(([file]) => file !== nav.dataset.file)
          .map(([file, anchor, heading, text]) => ({ file, anchor, heading, text, lower: text.toLowerCase() }));
        update();
      });
      script.addEventListener("error", () => { missing = " " + say("on this page; the other pages cannot be searched without %s", nav.dataset.index); update(); });
      document.head.append(script);
    };
    const cards = [...document.querySelectorAll(".card")].map((card) => ({ card, heading: say("Names in this report"), text: card.dataset.name, lower: card.dataset.name.toLowerCase() }));
    const go = (hit, words) => {
      if (hit.card) return openCard(hit.card);
      reveal(hit.e);
      hit.e.scrollIntoView({ block: "center" });
      mark(words, hit.e);
    };
    const snippet = (text, word) => {
      const at = Math.max(0, text.toLowerCase().indexOf(word) - 30);
      return (at > 0 ? "…" : "") + text.slice(at, at + 110) + (text.length > at + 110 ? "…" : "");
    };
    const result = (hit, words) => {
      const li = document.createElement("li");
      const to = document.createElement(hit.file ? "a" : "button");
      if (!hit.file) {
        to.type = "button";
        to.addEventListener("click", () => go(hit, words));
      } else {
        to.href = hit.file + "?find=" + encodeURIComponent(words.join(" ")) + (hit.anchor ? "#" + hit.anchor : "");
      }
      const where = document.createElement("span");
      where.className = "found-in";
      where.textContent = hit.heading;
      to.append(where, snippet(hit.text, words[0]));
      li.append(to);
      return li;
    };
    const update = () => {
      here ??= texts();
      load();
      const words = wordsOf(input.value);
      CSS.highlights?.delete("found");
      const hits = words.length ? [...cards, ...here, ...others].filter((x) => words.every((w) => x.lower.includes(w))) : [];
      results.replaceChildren(...hits.slice(0, most).map((hit) => result(hit, words)));
      status.textContent = !words.length ? "" : (hits.length > most ? say("The first %d of %d matches", most, hits.length) : hits.length === 1 ? say("1 match") : say("%d matches", hits.length)) + missing;
    };
    input.addEventListener("focus", load);
    input.addEventListener("input", update);
    box.addEventListener("keydown", (e) => {
      if (e.key === "Escape") { input.value = ""; update(); input.focus(); }
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (!step) return;
      const stops = [input, ...results.querySelectorAll("button, a")];
      stops[stops.indexOf(document.activeElement) + step]?.focus();
      e.preventDefault();
    });
    addEventListener("keydown", (e) => {
      if (e.key === "/" && !e.ctrlKey && !e.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName)) { e.preventDefault(); input.focus(); }
    });
  };

  // A set of tabs shows one part at a time. Browsers find text in the others, and show it.
  let sets = 0;
  const tabs = (set) => {
    const parts = [...set.children].filter((e) => e.matches(".tab"));
    const list = document.createElement("div");
    list.setAttribute("role", "tablist");
    const heads = parts.map((part, i) => {
      const head = document.createElement("button");
      head.type = "button";
      head.id = `tabs-${sets}-${i}`;
      head.setAttribute("role", "tab");
      head.setAttribute("aria-controls", part.id);
      head.textContent = part.querySelector(".tab-title").textContent;
      part.setAttribute("role", "tabpanel");
      part.setAttribute("aria-labelledby", head.id);
      head.addEventListener("click", () => {
        const top = head.getBoundingClientRect().top;
        select(i);
        // The tabs of other sets that are chosen with this one. The page does not move under the pointer.
        if (part.dataset.sync) for (const other of document.querySelectorAll(".tab")) if (other !== part && other.dataset.sync === part.dataset.sync) other.dispatchEvent(new Event("reveal"));
        scrollBy({ top: head.getBoundingClientRect().top - top, behavior: "instant" });
      });
      part.addEventListener("beforematch", () => select(i));
      part.addEventListener("reveal", () => select(i));
      return head;
    });
    const select = (to) => heads.forEach((head, i) => {
      head.setAttribute("aria-selected", i === to);
      head.tabIndex = i === to ? 0 : -1;
      if (i === to) parts[i].removeAttribute("hidden");
      else parts[i].setAttribute("hidden", "until-found");
    });
    list.addEventListener("keydown", (e) => {
      const at = heads.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[e.key];
      if (to === undefined) return;
      e.preventDefault();
      const head = heads.at(to % heads.length);
      head.click();
      head.focus();
    });
    list.append(...heads);
    set.prepend(list);
    set.classList.add("chosen");
    sets++;
    select(0);
  };
  // Opens the folds and tabs around an element.
  const reveal = (element) => {
    for (let e = element; e; e = e.parentElement) {
      if (e.matches("details")) e.open = true;
      if (e.matches(".tab")) e.dispatchEvent(new Event("reveal"));
    }
  };

  // The card of a name is what the page says about it, in a dialog.
  let dialog;
  const openCard = (card) => {
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "of-card";
      dialog.tabIndex = -1;
      dialog.autofocus = true; // the key that opens it would press a button that has the focus
      dialog.addEventListener("click", (e) => {
        const link = e.target.closest("a");
        if (e.target === dialog || (link && !link.matches(".entity"))) dialog.close();
      });
      document.body.append(dialog);
    }
    const copy = card.cloneNode(true);
    copy.removeAttribute("id");
    dialog.setAttribute("aria-label", card.dataset.name);
    dialog.replaceChildren(copy, button(say("Close"), say("Close"), () => dialog.close()));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    dialog.focus();
  };

  // Marks of figures answer to the pointer and to arrow keys with their exact values,
  // which are their titles. Whoever a mark or a link is about is highlighted everywhere,
  // and Enter opens its card.
  const marks = () => {
    const cards = new Map([...document.querySelectorAll(".card")].map((card) => [card.dataset.name, card]));
    const named = (link) => document.getElementById(link.hash.slice(1))?.dataset.name;
    const places = new Map();
    const place = (name, element) => {
      if (!name) return;
      if (!places.has(name)) places.set(name, new Set());
      places.get(name).add(element);
    };
    const pictures = new Map();
    for (const title of document.querySelectorAll("figure svg g > title")) {
      const mark = title.parentNode, svg = mark.closest("svg");
      mark.dataset.words = title.textContent;
      title.remove(); // browsers would show it too
      pictures.set(svg, [...(pictures.get(svg) ?? []), mark]);
      place(mark.dataset.entity, mark);
      place(mark.dataset.peer, mark);
    }
    for (const link of document.querySelectorAll("a.entity")) {
      link.setAttribute("aria-haspopup", "dialog");
      place(named(link), link);
    }
    if (!places.size && !pictures.size) return;
    const tip = document.createElement("div");
    tip.className = "tooltip";
    tip.setAttribute("role", "status");
    tip.hidden = true;
    document.body.append(tip);
    let lit = [];
    const light = (...names) => {
      for (const e of lit) e.classList.remove("same");
      lit = names.flatMap((name) => [...(places.get(name) ?? [])]);
      for (const e of lit) e.classList.add("same");
    };
    const hide = () => { tip.hidden = true; light(); };
    const show = (mark, x, y) => {
      (mark.closest("dialog") ?? document.body).append(tip); // a dialog covers the page
      tip.textContent = mark.dataset.words;
      tip.hidden = false;
      tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 4)) + "px";
      tip.style.top = (y + 16 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 8 : y + 16) + "px";
      light(mark.dataset.entity, mark.dataset.peer);
      if (!mark.dataset.entity) { lit.push(mark); mark.classList.add("same"); }
    };
    let keyed = false; // what keys show stays if the page scrolls below a pointer that rests
    const point = (e) => {
      const mark = e.target.closest?.("[data-words], a.entity");
      if (!mark) hide();
      else if (mark.dataset.words) show(mark, e.clientX, e.clientY);
      else { hide(); light(named(mark)); }
    };
    document.addEventListener("pointerover", (e) => { if (!keyed) point(e); });
    document.addEventListener("pointermove", (e) => { if (keyed) { keyed = false; point(e); } });
    addEventListener("focusin", (e) => { if (e.target.matches?.("a.entity")) { hide(); light(named(e.target)); } });
    addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
      const mark = e.target.closest?.("[data-words], a.entity");
      const card = cards.get(mark?.matches("a") ? named(mark) : mark?.dataset.entity);
      if (card) { e.preventDefault(); openCard(card); }
    });
    for (const [svg, all] of pictures) {
      let at = -1;
      svg.tabIndex = 0;
      svg.addEventListener("keydown", (e) => {
        if (e.key === "Enter" && cards.has(all[at]?.dataset.entity)) { e.preventDefault(); openCard(cards.get(all[at].dataset.entity)); }
        const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
        if (e.key === "Escape" && !tip.hidden) { hide(); e.preventDefault(); }
        if (to === undefined) return;
        e.preventDefault();
        at = Math.max(0, Math.min(all.length - 1, to));
        keyed = true;
        const box = all[at].getBoundingClientRect();
        show(all[at], box.left + box.width / 2, box.top + box.height / 2);
      });
      svg.addEventListener("blur", () => { keyed = false; hide(); });
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    themeButton();
    follow();
    const nav = document.querySelector("nav");
    if (nav) search(nav);
    for (const table of document.querySelectorAll("table.data")) {
      if (table.tBodies[0].rows.length > 1) sortable(table);
      tableTools(table);
    }
    for (const pre of document.querySelectorAll("pre.code")) codeTools(pre);
    marks();
    for (const figure of document.querySelectorAll("figure:not(.table, .listing)")) figureTools(figure);
    for (const list of document.querySelectorAll(".entities > details")) list.open = false;
    for (const set of document.querySelectorAll(".tabs")) tabs(set);
    // A link into a part that is not shown opens it.
    const followed = () => {
      let id = location.hash.slice(1);
      try { id = decodeURIComponent(id); } catch { return; }
      const target = id ? document.getElementById(id) : null;
      if (target) { reveal(target); target.scrollIntoView(); }
    };
    addEventListener("hashchange", followed);
    followed();
    // What was searched for on another page is marked where the link leads.
    const found = wordsOf(new URLSearchParams(location.search).get("find") ?? "");
    if (found.length) mark(found, document.querySelector("main"));
  });
})();
