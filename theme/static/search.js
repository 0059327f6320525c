// Finds pages by the words of a query. A word counts more in a title than in a
// heading, more in a heading than in the text, more where it stands often, and
// more where it is rare in the book. Words that stand together count again, the
// more the longer they are, and so do those that make up most of a title. What a
// section teaches comes before what the glossary or another page about the book
// says. Of the message of an error, which names the reader's own numbers, the
// longest part that the book shows counts.
"use strict";

const show = document.getElementById("search-results");
const query = new URLSearchParams(location.search).get("q") || "";
document.getElementById("q").value = query;

const words = query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) || [];
const count = (text, pattern) => (text.match(pattern) || []).length;
const often = (n, half) => n / (n + half);
// A pattern matches the beginning of a word; a plural also its singular.
// Korean words are put together with a space or without one.
const begins = (word) => new RegExp(`(?<![\\p{L}\\p{N}_])${
  word.replace(/(?<=[가-힣])(?=[가-힣])/g, "\\s?")}`, "giu");
const exact = words.map((word) => begins(word.replace(/(?<=...)s$/, "")));
const near = words.map((word) => begins(word.slice(0, Math.max(4, word.length - 3))));
// In a row of words, one number stands for any other.
const row = (part) => begins(part.map((word) => word.replace(/\d+/g, "\\d+"))
  .join("[^\\p{L}\\p{N}]{1,3}"));
const phrase = row(words);
// A query of signs alone is looked for as it is.
if (!words.length && query.trim())
  exact.push(new RegExp(query.trim().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu"));

function rank(patterns) {
  const pages = BOOK.map(([link, sections]) => {
    const text = sections.map((section) => section[2]).join(" ");
    const headings = sections.slice(1).map((section) => section[1]).join(" ");
    const title = `${sections[0][1]} ${link.split("/").pop()}`;
    const named = patterns.filter((pattern) => count(title, pattern)).length;
    const score = patterns.map((pattern) =>
      6 * Math.min(1, count(title, pattern)) +
      2 * Math.min(1, count(headings, pattern)) +
      2 * Math.min(1, count(sections[0][2], pattern)) +
      6 * often(count(text, pattern), 8));
    const together = words.length > 1
      ? 4 * words.length * often(count(text, phrase), 3) +
        4 * Math.min(1, count(`${title} ${headings}`, phrase)) : 0;
    const share = 15 * named / sections[0][1].split(" ").length;
    return { link, sections, score, more: together + share };
  });
  const rarity = patterns.map((_, i) =>
    Math.log(1 + pages.length / (1 + pages.filter((p) => p.score[i]).length)));
  for (const page of pages) {
    const about = page.link.startsWith("chapters/") ? 1 : 0.6;
    page.total = about * (page.more +
      page.score.reduce((sum, score, i) => sum + score * rarity[i], 0));
  }
  return pages
    .filter((page) => page.score.every((score) => score > 0))
    .sort((a, b) => b.total - a.total);
}

function element(name, content, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[content].flat());
  return made;
}

// The words around the first place that matches, which is marked.
function context(text, patterns) {
  const at = text.search(new RegExp(patterns.map((p) => p.source).join("|"), "iu"));
  const from = text.lastIndexOf(" ", Math.max(0, at - 60)) + 1;
  const to = text.indexOf(" ", at + 120);
  const end = to < 0 ? text.slice(from) : text.slice(from, to) + " …";
  const piece = (from ? "… " : "") + end;
  const any = new RegExp(`(${patterns.map((p) => p.source).join("|")})`, "iu");
  const [before, hit, ...after] = piece.split(any);
  return [before, element("mark", hit || ""), after.join("")];
}

function entry(page, patterns) {
  const weight = ([, heading, text]) => patterns.reduce((sum, pattern) =>
    sum + 3 * count(heading, pattern) + often(count(text, pattern), 3),
    words.length > 1 ? 4 * count(text, phrase) : 0);
  const best = page.sections.toSorted((a, b) => weight(b) - weight(a))[0];
  const href = `${document.documentElement.dataset.content_root}${page.link}`;
  const made = element("li", element("a", page.sections[0][1], { href }));
  if (best !== page.sections[0])
    made.append(" ", element("a", best[1], { href: `${href}#${best[0]}` }));
  const whole = words.length > 1 && count(best[2], phrase);
  made.append(element("p", context(best[2], whole ? [phrase] : patterns)));
  return made;
}

function search() {
  const runs = [];
  for (let size = words.length; size > 2; size--)
    for (let i = 0; i + size <= words.length; i++)
      runs.push([row(words.slice(i, i + size))]);
  const ways = [exact, ...runs];
  if (/[가-힣]/.test(query)) ways.push([begins(words.join(""))]);
  if (words.length) ways.push(near);
  for (const patterns of ways) {
    const found = rank(patterns);
    if (found.length) return [found, patterns];
  }
  return [[], exact];
}

if (!exact.length)
  show.append(element("p", "Type what you look for into the field above."));
else {
  const [found, patterns] = search();
  show.append(
    element("p", `${found.length || "No"} page${found.length === 1 ? "" : "s"}`),
    element("ol", found.map((page) => entry(page, patterns))));
}
