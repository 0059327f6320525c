// What is pleasant, on pages that can be read without it.
"use strict";

const root = document.documentElement;

// Light or dark: the system decides, unless the reader does. A reader who may
// store nothing chooses for one page.
const theme = document.getElementById("theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
// A browser gives its own bar the color of the page.
const bar = Object.assign(document.createElement("meta"), { name: "theme-color" });
document.head.append(bar);
const nameTheme = () => {
  theme.textContent = `Theme: ${root.dataset.theme || "system"}`;
  bar.content = getComputedStyle(root).backgroundColor;
};
systemIsDark.addEventListener("change", nameTheme);
theme.hidden = false;
theme.addEventListener("click", () => {
  const order = ["", "dark", "light"];  // the first click changes something
  if (systemIsDark.matches) order.push(order.splice(1, 1)[0]);
  const next = order[(order.indexOf(root.dataset.theme || "") + 1) % 3];
  root.dataset.theme = next;
  try { localStorage.theme = next; } catch { /* see above */ }
  nameTheme();
});
nameTheme();

// In a long list of contents, the page that is open is in sight.
const list = document.querySelector(".contents");
const here = list.querySelector("[aria-current]");
if (here) {
  list.scrollTop = here.offsetTop - list.clientHeight / 2;
  // No entry is cut at the upper edge.
  const { top } = list.getBoundingClientRect();
  const first = [...list.querySelectorAll("li > a")]
    .map((link) => link.getBoundingClientRect()).find(({ bottom }) => bottom > top);
  list.scrollTop -= top - first.top;
}

// Browsers keep the clipboard from pages that come over plain http.
async function copy(text) {
  try { return await navigator.clipboard.writeText(text); } catch { /* so: */ }
  const area = Object.assign(document.createElement("textarea"), { value: text });
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before.focus();
  if (!done) throw new Error("The browser does not let the page copy.");
}

// A button on every code cell copies it.
document.querySelectorAll(".cell_input, .copied").forEach((block, i) => {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy code ${i + 1}`);
  const say = (word) => {
    button.textContent = word;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  button.addEventListener("click", () =>
    copy(block.querySelector("pre").textContent)
      .then(() => say("Copied"), () => say("Not copied")));
  block.append(button);
});

// A picture is shown as large as the window allows, and much larger than on the
// page in any case: what does not fit scrolls.
const stand = document.createElement("dialog");
stand.innerHTML = "<button>Close</button><div class=frame tabindex=0><img></div>";
stand.addEventListener("click", () => stand.close());
document.body.append(stand);
const enlarge = (link) => {
  const picture = link.querySelector("img"), [button, frame] = stand.children;
  const { width, height, alt, src } = picture;  // as they are on the page
  const scale = Math.min(2, innerWidth * 0.92 / width, innerHeight * 0.82 / height);
  Object.assign(frame.firstChild, { src, alt, width: width * Math.max(scale, 1.6) });
  const number = link.closest("figure")?.querySelector("figcaption strong, figcaption a");
  stand.setAttribute("aria-label", `${number?.textContent || "Picture."} Enlarged`);
  stand.showModal();
  frame.scrollTo(0, 0);
  button.focus();
  stand.onclose = () => link.focus();
};
document.addEventListener("click", (event) => {
  const link = event.target.closest(".enlarge");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  enlarge(link);
});

// Where a formula is too wide, it scrolls, and not the paragraph around it.
const narrow = () => {
  for (const box of document.querySelectorAll(".wide"))
    if (box.scrollWidth <= box.clientWidth) box.classList.remove("wide");
  for (const text of document.querySelectorAll("main p:has(math)")) {
    if (text.scrollWidth <= text.clientWidth) continue;
    for (const formula of text.querySelectorAll("math")) {
      const kept = formula.closest(".kept");
      const { width } = (kept || formula).getBoundingClientRect();
      if (width <= text.clientWidth) continue;
      const box = kept || document.createElement("span");
      if (!kept) {
        formula.replaceWith(box);
        box.append(formula);
      }
      box.classList.add("kept", "wide");
    }
  }
};

// What scrolls can be reached and scrolled with the keyboard.
const reach = () => {
  narrow();
  for (const box of document.querySelectorAll(
    "pre, p, .scroller, .enlarge, div.math, .kept"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
};
addEventListener("resize", reach);
addEventListener("toggle", reach, true);
reach();

// What is folded opens for paper, unless the reader does not want that, and
// folds again afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  const kept = root.dataset.paper?.includes("bare") ? "" : ", main .cell details:not([open])";
  folded = [...document.querySelectorAll(`#solutions > details:not([open])${kept}`)];
  for (const fold of folded) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of folded) fold.open = false;
});

// The script of a living figure comes when the figure does.
const beside = document.currentScript.src;
const loading = {};
const load = (name) => loading[name] ??= new Promise((resolve) => {
  const part = document.createElement(name.endsWith("css") ? "link" : "script");
  part.onload = resolve;
  part.rel = "stylesheet";
  part[name.endsWith("css") ? "href" : "src"] = new URL(name, beside);
  document.head.append(part);
});
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    Promise.all([load("kit.css"), load("kit.js")])
      .then(() => load(`${target.dataset.living}/figure.js`));
  }
}, { rootMargin: "800px" });
document.querySelectorAll("[data-living]").forEach((e) => near.observe(e));

// What a term means is shown beside it, to a pointer that rests there and to the
// keyboard. It can be left with Escape, and read at leisure.
const preview = Object.assign(document.createElement("div"),
  { id: "preview", role: "tooltip", popover: "manual" });
document.body.append(preview);
let asked, waiting;
const leave = () => {
  clearTimeout(waiting);
  asked?.removeAttribute("aria-describedby");
  asked = null;
  preview.hidePopover();
};
const explain = async (link) => {
  clearTimeout(waiting);
  if (asked === link) return;
  leave();
  asked = link;
  await load("terms.js");
  if (asked !== link || !TERMS[link.hash.slice(1)]) return;
  preview.innerHTML = TERMS[link.hash.slice(1)];
  link.setAttribute("aria-describedby", "preview");
  preview.showPopover();
  const [{ left, top, bottom }] = link.getClientRects();
  const { offsetWidth: width, offsetHeight: height } = preview;
  const below = bottom + height + 6 < innerHeight || top < height;
  preview.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  preview.style.top = `${below ? bottom + 3 : top - height - 3}px`;
};
const later = (what, time) => {
  clearTimeout(waiting);
  waiting = setTimeout(what, time);
};
for (const term of document.querySelectorAll("a:has(> .term)")) {
  term.addEventListener("pointerenter", ({ pointerType }) =>
    pointerType !== "touch" && later(() => explain(term), 250));
  term.addEventListener("pointerleave", () => later(leave, 250));
  term.addEventListener("focus", () => term.matches(":focus-visible") && explain(term));
  term.addEventListener("blur", leave);
}
preview.addEventListener("pointerenter", () => clearTimeout(waiting));
preview.addEventListener("pointerleave", () => later(leave, 250));
addEventListener("keydown", ({ key }) => key === "Escape" && leave());

// The glossary shows the terms that have what is typed, in either language.
const terms = document.querySelector("dl.terms");
if (terms) {
  const line = Object.assign(document.createElement("p"), { className: "filter" });
  line.innerHTML = '<label>Show the terms with <input type="search"></label> '
    + '<span role="status"></span>';
  terms.before(line);
  const heads = [...terms.querySelectorAll(":scope > dt")];
  const bare = (text) => text.toLowerCase().replace(/\s/g, "");  // as Korean varies
  line.querySelector("input").addEventListener("input", ({ target }) => {
    const wish = bare(target.value);
    let count = 0;
    for (const head of heads) {
      const text = `${head.textContent} ${head.nextElementSibling.textContent}`;
      const fits = bare(text).includes(wish);
      head.hidden = head.nextElementSibling.hidden = !fits;
      count += fits;
    }
    line.querySelector("span").textContent = wish && `${count} of ${heads.length}`;
  });
}

// A slash leads to the search, except where one may be written.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, [contenteditable]")) return;
  event.preventDefault();
  document.getElementById("q").focus();
});

// The words that the search found are marked on the page that it opens.
function mark(words) {
  const nodes = [], walker = document.createTreeWalker(
    document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let text = "", box;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const around = node.parentElement.closest("dt, dd, p, li, td, th, pre, h1, h2, h3");
    if (around !== box) text += "\n";  // no word goes on in another box
    box = around;
    nodes.push([text.length, node]);
    text += node.data;
  }
  // Code has a node for each of its words.
  const range = (from, to) => {
    const made = new Range();
    const [first, start] = nodes.findLast(([at]) => at <= from);
    const [last, end] = nodes.findLast(([at]) => at < to);
    made.setStart(start, from - first);
    made.setEnd(end, to - last);
    return made;
  };
  const any = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const found = new RegExp(
    `(?<![\\p{L}\\p{N}_])(?:${any.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  CSS.highlights.set("found", new Highlight(...Array.from(text.matchAll(found),
    ({ 0: word, index }) => range(index, index + word.length))));
}
const sought = new URLSearchParams(location.search).get("mark");
if (sought && CSS.highlights) {
  mark(sought.split(" "));
  openAnswer(CSS.highlights.get("found"));
}

// A folded output opens that has more of the words than what is in sight in the
// part of the page to which the search leads.
function openAnswer(ranges) {
  const part = document.getElementById(location.hash.slice(1)) || document.querySelector("main");
  const words = new Map();
  for (const range of ranges) {
    const fold = range.startContainer.parentElement.closest(".answer:not([open])") || part;
    if (!part.contains(range.startContainer)) continue;
    words.set(fold, (words.get(fold) || new Set()).add(range.toString().toLowerCase()));
  }
  const [best] = [...words].sort((a, b) => b[1].size - a[1].size || (b[0] === part) - 0.5);
  if (best && best[0] !== part) best[0].open = true;
}
