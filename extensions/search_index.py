"""Writes what the search page searches: all text, by page and section.

A section is [anchor, heading, text, code, sentences that it prints, signs of
its formulas]. Terms of the glossary, exercises and solutions are sections of
their own. Each word of code and each sign of a formula is kept once a section:
it is looked for, and not shown.

The text travels as bzip2, a fifth smaller than what servers make of it, and in
base64, since a page in a folder can load nothing but scripts.
"""

import bz2
import json
import re
import shutil
import unicodedata
from base64 import b64encode
from pathlib import Path

import html_fixes

VENDOR = Path(__file__).resolve().parent.parent / "vendor"
SKIP = ".headerlink, .sections, .status, .used, .letters, summary"
PARTS = "section, dt[id], li[id^=exercise-], [id^=solution-]"
FORMULA = "…"  # for what would say something else on one line
SHORT = 12  # signs of a formula that is shown
RAISED = re.compile("<m(sup|sub)>(<m([ion])[^>]*>[^<]*</m\\3>)(?=<m[ion])")
FLAT = re.compile("</?m(?:i|n|o|row|text|space|style)\\b[^>]*>|</m(?:sup|sub)>")
SIGN = re.compile("[Α-Ωα-ϵ∂∇∑∏∫‖⊤⊙∞≈≤≥≠⌈⌊∈∼]")
# Names with their dots, and signs of operations.
WORD = re.compile(r"[^\W\d][\w.]*\w|[@*/%<>=!&|^~+-]+")
MESSAGE = re.compile(r'^<span class="message">(.*)</span>$', re.M)


def plain_formula(html):
    """Return a formula as plain letters and signs, and whether they can stand
    for it: it is short, without fractions, roots and marks above letters.
    """
    html = re.sub("<annotation.*?</annotation>|</?semantics>", "", html)
    html = RAISED.sub(lambda m: m[2] + ("^" if m[1] == "sup" else "_"), html)
    flat = "<" not in FLAT.sub("", html)
    text = re.sub("\u2061(?!\\()", " ", html_fixes.plain(html))
    # Bold and script letters become what one types; dots remain dots.
    text = "".join(
        unicodedata.normalize("NFKC", sign) if sign > "\u2fff" else sign
        for sign in text.replace("\u2061", "").strip()
    )
    return text, flat and len(text) <= SHORT


def words(page, boxes, text):
    """Return the words of code that a text lacks, each once, as one text.

    Short names such as `i` or `row` are not looked for.
    """
    code = re.sub("#.*", "", "\n".join(map(page.read, boxes)))
    known = set(WORD.findall(text))
    new = [word for word in WORD.findall(code) if word not in known]
    new = [word for word in new if len(word) > 3 or not word.islower()]
    return " ".join(dict.fromkeys(new))


def printed(page, boxes):
    """Return the sentences that some boxes show, as one text.

    Of those that differ only in numbers, one is enough.
    """
    html = "\n".join(page.held[page.number(box)] for box in boxes)
    lines = map(html_fixes.plain, MESSAGE.findall(html))
    kinds = {re.sub(r"[\d.]", "", line): line for line in lines}
    return " ".join(kinds.values())


def entry(page, part):
    """Take a part out of a page; return it as a section of the index."""
    anchor = part["id"]
    title = part.find(["h1", "h2", "h3"], recursive=False)
    if part.name == "dt":
        title, part = part, part.find_next_sibling("dd")
    heading = title.extract().get_text() if title else ""
    said = printed(page, part.select(".cell_output pre"))
    for output in part(class_="cell_output"):
        output.decompose()
    boxes = [box.extract() for box in part("pre")]
    signs = []

    def formula(match):
        text, is_short = plain_formula(page.held[int(match[1])])
        signs.extend(SIGN.findall(text))
        return text if is_short else FORMULA

    text = html_fixes.PLACE.sub(formula, part.extract().get_text())
    text = " ".join(text.split())
    code = "" if anchor.startswith("solution-") else words(page, boxes, text)
    return [anchor, heading, text, code, said, " ".join(dict.fromkeys(signs))]


def place(app, pagename):
    """Return where the sections of a page are kept: a build writes only some
    pages, and several at a time.
    """
    return Path(app.doctreedir) / f"{pagename}.search.json"


def record(app, pagename, template, context, doctree):
    """Keep the sections of a page that is written, and take it apart."""
    if page := context.pop("tree", None):
        for part in page.select(SKIP):
            part.decompose()
        parts = reversed(page.select(PARTS))  # the inner ones first
        sections = [entry(page, part) for part in parts][::-1]
        text = json.dumps(sections, ensure_ascii=False)
        place(app, pagename).write_text(text, "utf-8")


def finish(app):
    pages = {
        app.builder.get_target_uri(name): place(app, name).read_text("utf-8")
        for name in sorted(app.env.found_docs)
    }
    book = ",\n".join(f'["{link}",{text}]' for link, text in pages.items())
    static = Path(app.outdir) / "_static"
    packed = b64encode(bz2.compress(f"[{book}]".encode())).decode()
    script = f'const PACKED = "{packed}";\n'
    (static / "search-text.js").write_text(script, "utf-8")
    for name in ("bzip2", "minisearch"):
        shutil.copytree(VENDOR / name, static / name, dirs_exist_ok=True)
