"""The pages as trees of pandoc, as they stand in the whole book.

A heading is one level deeper than on its page, an id carries the page's name, a
link between files leads inside the book, a mention is a link, a caption is
joined with its picture, and an exercise with its solution.
"""

import base64
import json
import re
import sys
from copy import deepcopy
from itertools import groupby

import pypandoc
import section

sys.path.append(str(section.ROOT / "extensions"))
import references

FORMAT = "markdown-yaml_metadata_block-example_lists-fancy_lists"
FORMAT += "+gfm_auto_identifiers"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
FOLD = re.compile(r"</?(details|summary)( open)?>\s*")  # on paper all is open
SHORT = 20  # lines of a cell and its fences that stay on one page


def element(kind, *content):
    return {"t": kind, "c": content[0] if len(content) == 1 else list(content)}


def words(text):
    return [element("Str", text)] if text else []


def span(content, name="", *classes):
    return element("Span", [name, list(classes), []], content)


def link(text, name):
    return element("Link", ["", [], []], words(text), [f"#{name}", ""])


def raw(code, kind="RawInline"):
    return element(kind, "typst", code)


def is_word(node):
    return node["t"] in ("Str", "Space", "SoftBreak")


def plain(nodes):
    """Return the words of elements, without those of nested ones."""
    return "".join(n["c"] if n["t"] == "Str" else " " for n in nodes)


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


class Place:
    """Where a text stands: what its ids, links and mentions mean in the book.

    `name` is the id of its first heading, and what all others begin with.
    """

    def __init__(self, path, name, deeper=0):
        self.path, self.name, self.deeper = path, name, deeper

    def blocks(self, markdown):
        """Return a text as blocks that have found their place."""
        read = pypandoc.convert_text(markdown, "json", FORMAT)
        return walk(json.loads(read)["blocks"], self.change)

    def id(self, name):
        return f"{self.name}-{name}"

    def change(self, node):
        kind, content = node["t"], node.get("c")
        if kind == "Header":
            name = content[1][0]
            content[1][0] = self.name if content[0] == 1 else self.id(name)
            content[0] += self.deeper
        elif kind == "Link" and not content[2][0].startswith("http"):
            goal = self.goal(content[2][0])
            if goal is None:
                return content[1]
            content[2][0] = f"#{goal}"
        elif kind in ("Para", "Plain", "Emph"):
            node["c"] = self.mentions(content)
        elif kind.startswith("Raw") and not FOLD.fullmatch(content[1]):
            raise ValueError(f"{self.path}: no edition shows {content[1]}")
        return [node]

    def goal(self, address):
        """Return the id that a link leads to, None where it leaves the book."""
        path, _, name = address.partition("#")
        there = (self.path.parent / path).resolve()
        if not path:
            return self.id(name)
        if there.suffix == ".ipynb":
            page = named(section.read(there))
            return f"{page}-{name}" if name else page
        if there.name == "index.md":
            return f"chapter-{there.parent.name}"
        return (name or "glossary") if there.stem == "glossary" else None

    def mentions(self, inlines):
        """Turn mentions of figures, equations and exercises into links."""
        done = []
        for are_words, run in groupby(inlines, is_word):
            nodes, end = list(run), 0
            text = plain(nodes) if are_words else ""
            for found in references.MENTION.finditer(text):
                goal = references.anchor(found["kind"], found["number"])
                goal = goal if "." in found["number"] else self.id(goal)
                done += words(text[end : found.start()])
                done.append(link(found[0].replace(" ", "\xa0"), goal))
                end = found.end()
            done += words(text[end:]) if end else nodes
        return done


class Page(Place):
    """A notebook: `text` is what it teaches, `solutions` are those."""

    def __init__(self, page, folder):
        super().__init__(page.path, named(page), deeper=1)
        self.page, self.folder, self.pictures = page, folder, 0
        cells = [c for c in page.cells if c.id not in section.FRAME]
        blocks = self.blocks("\n\n".join(map(self.cell, cells)))
        names = [b["t"] == "Header" and b["c"][1][0] for b in blocks]
        start = names.index(self.id("exercises"))
        middle = names.index(self.id("solutions"))
        title = f"Solutions of {page.number or page.title}"
        blocks[middle]["c"][2] = words(title)
        questions = self.exercises(blocks[start:middle], names)
        self.text = joined(blocks[:middle], questions)
        self.solutions = joined(blocks[middle:], questions)

    def cell(self, cell):
        """Return a cell as far as a page shows it, with its outputs."""
        if cell.cell_type == "markdown":
            return cell.source
        parts = []
        if not section.tags(cell) & {"remove-cell", "hide-input"}:
            parts.append(fenced(cell.source, "python"))
        parts += [self.output(cell, output) for output in cell.outputs]
        text = "\n\n".join(parts)
        drawn = bool(section.pictures(cell.outputs))
        whole = not drawn and text.count("\n") < SHORT
        return f"::: short\n{text}\n:::" if whole else text

    def output(self, cell, output):
        data = output.get("data", {})
        if section.pictures([output]):
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
        return f'![]({name}){{alt="{alt}" width={width}px}}'

    def exercises(self, blocks, names):
        """Link exercises and solutions; return {id of a solution: question}."""
        (items,) = [b["c"][1] for b in blocks if b["t"] == "OrderedList"]
        questions = {}
        for number, item in enumerate(items, 1):
            name = self.id(f"exercise-{number}")
            goal = self.id(f"solution-{number}")
            first = item[0]["c"]
            if first[0]["t"] == "Emph":
                first[0] = span(first[0]["c"], "", "level")
            copy = deepcopy(item)
            copy[0]["c"][:0] = [link(f"Exercise {number}", name), *words(". ")]
            questions[goal] = element("Div", ["", ["question"], []], copy)
            first[0] = span([first[0]], name)
            if goal in names:
                if item[-1]["t"] not in ("Para", "Plain"):  # but code, say
                    item.append(element("Para", []))
                item[-1]["c"] += [*words(" "), link(f"Solution {number}", goal)]
        return questions


def named(page):
    """Return the id of a page in the book."""
    return f"section-{page.id.replace('.', '-')}"


def fenced(text, kind):
    """Return a text as a block of code that no fence in it can end."""
    return f"~~~~~~~~ {{.{kind}}}\n{ANSI.sub('', text).rstrip()}\n~~~~~~~~"


def joined(blocks, questions):
    """Return blocks, with captions in their figures and questions repeated."""
    done, drawn = [], None
    for block in blocks:
        kind, content = block["t"], block.get("c")
        if number := figure(block):
            name = references.anchor("figure", number)
            caption = [None, [element("Plain", content)]]
            picture = [element("Plain", done[drawn]["c"])]
            done[drawn] = element("Figure", [name, [], []], caption, picture)
            continue
        if kind == "Para" and content[0]["t"] == "Image":
            drawn = len(done)
        done.append(block)
        if kind == "Header" and content[1][0] in questions:
            done.append(questions[content[1][0]])
    return done


def figure(block):
    """Return the number of the figure that a block is the caption of."""
    if block["t"] == "Para" and block["c"][0]["t"] == "Strong":
        found = section.CAPTION.fullmatch(plain(block["c"][0]["c"]))
        return found and found[1]
