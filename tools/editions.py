"""Makes the book as one PDF and one EPUB, from the notebooks.

    python tools/editions.py pdf|epub

The trees of all pages become one book, with the solutions at the end of each
chapter. pandoc writes it as an EPUB, or as a source for Typst, which sets the
PDF: neither needs TeX or a browser. The same pages give the same file, byte
for byte, and a warning of either is an error.
"""

import json
import os
import shutil
import sys
import tempfile
from datetime import datetime
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import pypandoc
import repository
import section
import typst
from trees import Page, Place, element, raw, span, walk, words

sys.path.append(str(section.ROOT / "extensions"))
import fonts
import glossary
import references

ROOT = section.ROOT
STYLE = ROOT / "theme" / "print"
KOREAN = Path(find_spec("koreanize_matplotlib").origin).parent / "fonts"
EPUB = ["--mathml", "--toc", "--toc-depth=2", "--split-level=2"]
EPUB += [f"--template={STYLE / 'epub.html'}", f"--css={STYLE / 'epub.css'}"]


def target(kind):
    """Return where the edition of a kind lies, "pdf" or "epub"."""
    return ROOT / "_build" / f"d2l-mini.{kind}"


def chapter(index, pages):
    """Return a chapter: what opens it, its pages, and their solutions."""
    found = [page.page for page in pages]
    rows = [f"- [{p.heading}]({p.path}): {p.question}" for p in found]
    listed = "\n".join(["The sections of this chapter:\n", *rows])
    text = index.read_text("utf-8").replace("```{sections}\n```", listed)
    place = Place(index, f"chapter-{index.parent.name}")
    blocks = place.blocks(text)
    blocks += [block for page in pages for block in page.text]
    blocks += place.blocks("## Solutions")
    return blocks + [block for page in pages for block in page.solutions]


def terms():
    """Return the glossary, with the Korean terms marked as Korean."""
    entries = glossary.read(glossary.SOURCE.read_text("utf-8"))
    parts = ["# Glossary"]
    for term in sorted(entries, key=str.casefold):
        name, korean = glossary.anchor(term), entries[term]["ko"]
        meaning = " ".join(entries[term]["is"].split())
        parts.append(f"[**{term}**]{{#{name}}} {korean}\n\n:   {meaning}")
    text = glossary.HANGUL.sub(r"[\1]{lang=ko}", "\n\n".join(parts))
    return Place(glossary.SOURCE, "glossary").blocks(text)


def book(folder):
    """Return the whole book as blocks; its pictures go into a folder."""
    blocks = []
    for home, pages in groupby(section.everything(), lambda p: p.path.parent):
        pages = [Page(page, folder) for page in pages]
        blocks += chapter(home / "index.md", pages)
    return blocks + terms()


def tagged(tex):
    """Return a formula without its number, and the number or ""."""
    found = section.TAG.search(tex)
    return section.TAG.sub("", tex).strip(), found[1] if found else ""


def for_typst(node):
    """Replace what calls a function of book.typ, by its class if it has one.

    A semicolon ends each call, whatever the text goes on with.
    """
    kind, content = node["t"], node.get("c")
    if kind == "Math":
        tex, number = tagged(content[1])
        name = number and f"<{references.anchor('equation', number)}>"
        call = f"#formula({typed(tex)}, number: {typed(number)})["
        math = element("Math", content[0], tex)
        return [raw(call), math, raw(f"{name}];")]
    if kind == "Image":
        facts = dict(content[0][2])
        name, alt = typed(content[2][0]), typed(facts["alt"])
        width = facts["width"].removesuffix("px")
        return [raw(f"#picture({name}, {width}, {alt});")]
    if kind == "Div":
        start, end = f"#{content[0][1][0]}[", "]"
        return [raw(start, "RawBlock"), *content[1], raw(end, "RawBlock")]
    if kind == "Span" and not content[0][0]:
        call = (content[0][1] or ["korean"])[0]
        return [raw(f"#{call}["), *content[1], raw("];")]
    return [node]


def typed(text):
    """Return a text as Typst writes it."""
    return json.dumps(text, ensure_ascii=False)


def for_epub(node):
    """Set the number of an equation beside it, which MathML cannot.

    pandoc 3.9 finds the id of a figure only if it is that of a box around it.
    """
    kind, content = node["t"], node.get("c")
    if kind == "Figure":
        around, content[0] = content[0], ["", [], []]
        return [element("Div", around, [node])]
    tex, number = tagged(content[1]) if kind == "Math" else ("", "")
    if not number:
        return [node]
    parts = [element("Math", content[0], tex), span(words(f"({number})"))]
    return [span(parts, references.anchor("equation", number), "equation")]


def write(kind, path, made=book):
    """Write the edition of a kind, "pdf" or "epub", into a file."""
    # Of the last run, since a clock would make every file another one.
    date = max(page.run["date"] for page in section.everything())
    day = datetime.fromisoformat(f"{date}T00:00+00:00")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(day.timestamp()))
    facts = {"version": repository.version(), "date": date}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for part in (STYLE / "cover.typ", ROOT / "theme" / "emblem.svg"):
            shutil.copy(part, folder)
        blocks = walk(made(folder), for_typst if kind == "pdf" else for_epub)
        options = [f"--resource-path={folder}", "--columns=1000"]
        if kind == "pdf":
            source = folder / "book.typ"
            options.append(f"--template={STYLE / source.name}")
            convert(blocks, "typst", options, source)
            # pandoc 3.9 writes the name that Typst had for it earlier.
            text = source.read_text("utf-8").replace("dot.circle", "dot.o")
            source.write_text(text, "utf-8")
            typeset(source, path, facts, pdf_standards="ua-1")
        else:
            cover, korean = folder / "cover.png", folder / "korean.ttf"
            typeset(folder / "cover.typ", cover, facts, format="png", ppi=110)
            write_korean(korean)
            options += [f"--metadata={name}:{facts[name]}" for name in facts]
            options += [f"--epub-cover-image={cover}", *EPUB]
            options += [f"--epub-embed-font={korean}"]
            convert(blocks, "epub3", options, path)
    return path


def convert(blocks, kind, options, path):
    """Let pandoc write a tree."""
    tree = {"pandoc-api-version": [1, 23], "meta": {}, "blocks": blocks}
    options += [f"--metadata-file={STYLE / 'book.yaml'}", "--fail-if-warnings"]
    pypandoc.convert_text(
        json.dumps(tree), kind, "json", extra_args=options, outputfile=str(path)
    )


def typeset(source, path, facts, **options):
    """Let Typst set a text, in the fonts of the site."""
    folders = {Path(face).parent for face in fonts.FACES.values()} | {KOREAN}
    _, warnings = typst.compile_with_warnings(
        source,
        output=path,
        font_paths=sorted(folders),
        ignore_system_fonts=True,
        sys_inputs=facts,
        **options,
    )
    if warnings:
        raise ValueError("\n".join(map(str, warnings)))


def write_korean(path):
    """Write the letters of the Korean terms, for readers that have none."""
    text = glossary.SOURCE.read_text("utf-8")
    options = fonts.subset.Options(name_IDs=[0, 13, 14])
    # The tables of a tool that made the font.
    options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]
    with fonts.subset.load_font(KOREAN / "NanumGothic.ttf", options) as font:
        cut = fonts.subset.Subsetter(options)
        cut.populate(text="".join(glossary.HANGUL.findall(text)))
        cut.subset(font)
        fonts.subset.save_font(font, path, options)


if __name__ == "__main__":
    print(write(sys.argv[1], target(sys.argv[1])))
