// Finds sections of the book by the words of a query. MiniSearch knows which
// word stands in which section, and which words begin alike or differ in a letter;
// what counts how much is decided here.
"use strict";

// Words, and signs such as @ or **; what parts sentences is neither.
const WORD = /[\p{L}\p{N}_]+/u;
const TOKEN = /[\p{L}\p{N}_]+(?:[.\-’'][\p{L}\p{N}_]+)*|[^\s\p{L}\p{N}_.,;:…()[\]{}"'“”‘’]+/gu;
const PART = /[_.\-’']+|(?<=\p{Ll})(?=\p{Lu})/u;
const KOREAN = /[가-힣]+(?: [가-힣]+)+/g;
const COMMON = new Set(`a an and are as at be by can do does for from have how i if in
  is it its me my of on or so that the their then there this to was we what what's when
  where which why will with work you your`.split(/\s+/));
const IRREGULAR = {
  axes: "axis", indices: "index", matrices: "matrix", grey: "gray", __proto__: null,
};

// One form for singular and plural, American and British.
function normal(word) {
  word = word.toLowerCase();
  if (word in IRREGULAR) return IRREGULAR[word];
  if (!/our|tre|ll|[iy][sz]|s$/.test(word)) return word; // most are left as they are
  return word
    .replace(/(?<=..)our/, "or")
    .replace(/(?<=...)tre(?=s?$)/, "ter")
    .replace(/ll(?=(?:ed|ing|er)s?$)/, "l")
    .replace(/(?<=....)[iy][sz](?:e[sd]?|ing|ations?)$/, "iz")
    .replace(/(?<=..)ies$/, "y")
    .replace(/(?<=ss|sh|ch|x)es$/, "")
    .replace(/(?<=[^\W\d_]{2}[^\Wsui])s$/, "");
}

// A name with its modules, with fewer of them, and without.
const endings = (token) => token.split(".")
  .map((_, i, names) => names.slice(i).join("."))
  .filter((name, i) => !i || /^[a-z_]{3}/i.test(name));

// The parts of a token, and all that it is found by: a name as it is, without its
// modules, in parts, and as one word. The book has few tokens, often.
const known = new Map();
function read(token) {
  if (!known.has(token)) {
    const parts = WORD.test(token) ? token.split(PART).filter(Boolean).map(normal) : [token];
    const whole = parts.length > 1 ? [token.split(PART).join("")] : [];
    const forms = [...endings(token), ...whole].map(normal);
    known.set(token, { parts, forms: [...new Set([...forms, ...parts])] });
  }
  return known.get(token);
}

const parts = (token) => read(token).parts;

// All words of a text that can be looked for; neighbors in Korean also as one.
function words(text) {
  const found = new Set();
  for (const token of text.match(TOKEN) || [])
    for (const form of read(token).forms) found.add(form);
  for (const name of text.match(KOREAN) || []) found.add(name.replaceAll(" ", ""));
  return [...found];
}

// A text as a row of words. One number stands for any other: the message of an
// error names the reader's own.
const row = (text) => (text.match(TOKEN) || [])
  .flatMap(parts).map((word) => word.replace(/\d+/g, "0"));

const FIELDS = { heading: 4, title: 1.5, text: 1, code: 0.8, said: 1, signs: 0.5 };
const index = new MiniSearch({
  fields: Object.keys(FIELDS), tokenize: words, processTerm: (term) => term,
});
// It looks through a tree of terms for each place of each term, a third of its time.
{
  const terms = new Map(), fetch = index._index.fetch.bind(index._index);
  index._index.fetch = (term, make) => {
    if (!terms.has(term)) terms.set(term, fetch(term, make));
    return terms.get(term);
  };
}
let sections;

// Return the text of the book, unpacked.
function unpacked() {
  const bytes = Uint8Array.from(atob(PACKED), (sign) => sign.charCodeAt(0)), text = [];
  const bits = bzip2.array(bytes), size = 1e5 * bzip2.header(bits);
  const block = new Int32Array(size), add = (byte) => { text.push(byte); };
  for (let sum = 0; sum !== null;) sum = bzip2.decompress(bits, add, block, size, sum);
  return new TextDecoder().decode(new Uint8Array(text));
}

// Make the index of all text, in steps between which one can type.
async function prepare() {
  const book = JSON.parse(unpacked());
  sections = book.flatMap(([page, entries]) => entries.map(
    ([anchor, heading, text, code, said, signs], i) => ({
      page, anchor, text, code, said, signs, heading: heading || name(anchor),
      title: entries[0][1], link: i ? `${page}#${anchor}` : page,
    })));
  sections.forEach((section, id) => { section.id = id; });
  await index.addAllAsync(sections, { chunkSize: 100 });
}

function name(anchor) {
  const [kind, number] = anchor.split("-");
  return `${kind[0].toUpperCase()}${kind.slice(1)} ${number}`;
}

// Where a section stands decides how likely it is meant.
function standing({ page, anchor, link }) {
  if (anchor.startsWith("solution-")) return 0.4;
  if (anchor.startsWith("exercise-")) return 0.6;
  if (!page.startsWith("chapters/")) return anchor.startsWith("term-") ? 0.7 : 0.6;
  if (anchor === "summary" || page.endsWith("index.html")) return 0.7;
  return link === page ? 1.4 : 1;
}

// Return Map {section: [score, words that match]} for one word of the query.
function look(word, fuzzy) {
  const long = WORD.test(word) && word.length > 1;
  const hits = index.search(word, {
    boost: FIELDS, tokenize: (text) => [text],
    prefix: long, fuzzy: fuzzy && word.length > 3 ? 0.25 : false, maxFuzzy: 2,
    weights: { prefix: 0.4, fuzzy: 0.3 },
  });
  if (long) return new Map(hits.map((hit) => [hit.id, [hit.score, hit.terms]]));
  // A sign or letter is told of where it stands often, and where it stands first,
  // in the book or on a page.
  const ids = hits.map(({ id }) => id).sort((a, b) => a - b)
    .filter((id) => sections[id].page.startsWith("chapters/"));
  const starts = ids.filter((id, i) => !i || sections[ids[i - 1]].page !== sections[id].page);
  const first = (id) => id === ids[0] ? 1.5 : starts.includes(id) ? 1.25 : 1;
  const often = (id) => 1 + Math.log(sections[id].text.split(word).length);
  return new Map(hits.map((hit) =>
    [hit.id, [hit.score * first(hit.id) * often(hit.id), hit.terms]]));
}

// Return the length of the longest row of words that stand in a section as they
// do in a query, where `places` says for each word at which places it stands.
// Words that are not looked for join others, and do not count.
function together(section, places, counts = () => true) {
  let longest = 0, before = new Map();
  section.row ??= row(`${section.heading} ${section.text} ${section.said}`);
  for (const word of section.row) {
    const now = new Map();
    for (const i of places.get(word) || []) {
      now.set(i, (before.get(i - 1) || 0) + counts(word));
      longest = Math.max(longest, now.get(i));
    }
    before = now;
  }
  return longest;
}

// The words of a query, without common ones unless it has no others or is quoted:
// a name in one piece if the book has it so, and two words as one if the book
// writes them only so.
function wanted(query) {
  const all = query.match(TOKEN) || [];
  const rare = all.filter((token) => !COMMON.has(token.toLowerCase()));
  const found = (rare.length && !/^".*"$/.test(query) ? rare : all).flatMap((token) => {
    const names = endings(token), counts = names.map((n) => look(normal(n), false).size);
    // A name with its modules stands in few places, without them perhaps in many.
    const often = names.find((_, i) => counts[i] > 2);
    if (often) return [normal(often)];
    const isName = names.length > 1 || /\p{Ll}\p{Lu}/u.test(token);
    return counts[0] && !isName ? [normal(token)] : parts(names.at(-1));
  });
  for (let i = found.length - 2; i >= 0; i--) {
    const [first, second] = found.slice(i, i + 2);
    const pair = new Map([[first, [0]], [second, [1]]]);
    if (first.length + second.length > 5 && look(first + second, false).size
        && !sections.some((section) => together(section, pair) > 1))
      found.splice(i, 2, first + second);
  }
  return [...new Set(found)].slice(0, 40);
}

// Return what has some of the terms, the best first.
function rank(query, terms, fuzzy) {
  const found = new Map(), alike = new Map();
  for (const term of terms)
    for (const [id, [score, matched]] of look(term, fuzzy)) {
      const hit = found.get(id) || { score: 0, covered: 0, matched: new Set() };
      found.set(id, hit);
      hit.score += score;
      hit.covered += 1 / terms.length;
      for (const word of matched) {
        hit.matched.add(word);
        alike.set(word, term);
      }
    }
  const places = new Map();
  const add = (word, i) => places.set(word, [...(places.get(word) || []), i]);
  row(query).forEach((word, i) => {
    add(word, i);
    for (const [other, term] of alike) if (term === word && other !== word) add(other, i);
  });
  const counts = (word) => terms.includes(word) || !COMMON.has(word);
  return [...found].map(([id, hit]) => {
    const section = sections[id], heading = row(section.heading);
    const named = heading.filter((word) => places.has(word)).length / heading.length;
    const run = Math.max(1, together(section, places, counts));
    const score = hit.score * hit.covered ** 3 * (1 + run) * (1 + named)
      * standing(section);
    return { ...section, ...hit, score };
  }).sort((a, b) => b.score - a.score);
}

// Return [sections, how they match]: those that have all words of a query, or
// words that are close to them, or most of them. Few that have all may have them
// by chance, so they do not hide what has most.
function find(query) {
  const terms = wanted(query);
  for (const fuzzy of [false, true]) {
    const hits = rank(query, terms, fuzzy);
    const whole = hits.filter((hit) => hit.covered > 0.99);
    const parted = hits.filter((hit) => hit.covered <= 0.99);
    const most = Math.max(0, ...parted.map((hit) => hit.covered));
    const least = Math.max(whole.length ? 0.6 : 0.49, most - 0.2);
    const some = hits.filter((hit) => hit.covered > least);
    if (whole.length > 4 || whole.length && some.length === whole.length)
      return [whole, fuzzy ? " with words like these" : ""];
    if (whole.length) return [some, " with all or most of these words"];
    if (fuzzy) return [some, " with some of these words"];
  }
}

// From here on, what was found is shown.
const results = document.getElementById("search-results");
const status = document.getElementById("search-status");
const field = document.getElementById("q");
const base = document.documentElement.dataset.content_root;

function element(name, content, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[content].flat());
  return made;
}

const matches = (text, matched) => [...text.matchAll(TOKEN)]
  .filter(([token]) => words(token).some((word) => matched.has(word)));

// The part of a text in which most of the words stand, with these marked.
function excerpt(text, matched) {
  const hits = matches(text, matched);
  const near = (hit) => new Set(hits.filter(({ index }) =>
    index >= hit.index && index < hit.index + 150).map(([token]) => token)).size;
  const first = hits.reduce((best, hit) => near(hit) > near(best) ? hit : best, hits[0]);
  const at = first ? first.index : 0;
  const from = at < 60 ? 0 : text.lastIndexOf(" ", at - 40) + 1;
  const to = text.length - at < 170 ? text.length : text.indexOf(" ", at + 150);
  const pieces = [from ? "… " : ""];
  let end = from;
  for (const { 0: token, index } of hits.filter((hit) => hit.index >= from && hit.index < to)) {
    pieces.push(text.slice(end, index), element("mark", token));
    end = index + token.length;
  }
  return [...pieces, text.slice(end, Math.max(end, to)), to < text.length ? " …" : ""];
}

// What is shown of a section. Of a solution that is its exercise.
function shown({ page, anchor, text, code, said, signs, matched }) {
  const exercise = anchor.replace("solution", "exercise");
  if (exercise !== anchor) {
    const asked = sections.find((s) => s.page === page && s.anchor === exercise);
    return asked ? excerpt(asked.text, new Set()) : [];
  }
  if (matches(text, matched).length) return excerpt(text, matched);
  if (matches(said, matched).length) return excerpt(said, matched);
  for (const [kind, list] of [["code", code], ["formulas", signs]]) {
    const names = matches(list, matched).map(([token]) => element("mark", token));
    if (names.length) return [`In its ${kind}: `, ...names.flatMap((e) => [" ", e])];
  }
  return excerpt(text, matched);
}

function entry(section) {
  const { page, anchor, link, heading, title, text, code, said, signs, matched } = section;
  const spelled = matches(`${heading} ${text} ${said} ${code} ${signs}`, matched).map(([s]) => s);
  const marks = new URLSearchParams({ mark: [...new Set(spelled)].slice(0, 20).join(" ") });
  const href = `${base}${page}?${marks}${link.slice(page.length)}`;
  const where = heading === title ? [] : [" ", element("span", title)];
  return element("li", [element("a", heading, { href }), ...where,
    element("p", shown(section))]);
}

// The first word of a section that it was found by, as it stands there.
function asWritten({ id, terms }) {
  const { heading, title, text, said, code } = sections[id];
  const tokens = `${heading} ${title} ${text} ${said} ${code}`.match(TOKEN) || [];
  return tokens.filter((token) => terms.includes(normal(token))).slice(0, 1)
    .map((token) => token.toLowerCase());
}

// What else there is, where the book says little.
function elsewhere(query) {
  const lost = wanted(query).filter((word) => !look(word, true).size);
  const near = lost.flatMap((word) => index.search(word,
    { tokenize: (text) => [text], fuzzy: 0.45 }).slice(0, 1).flatMap(asWritten));
  const link = (text, address) =>
    element("a", text, { href: `${address}?${new URLSearchParams({ q: text })}` });
  const other = link(query, "https://d2l.ai/search.html");
  other.textContent = "Dive into Deep Learning";
  const lines = [element("p", ["What this book leaves out may be in ", other, "."])];
  if (near.length)
    lines.unshift(element("p", ["Did you mean ", link(near[0], "search.html"), "?"]));
  return lines;
}

function search() {
  const query = field.value.trim();
  if (!query) {
    status.textContent = "Type what you look for into the field above.";
    return results.replaceChildren();
  }
  const [found, how] = find(query);
  status.textContent = `${found.length || "No"} section${found.length === 1 ? "" : "s"}`
    + (found.length ? how : "");
  const list = element("ol", found.slice(0, 30).map(entry));
  results.replaceChildren(list, ...(found.length && !how ? [] : elsewhere(query)));
}

field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", () => {
  history.replaceState(null, "", `?${new URLSearchParams({ q: field.value })}`);
  if (!results.ariaBusy) search();
});

// The page shows itself before the work begins.
results.ariaBusy = "true";
status.textContent = "Searching …";
requestAnimationFrame(() => setTimeout(async () => {
  await prepare();
  results.ariaBusy = null;
  search();
}));
