// What is pleasant, on pages that can be read without it.
"use strict";

const root = document.documentElement;

// Light or dark: the system decides until the reader does.
const theme = document.getElementById("theme");
const isDark = () =>
  (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches
    ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
theme.hidden = false;
theme.addEventListener("click", () => {
  root.dataset.theme = localStorage.theme = isDark() ? "light" : "dark";
  nameTheme();
});
nameTheme();

// In a long list of contents, the page that is open is in sight.
const list = document.querySelector(".contents");
const here = list.querySelector("a.current[href='#']");
if (here) list.scrollTop = here.offsetTop - list.clientHeight / 2;

// A button on every code cell copies it.
for (const block of document.querySelectorAll(".cell_input, .copied")) {
  const button = document.createElement("button");
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}

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
