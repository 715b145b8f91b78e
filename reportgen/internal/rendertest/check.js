(() => {
  const problems = [];
  const say = (s) => problems.push(s);
  const where = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.className && typeof e.className === "string" ? "." + e.className : "") + " “" + e.textContent.trim().slice(0, 30) + "”";

  const named = (e) => (e.getAttribute("aria-label") ?? "").trim() !== "";
  for (const img of document.images) if (!img.alt.trim()) say("image without alt text in " + where(img.parentElement));
  for (const img of document.images) if (!img.complete || img.naturalWidth === 0) say("image that does not show: " + img.alt);
  for (const svg of document.querySelectorAll("svg")) if (svg.getAttribute("role") !== "img" || !named(svg)) say("picture without role or label in " + where(svg.parentElement));
  for (const f of document.querySelectorAll("figure:not(.table, .listing)")) if (!f.querySelector("svg, img")) say("figure without a picture: " + where(f));

  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (ids.has(e.id)) say("identifier twice: " + e.id);
    ids.add(e.id);
  }
  for (const a of document.querySelectorAll('a[href^="#"]')) {
    if (!ids.has(decodeURIComponent(a.getAttribute("href").slice(1)))) say("link to nothing: " + a.getAttribute("href"));
  }
  for (const e of document.querySelectorAll("main, header, nav, body")) {
    for (const a of e.attributes) if (a.name.startsWith("on")) say("event handler on " + where(e));
  }

  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")].find((e) => e.getBoundingClientRect().right > page.clientWidth + 1 && !e.closest(".scroll, .picture, pre, nav"));
    say(`the page is ${page.scrollWidth} px wide and the window ${page.clientWidth}` + (wide ? ": " + where(wide) : ""));
  }

  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const colors = new Map();
  const rgba = (color) => {
    if (colors.has(color)) return colors.get(color);
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const data = canvas.getImageData(0, 0, 1, 1).data;
    colors.set(color, data);
    return data;
  };
  // Relative luminance and contrast as WCAG 2.2 defines them.
  const luminance = (c) => {
    const [r, g, b] = [c[0], c[1], c[2]].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255, 255];
  };
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || seen.has(e) || e.closest("svg, script, style") || !e.checkVisibility({ opacityProperty: true })) continue;
    seen.add(e);
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(rgba(style.color), ground(e));
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)} of ${where(e)}`);
  }
  return problems;
})()
