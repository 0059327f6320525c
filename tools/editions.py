"""Makes the book as one PDF and one EPUB, from the notebooks.

    python tools/editions.py pdf|epub

pandoc reads each page as a tree. Here the trees become one book, with the
solutions at the end of each chapter, which pandoc writes as an EPUB, or as a
source for Typst, which sets the PDF: neither needs TeX or a browser. The same
pages give the same file, byte for byte.
"""

import base64
import json
import os
import re
import shutil
import sys
import tempfile
from copy import deepcopy
from datetime import datetime, timezone
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import pypandoc
import repository
import section
import typst
import yaml

sys.path.append(str(section.ROOT / "extensions"))
import fonts
import glossary
import references

ROOT = section.ROOT
STYLE = ROOT / "theme" / "print"
FORMAT = "markdown-yaml_metadata_block-example_lists-fancy_lists"
FORMAT += "+gfm_auto_identifiers"
KOREAN = Path(find_spec("koreanize_matplotlib").origin).parent / "fonts"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
FOLD = re.compile(r"</?(details|summary)( open)?>")  # on paper all is open
SHORT = 30  # lines of a cell that stay on one page


# The trees of pandoc


def element(name, *content):
    return {"t": name, "c": content[0] if len(content) == 1 else list(content)}


def words(text):
    return [element("Str", text)]


def link(text, name):
    return element("Link", ["", [], []], words(text), [f"#{name}", ""])


def span(content, name="", style=()):
    return element("Span", [name, list(style), []], content)


def raw(code):
    return element("RawInline", "typst", code)


def is_text(node):
    return node["t"] in ("Str", "Space", "SoftBreak")


def plain(nodes):
    """Return the words of elements, without those of nested ones."""
    return "".join(n["c"] if n["t"] == "Str" else " " for n in nodes)


def parse(markdown):
    """Return the blocks of a text."""
    return json.loads(pypandoc.convert_text(markdown, "json", FORMAT))["blocks"]


def walk(node, change):
    """Return a tree whose elements `change` has replaced, innermost first.

    It returns a list for each: what takes its place.
    """
    if isinstance(node, dict):
        return {key: walk(value, change) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    done = []
    for child in (walk(child, change) for child in node):
        done += change(child) if isinstance(child, dict) else [child]
    return done


# The pages


def fenced(text, kind):
    """Return a text as a block of code that no fence in it can end."""
    return f"~~~~~~~~ {{.{kind}}}\n{ANSI.sub('', text).rstrip()}\n~~~~~~~~"


class Page:
    """A notebook as blocks: what it teaches, and its solutions."""

    def __init__(self, page, folder):
        self.page, self.folder, self.pictures = page, folder, 0
        self.name = page.id.replace(".", "-")
        cells = [c for c in page.cells if c.id not in section.FRAME]
        blocks = parse("\n\n".join(map(self.cell, cells)))
        heads = [b["t"] == "Header" and b["c"][1][0] for b in blocks]
        blocks = [walk([b], self.placed)[0] for b in blocks]
        start, middle = heads.index("exercises"), heads.index("solutions")
        questions = self.exercises(blocks[start:middle], heads)
        self.text = self.joined(blocks[:middle], questions)
        about = words(f"Solutions of {page.number or page.title}")
        blocks[middle]["c"][2] = about
        self.solutions = self.joined(blocks[middle:], questions)

    def cell(self, cell):
        """Return a cell as far as a page shows it, with its outputs."""
        if cell.cell_type == "markdown":
            return cell.source
        parts = []
        if not section.tags(cell) & {"remove-cell", "hide-input"}:
            parts.append(fenced(cell.source, "python"))
        parts += [self.output(cell, output) for output in cell.outputs]
        text = "\n\n".join(parts)
        drawn = any(map(section.is_picture, cell.outputs))
        whole = not drawn and text.count("\n") < SHORT
        return f"::: short\n{text}\n:::" if whole else text

    def output(self, cell, output):
        data = output.get("data", {})
        if section.is_picture(output):
            return self.picture(cell, base64.b64decode(data["image/png"]))
        if "text/markdown" in data:
            return data["text/markdown"]
        if output.output_type == "error":
            return fenced("\n".join(output.traceback), "output")
        return fenced(output.get("text", data.get("text/plain", "")), "output")

    def picture(self, cell, image):
        """Write a picture beside the text, and return what shows it."""
        self.pictures += 1
        name = f"{self.name}-{self.pictures}.png"
        (self.folder / name).write_bytes(image)
        width = int.from_bytes(image[16:20], "big") // 2  # drawn at 2 to 1
        alt = section.alternative(cell).replace('"', "'")
        return f'![]({name}){{.drawn alt="{alt}" width={width}px}}'

    def placed(self, node):
        """Fit an element into the book: levels, ids, links, mentions."""
        kind, content = node["t"], node.get("c")
        if kind == "Header":
            name = content[1][0]
            top = f"section-{self.name}"
            content[1][0] = top if content[0] == 1 else self.id(name)
            content[0] += 1
        elif kind == "Link" and not content[2][0].startswith("http"):
            goal = self.goal(content[2][0])
            if not goal:
                return content[1]
            content[2][0] = f"#{goal}"
        elif kind in ("Para", "Plain", "Emph"):
            node["c"] = self.mentions(content)
        elif kind.startswith("Raw") and not FOLD.fullmatch(content[1].strip()):
            raise ValueError(f"{self.page.name}: no edition shows {content[1]}")
        return [node]

    def id(self, name):
        """Return the id in the book of what has one on its page."""
        return f"{self.name}-{name}"

    def goal(self, address):
        """Return the id that a link leads to, or None where it leaves."""
        path, _, name = address.partition("#")
        there = (self.page.path.parent / path).resolve()
        if not path:
            return self.id(name)
        if there.suffix == ".ipynb":
            page = section.read(there).id.replace(".", "-")
            return f"{page}-{name}" if name else f"section-{page}"
        if there.name == "index.md":
            return there.parent.name
        return (name or "glossary") if there.stem == "glossary" else None

    def mentions(self, inlines):
        """Turn mentions of figures, equations and exercises into links."""
        done = []
        for joined, nodes in groupby(inlines, is_text):
            nodes = list(nodes)
            text, end = joined and plain(nodes), 0
            for found in references.MENTION.finditer(text or ""):
                goal = references.anchor(found["kind"], found["number"])
                goal = goal if "." in found["number"] else self.id(goal)
                done += words(text[end : found.start()])
                done.append(link(found[0].replace(" ", "\xa0"), goal))
                end = found.end()
            done += words(text[end:]) if end else nodes
        return done

    def exercises(self, blocks, heads):
        """Give exercises an id and links; return them without, by number."""
        items = [b for b in blocks if b["t"] == "OrderedList"][0]["c"][1]
        questions = {}
        for number, item in enumerate(items, 1):
            first = item[0]["c"]
            if first[0]["t"] == "Emph":
                first[0] = span(first[0]["c"], style=["level"])
            name = self.id(f"exercise-{number}")
            copy = deepcopy(item)
            copy[0]["c"][:0] = [link(f"Exercise {number}", name), *words(". ")]
            quoted = element("Div", ["", ["question"], []], copy)
            questions[self.id(f"solution-{number}")] = quoted
            first[0] = span([first[0]], name)
            if f"solution-{number}" in heads:
                goal = self.id(f"solution-{number}")
                item[-1]["c"] += words(" ") + [
                    link(f"Solution {number}", goal)
                ]
        return questions

    def joined(self, blocks, questions):
        """Join captions with their pictures, questions with solutions.

        A caption follows the cell that draws.
        """
        done, drawn = [], None
        for block in blocks:
            kind, content = block["t"], block.get("c")
            first = content[0] if kind == "Para" else {"t": ""}
            if first["t"] == "Image":
                drawn = len(done)
            if first["t"] == "Strong" and (
                found := section.CAPTION.fullmatch(
                    f"**{plain(first['c'])}**"
                )
            ):
                name = references.anchor("figure", found[1])
                caption = [None, [element("Plain", content)]]
                picture = element("Plain", done[drawn]["c"])
                done[drawn] = element(
                    "Figure", [name, [], []], caption, [picture]
                )
                continue
            done.append(block)
            if kind == "Header" and content[1][0] in questions:
                done.append(questions[content[1][0]])
        return done


# The book


def chapter(index, entries, folder):
    """Return a chapter: what opens it, its pages, and their solutions."""
    opening = index.read_text("utf-8")
    pages = [
        section.read((ROOT / entry["file"]).with_suffix(".ipynb"))
        for entry in entries
    ]
    made = [Page(page, folder) for page in pages]
    toc = "\n".join(
        f"- [{page.heading}](#section-{one.name}): {page.question}"
        for page, one in zip(pages, made, strict=True)
    )
    opening = re.sub(r"^```\{.*?^```$", toc, opening, flags=re.M | re.S)
    blocks = parse(opening)
    name = index.parent.name
    blocks[0]["c"][1][0] = name
    heading = f"## Solutions {{#{name}-solutions .unnumbered}}"
    return (
        blocks
        + sum((page.text for page in made), [])
        + parse(heading)
        + sum((page.solutions for page in made), [])
    )


def terms():
    """Return the glossary, with the Korean terms marked as Korean."""
    entries = glossary.read(glossary.SOURCE.read_text("utf-8"))
    parts = ["# Glossary {#glossary}"]
    for term in sorted(entries, key=str.casefold):
        korean = glossary.HANGUL.sub(r"[\1]{lang=ko}", entries[term]["ko"])
        name = f"term-{term.replace(' ', '-')}"
        parts.append(f"[**{term}**]{{#{name}}} {korean}\n\n:   ")
        parts[-1] += " ".join(entries[term]["is"].split())
    return parse("\n\n".join(parts))


def book(folder):
    """Return the whole book as blocks; its pictures go into a folder."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    blocks = []
    for entry in toc["chapters"]:
        if "sections" in entry:
            index = ROOT / f"{entry['file']}.md"
            blocks += chapter(index, entry["sections"], folder)
    blocks += parse("# Optional pages {#optional}")
    for page in (Page(page, folder) for page in section.optional()):
        blocks += page.text + page.solutions
    return blocks + terms()


def for_typst(node):
    """Replace what Typst has to be told in its own words, see book.typ."""
    kind, content = node["t"], node.get("c")
    if kind == "Math":
        tex, number = tagged(content[1])
        call = f"#formula({quoted(tex)}, number: {quoted(number)})["
        label = number and f"<{references.anchor('equation', number)}>"
        math = element("Math", content[0], tex)
        # pandoc 3.9 does not know that a semicolon ends a call.
        return [raw(call), math, raw(f"{label}];")]
    if kind == "Image":
        facts = dict(content[0][2])
        width = facts["width"].removesuffix("px")
        name, alt = quoted(content[2][0]), quoted(facts["alt"])
        return [raw(f"#picture({name}, {width}, {alt})")]
    if kind == "Div":
        start, end = (
            element("RawBlock", "typst", code)
            for code in (f"#{content[0][1][0]}[", "]")
        )
        return [start, *content[1], end]
    if kind == "Span" and content[0][2]:
        language = dict(content[0][2])["lang"]
        return [raw(f"#text(lang: {quoted(language)})["), *content[1], raw("];")]
    if kind == "Span" and content[0][1]:
        return [raw(f"#{content[0][1][0]}["), *content[1], raw("];")]
    return [node]


def for_epub(node):
    """Set the number of an equation beside it, which MathML cannot."""
    if node["t"] != "Math" or not tagged(node["c"][1])[1]:
        return [node]
    tex, number = tagged(node["c"][1])
    parts = [element("Math", node["c"][0], tex), span(words(f"({number})"))]
    return [span(parts, references.anchor("equation", number), ["equation"])]


def tagged(tex):
    """Return a formula without its number, and the number or ""."""
    found = references.TAG.search(tex)
    return references.TAG.sub("", tex), found[1] if found else ""


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def write(kind, path):
    """Write the edition of a kind, "pdf" or "epub", into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of the last run, so that the same pages give the same file.
    date = max(page.run["date"] for page in section.everything())
    day = datetime.fromisoformat(date).replace(tzinfo=timezone.utc)
    os.environ["SOURCE_DATE_EPOCH"] = str(int(day.timestamp()))
    facts = {"version": repository.version(), "date": date}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for part in (STYLE / "cover.typ", ROOT / "theme" / "emblem.svg"):
            shutil.copy(part, folder)
        change = for_typst if kind == "pdf" else for_epub
        tree = {"pandoc-api-version": [1, 23], "meta": {}}
        tree["blocks"] = walk(book(folder), change)
        options = [f"--metadata-file={STYLE / 'book.yaml'}"]
        options += [f"--metadata={name}:{facts[name]}" for name in facts]
        options += [f"--resource-path={folder}", "--columns=1000"]
        source = folder / "book.typ"
        if kind == "pdf":
            options.append(f"--template={STYLE / 'book.typ'}")
            convert(tree, "typst", options, source)
            # pandoc 3.9 writes the name that Typst had for it earlier.
            text = source.read_text("utf-8").replace("dot.circle", "dot.o")
            source.write_text(text, "utf-8")
            typeset(source, path, facts, pdf_standards="ua-1")
        else:
            cover, korean = folder / "cover.png", folder / "korean.ttf"
            typeset(folder / "cover.typ", cover, facts, ppi=110)
            write_korean(korean)
            options += ["--mathml", "--toc", "--toc-depth=2", "--split-level=2"]
            options += [f"--epub-cover-image={cover}"]
            options += [f"--epub-embed-font={korean}"]
            options += [f"--css={STYLE / 'epub.css'}"]
            convert(tree, "epub3", options, path)
    return path


def convert(tree, kind, options, path):
    """Let pandoc write a tree; a warning is an error."""
    options = [*options, "--fail-if-warnings"]
    pypandoc.convert_text(
        json.dumps(tree), kind, "json", options, outputfile=str(path)
    )


def typeset(source, path, facts, **options):
    """Let Typst set a text; a warning is an error."""
    folders = {Path(face).parent for face in fonts.FACES.values()} | {KOREAN}
    warnings = typst.compile_with_warnings(
        source,
        output=path,
        font_paths=sorted(folders),
        ignore_system_fonts=True,
        sys_inputs=facts,
        **options,
    )[1]
    if warnings:
        raise ValueError("\n".join(map(str, warnings)))


def write_korean(path):
    """Write the letters of the Korean terms, for readers that have none."""
    letters = glossary.SOURCE.read_text("utf-8")
    options = fonts.subset.Options(name_IDs=[0, 13, 14])
    font = fonts.subset.load_font(KOREAN / "NanumGothic.ttf", options)
    cut = fonts.subset.Subsetter(options)
    cut.populate(text="".join(glossary.HANGUL.findall(letters)))
    cut.subset(font)
    fonts.subset.save_font(font, path, options)


if __name__ == "__main__":
    print(write(sys.argv[1], ROOT / "_build" / f"d2l-mini.{sys.argv[1]}"))
