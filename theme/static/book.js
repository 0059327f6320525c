// What is pleasant, on pages that can be read without it.
"use strict";

const root = document.documentElement;

// Light or dark: the system decides, unless the reader does. A reader who may
// store nothing chooses for one page.
const theme = document.getElementById("theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const nameTheme = () => {
  theme.textContent = `Theme: ${root.dataset.theme || "system"}`;
};
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
if (here) list.scrollTop = here.offsetTop - list.clientHeight / 2;

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

// What scrolls can be reached and scrolled with the keyboard.
const reach = () => {
  for (const box of document.querySelectorAll(
    "pre, p, .scroller, .cell_output, div.math"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
};
addEventListener("resize", reach);
addEventListener("toggle", reach, true);
reach();

// Paper shows everything: what is folded opens, and folds again afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
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
