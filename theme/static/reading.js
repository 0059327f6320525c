// Where the reader is, was, and how he or she likes to read. What is kept stays on
// the device, and where nothing may be kept, all works for one page.
"use strict";

{
  const root = document.documentElement, { page, heading } = root.dataset;
  const recall = (store, name) => {
    try { return JSON.parse(window[store][name]); } catch { return null; }
  };
  const keep = (store, name, value) => {
    try { window[store][name] = JSON.stringify(value); } catch { /* see above */ }
  };

  // The menu: outputs folded or shown, and what is printed.
  const menu = document.getElementById("menu");
  const taste = recall("localStorage", "taste") || {};
  const answers = document.querySelectorAll(".answer");
  const apply = () => {
    root.dataset.outputs = menu.elements.outputs.value;
    root.dataset.paper = [menu.elements.folds.checked ? "" : "bare",
      menu.elements.solutions.checked ? "solved" : ""].join(" ");
  };
  if (taste.outputs) menu.elements.outputs.value = taste.outputs;
  for (const name of ["folds", "solutions"])
    if (name in taste) menu.elements[name].checked = taste[name];
  apply();
  menu.addEventListener("change", ({ target }) => {
    const { outputs, folds, solutions } = menu.elements;
    apply();
    if (target.name === "outputs")
      for (const answer of answers) answer.open = outputs.value === "shown";
    keep("localStorage", "taste",
      { outputs: outputs.value, folds: folds.checked, solutions: solutions.checked });
  });
  const opener = document.getElementById("reading");
  Object.assign(menu, { hidden: false, popover: "auto" });
  Object.assign(opener, { hidden: false, popoverTargetElement: menu });
  menu.addEventListener("submit", (event) => event.preventDefault());

  // On a phone, the theme is chosen in the menu.
  const narrow = matchMedia("(max-width: 600px)");
  const settle = () => {
    const theme = document.getElementById("theme");
    if (narrow.matches) menu.prepend(theme);
    else opener.before(theme);
  };
  narrow.addEventListener("change", settle);
  settle();

  // What was opened stays open while the browser does.
  const folds = [...document.querySelectorAll("main details")];
  for (const i of recall("sessionStorage", `open ${page}`) || [])
    if (folds[i]) folds[i].open = true;
  if (root.dataset.outputs === "shown") for (const answer of answers) answer.open = true;
  const opened = () => folds.flatMap((fold, i) => fold.open
    && !(root.dataset.outputs === "shown" && fold.matches(".answer")) ? [i] : []);

  // The part that is being read, in the list of parts and in its bar.
  const list = document.querySelector(".onpage");
  const links = [...document.querySelectorAll(".onpage li a")];
  const parts = links.map((link) => document.getElementById(
    decodeURIComponent(link.hash.slice(1))));
  const now = document.querySelector(".onpage summary span");
  let part = -1;
  const follow = () => {
    // At the end of a page, its last parts never come up to a third of the window.
    const rest = root.scrollHeight - innerHeight - scrollY;
    const line = Math.max(innerHeight / 3, innerHeight - rest);
    // A closed fold has no place: its handle has.
    const tops = parts.map((e) => (e.checkVisibility() ? e : e.parentElement)
      .getBoundingClientRect().top);
    const next = tops.findLastIndex((top) => top < line);
    if (next === part) return;
    links[part]?.removeAttribute("aria-current");
    part = next;
    const link = links[part];
    link?.setAttribute("aria-current", "location");
    now.textContent = link ? link.ariaLabel || link.textContent : "";
    if (link && list.open) list.scrollTop = link.offsetTop - list.clientHeight / 2;
  };
  const isUnfolded = () => list?.open  // the bar, not the column
    && getComputedStyle(list.querySelector("summary")).display !== "none";
  for (const link of links) link.addEventListener("click", () => {
    if (isUnfolded()) list.open = false;
  });

  // A thin bar for what is behind, and a masthead that comes when one goes back.
  const bar = document.createElement("div");
  bar.className = "progress";
  document.body.append(bar);
  const main = document.querySelector("main");
  let before = scrollY, far = 0;
  const move = () => {
    const end = root.scrollHeight - innerHeight;
    bar.style.transform = `scaleX(${end > 0 ? scrollY / end : 0})`;
    far = Math.max(far, scrollY);
    // An open list stays where a finger is about to tap.
    if (Math.abs(scrollY - before) > 4 && !isUnfolded()) {
      const away = scrollY > before && scrollY > main.offsetTop;
      if (root.classList.contains("away") !== away) root.classList.toggle("away", away);
      before = scrollY;
    }
    if (links.length) follow();
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(() => { waiting = false; move(); });
    waiting = true;
  }, { passive: true });
  // Fonts and living figures that come late move what is being read.
  new ResizeObserver(move).observe(main);

  // Where the reader was: { last: page, pages: { page: [heading, part, id, read] } }.
  const name = (link) => (link.ariaLabel || link.textContent).trim();
  const book = () => ({ pages: {}, ...recall("localStorage", "book") });
  const leave = () => {
    if (!page) return;
    keep("sessionStorage", `open ${page}`, opened());
    if (part < 0 || !far) return;
    const all = book();
    const last = document.getElementById("exercises")?.getBoundingClientRect().top;
    const read = all.pages[page]?.[3] || last < innerHeight;
    all.pages[page] = [heading, name(links[part]), links[part].hash, read];
    all.last = page;
    keep("localStorage", "book", all);
  };
  addEventListener("pagehide", leave);
  addEventListener("visibilitychange", leave);

  const { last, pages } = book();
  const up = root.dataset.content_root;
  const marks = [];
  for (const a of document.querySelectorAll(".contents a, .sections a")) {
    const at = Object.keys(pages).find((key) => a.href.endsWith(`/${key}.html`)
      || (a.matches("[aria-current]") && key === page));
    if (!at || !pages[at][3]) continue;
    const sign = Object.assign(document.createElement("span"), { className: "read" });
    sign.innerHTML = '<span class="unseen"> (read)</span>';
    a.append(sign);
    marks.push(sign);
  }
  if (last && last !== page) {
    const [title, words, hash] = pages[last];
    const line = Object.assign(document.createElement("p"), { className: "goon" });
    const link = Object.assign(document.createElement("a"),
      { href: `${up}${last}.html${hash}`, textContent: `${title}` });
    line.append("Continue ", link, ` at “${words}”`);
    const front = document.querySelector(".front h1 + p");
    if (front) front.after(line);
    else document.querySelector(".contents nav").prepend(line);
    marks.push(line);
  }
  document.getElementById("forget").addEventListener("click", (event) => {
    keep("localStorage", "book", { pages: {} });
    far = 0;
    for (const mark of marks) mark.remove();
    event.target.textContent = "Forgotten";
  });
}
