// What is wrong with the page that is open, as sentences. Each function looks
// for one kind of defect; checks.py runs them all on every page.
"use strict";

const all = (selector) => [...document.querySelectorAll(selector)]
  .filter((e) => e.checkVisibility());
const start = (e) => e.outerHTML.slice(0, 120).replace(/\s+/g, " ");
const style = (e) => getComputedStyle(e);

function luminance(color) {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ground(e) {
  const color = style(e).backgroundColor;
  if (color !== "rgba(0, 0, 0, 0)") return color;
  return e.parentElement ? ground(e.parentElement) : "white";
}

function faintCodeAndFormulas() {
  const pairs = new Map(all("pre, pre *, math, math *").map((e) =>
    [`${style(e).color}/${ground(e)}`, e]));
  return [...pairs].filter(([pair]) => {
    const [dark, light] = pair.split("/").map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05) < 4.5;
  }).map(([pair, e]) => `Too faint, ${pair}: ${e.textContent.slice(0, 40)}`);
}

function wideThings() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return all("body *").filter((e) => e.getBoundingClientRect().right > width + 1)
    .map((e) => `Sticks out of the window: ${start(e)}`);
}

// On a desktop, 80 signs fit into the column.
function codeThatScrolls() {
  if (innerWidth < 1280) return [];
  return all("main pre").filter((e) => e.scrollWidth > e.clientWidth)
    .map((e) => `Scrolls on a desktop: ${start(e)}`);
}

function cutMessages() {
  return all("pre .message").filter((e) => e.getBoundingClientRect().right
    > e.closest("pre").getBoundingClientRect().right)
    .map((e) => `Cannot be read without scrolling: ${e.textContent}`);
}

function smallPrint() {
  return all("main :is(pre, p, td)").filter((e) => parseFloat(style(e).fontSize) < 11)
    .map((e) => `Smaller than 11 pixels: ${e.textContent.slice(0, 60)}`);
}

// Links inside a sentence are exempt, as in the rules of accessibility.
function smallTargets() {
  return all("button, input, summary, nav a, .brand, .place a, .about a, .run a,"
    + " .colophon a, .headerlink, #search-results li > a")
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, { width, height }]) => width && (height < 24 || width < 24))
    .map(([e, { width, height }]) => `Hard to hit, ${width} by ${height}: ${start(e)}`);
}

function buttonsOfOneName() {
  const names = all("button:not(.stage *)").map((e) => (e.ariaLabel || e.textContent)
    + (e.closest("[role=group]")?.ariaLabel || ""));
  return names.filter((name, i) => names.indexOf(name) < i)
    .map((name) => `Two buttons have the name ${name}`);
}

async function pictures() {
  const complaints = [], grounds = ["rgb(255, 255, 255)", "rgb(0, 0, 0)"];
  for (const image of document.querySelectorAll("main img")) {
    image.loading = "eager";
    await image.decode().catch(() => {});
    const alt = image.alt.trim(), name = image.src.slice(-40);
    const complain = (text) => complaints.push(`Picture ${name} ${text}`);
    if (alt.length < 20 || /\.(png|svg)$|^\S*\/\S*$/.test(alt))
      complain(`is described as "${alt}"`);
    if (!image.naturalWidth) complain("is not shown");
    else if (image.checkVisibility()) {
      const { width, height } = image.getBoundingClientRect();
      const ratio = image.naturalWidth / image.naturalHeight;
      if (Math.abs(width / height / ratio - 1) > 0.03) complain("is out of proportion");
      const letters = parseFloat(style(image).getPropertyValue("--letters"));
      const shown = letters * width / image.getAttribute("width");
      if (shown < Math.min(letters, 11) - 0.1) complain(`has letters of ${shown} pixels`);
    }
    const { filter, opacity, mixBlendMode, backgroundColor } = style(image);
    if (`${filter} ${opacity} ${mixBlendMode}` !== "none 1 normal"
      || !grounds.includes(backgroundColor)) complain("is not shown in its own colors");
  }
  return complaints;
}

function rootsWithGaps() {
  return all("msqrt").filter((e) => Math.abs(e.getBoundingClientRect().right
    - e.lastElementChild.getBoundingClientRect().right) > 2)
    .map((e) => `A gap follows a root: ${e.textContent}`);
}

function headsOfTables() {
  return all("thead tr:last-child > *").filter((e) => style(e).borderBottomStyle !== "solid")
    .map((e) => `The head of a table has no rule below ${e.textContent}`);
}

const scrolls = (e) => e.scrollWidth > e.clientWidth + 1
  && /auto|scroll/.test(style(e).overflowX);

// What scrolls sideways fades on the side where it goes on.
async function boxesThatEndAbruptly() {
  const boxes = all("main *").filter(scrolls), complaints = [];
  if (!CSS.supports("animation-timeline: scroll()"))  // Firefox: they have shades
    return boxes.filter((e) => !style(e).backgroundAttachment.includes("local"))
      .map((e) => `Ends abruptly: ${start(e)}`);
  for (const end of [true, false]) {
    for (const e of boxes) e.scrollLeft = end ? e.scrollWidth : 0;
    for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
    for (const e of boxes) {
      const [before, after] = ["--before", "--after"].map((name) =>
        style(e).maskImage !== "none" && parseFloat(style(e).getPropertyValue(name)) >= 1);
      if (before !== end || after === end) complaints.push(`Ends abruptly: ${start(e)}`);
    }
  }
  return complaints;
}

async function findings() {
  const found = [];
  for (const look of [faintCodeAndFormulas, wideThings, smallPrint, smallTargets,
    cutMessages, buttonsOfOneName, rootsWithGaps, headsOfTables, pictures])
    found.push(await look());
  const opened = [...document.querySelectorAll("main details:not([open])")].map((fold) =>
    new Promise((done) => { fold.addEventListener("toggle", done); fold.open = true; }));
  await Promise.all(opened);  // the page has heard of it
  return [...found, codeThatScrolls(), await boxesThatEndAbruptly()].flat();
}

// What code and formulas hold has colors, and nothing else for axe-core.
function flatten() {
  for (const e of document.querySelectorAll("pre, math")) e.textContent = e.textContent;
  dispatchEvent(new Event("resize"));  // other boxes may scroll
}

// What a reader must reach by Tab is numbered.
function numberStops() {
  const stops = all("body *").filter((e) =>
    e.matches("a[href], button, input, summary") || scrolls(e));
  stops.forEach((e, i) => { e.dataset.stop = i; });
  return stops.map(start);
}

function stopInFocus() {
  const e = document.activeElement;
  return style(e).outlineStyle === "none" ? null : e.dataset.stop;
}

const whatMoves = () => all("*").filter((e) => style(e).transitionDuration !== "0s"
  || style(e).scrollBehavior === "smooth"
  || (style(e).animationName !== "none"  // unless the reader moves it
    && !style(e).animationTimeline.startsWith("scroll"))).map(start);

const largest = () => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
});

const shift = () => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) sum += e.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 500);
});

const height = (e) => e.getBoundingClientRect().height;

// What a living figure shows, and how large a handle of it is to a finger.
const numbers = (host) => Object.fromEntries([...host.querySelectorAll("[data-shows]")]
  .map((e) => [e.dataset.shows, Number(e.dataset.value)]));

const target = (handle) => {
  const { width, height } = handle.closest(".drag").getBoundingClientRect();
  return Math.min(width, height);
};

// A heading that nothing covers.
const isOnTop = (e) => {
  const { x, y } = e.getBoundingClientRect();
  return document.elementFromPoint(x + 5, y + 9) === e;
};

// How wide each formula is, in its own letters; a line over letters is as wide as
// each browser likes.
async function widths() {
  for (const e of document.querySelectorAll("main details")) e.open = true;
  await document.fonts.ready;
  return [...document.querySelectorAll("main math")].map((e) => [e.textContent,
    e.textContent.includes("overline") ? 0
      : e.getBoundingClientRect().width / parseFloat(style(e).fontSize)]);
}

async function found(selector) {
  while (!document.querySelector(selector))
    await new Promise((done) => setTimeout(done, 50));
  return document.querySelector(selector);
}

// What the living figures show once they wake; each slider is moved to both ends.
async function play() {
  const said = [];
  for (const host of document.querySelectorAll("[data-living]")) {
    host.scrollIntoView();
    await found(`#${host.id} [data-value]`);
    said.push(numbers(host));
    for (const slider of host.querySelectorAll("[type=range]"))
      for (const end of [slider.min, slider.max]) {
        slider.value = end;
        slider.dispatchEvent(new Event("input"));
      }
  }
  return said;
}

const firstHit = async () => (await found("#search-results li a")).href;
