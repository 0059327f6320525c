"""The one model of a page: a notebook of the book, read once.

`_toc.yml` lists the pages; whoever wants to know something about one, theme,
rules, comparison, README or planted faults, asks here.
"""

import re
from functools import cache, cached_property
from itertools import takewhile
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
CLOSING = "Summary", "Exercises", "Solutions"
# An optional page has no number; its figures are E.1, E.2.
# How a caption begins, in bold, and how a formula carries its number.
CAPTION = re.compile(r"Figure ((?:\d+\.\d+|E)\.\d+)\.")
TAG = re.compile(r"\\tag\{(\d+\.\d+\.\d+)\}")
FRAME = "badge", "setup"  # the cells that tools stamp
WORDS_A_MINUTE = 200
LINES_A_MINUTE = 20  # of code, read with care


class Section:
    """One notebook: a section of the book, or an optional page."""

    def __init__(self, path, notebook=None):
        self.path = Path(path)
        if notebook is not None:
            self.notebook = notebook

    @cached_property
    def notebook(self):
        """The notebook as nbformat reads it, when it is first asked for."""
        return nbformat.read(self.path, as_version=4)

    @property
    def cells(self):
        """All cells, badge and set-up among them."""
        return self.notebook.cells

    @cached_property
    def name(self):
        """The path from the root of the book, with slashes."""
        if not self.path.is_relative_to(ROOT):
            return self.path.name
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def number(self):
        """The number that the path stands for, such as "2.4", or None.

        An optional page has none.
        """
        parts = [name[:2] for name in self.path.parts[-2:]]
        if not all(part.isdigit() for part in parts):
            return None
        return ".".join(str(int(part)) for part in parts)

    @property
    def id(self):
        """The number, or the name of an optional page: short and unique."""
        return self.number or self.path.stem

    @cached_property
    def own(self):
        """The cells without badge and set-up."""
        return [c for c in self.cells if c.get("id") not in FRAME]

    @cached_property
    def prose(self):
        """The cells of text, without the badge."""
        return [c for c in self.own if c.cell_type == "markdown"]

    @cached_property
    def code(self):
        """The cells of code, without the set-up."""
        return [c for c in self.own if c.cell_type == "code"]

    @cached_property
    def all_code(self):
        """The cells of code, the set-up among them."""
        return [c for c in self.cells if c.cell_type == "code"]

    @cached_property
    def text(self):
        """All text as one string."""
        return "\n\n".join(cell.source for cell in self.prose)

    @cached_property
    def heading(self):
        """The first heading, such as "2.4 Calculus", or an empty text."""
        return (re.findall(r"^# (.*)$", self.text, re.M) or [""])[0].strip()

    @property
    def title(self):
        """The heading without the number."""
        return self.heading.removeprefix(f"{self.number} ")

    @property
    def d2l(self):
        """What is known of the section of D2L with this number; {} if none."""
        return d2l()["sections"].get(self.number, {})

    @cached_property
    def question(self):
        """The question that the page answers: its first bold text."""
        found = re.search(r"^\*\*(.*?)\*\*$", self.text, re.M | re.S)
        return " ".join(found[1].split()) if found else ""

    @cached_property
    def headings(self):
        """The headings of its parts, in order."""
        return re.findall(r"^## +(.*?) *$", self.text, re.M)

    @property
    def topics(self):
        """The headings of the parts that teach."""
        return [h for h in self.headings if h not in CLOSING]

    def part(self, heading):
        """Return the text below a heading, or an empty text."""
        found = re.search(
            rf"^## {heading}\n(.*?)(?=^## |\Z)", self.text, re.M | re.S
        )
        return found[1] if found else ""

    @property
    def exercises(self):
        """The numbers of the exercises, as they are written."""
        return re.findall(r"^(\d+)\. ", self.part("Exercises"), re.M)

    @property
    def solutions(self):
        """The numbers of the solutions, as they are written."""
        return re.findall(r"^### Solution (\d+)$", self.text, re.M)

    @property
    def figures(self):
        """The numbers of the figures, as their captions say."""
        return re.findall(rf"^\*\*{CAPTION.pattern}", self.text, re.M)

    @property
    def equations(self):
        """The numbers of the equations to which a text refers."""
        return TAG.findall(self.text)

    @property
    def living(self):
        """What the living figures start from: {number: name, data, shows}.

        A cell keeps it beside its picture; the caption is the next text.
        """
        found, last = {}, None
        for cell in self.cells:
            if cell.cell_type == "code":
                last = next(filter(None, map(living, cell.outputs)), None)
            elif last and (caption := CAPTION.match(cell.source, 2)):
                found[caption[1]] = last
        return found

    @property
    def pictures(self):
        """The pictures that its cells show, in PNG and base64."""
        return [p for cell in self.code for p in pictures(cell.outputs)]

    @property
    def run(self):
        """The record of the last run: date, python, torch, seconds; or {}."""
        return self.notebook.metadata.get("d2lmini", {})

    @property
    def fault(self):
        """A fault to plant, {text of a cell: what replaces it}, or {}."""
        return self.notebook.metadata.get("fault", {})

    @cached_property
    def lesson(self):
        """Its own cells above the solutions."""
        end = "## Solutions"
        return [*takewhile(lambda c: not c.source.startswith(end), self.own)]

    @cached_property
    def minutes_to_read(self):
        """Estimate the reading time without the solutions."""
        prose = [c.source for c in self.lesson if c in self.prose]
        code = [c.source for c in self.lesson if c in self.code]
        words = len(re.findall(r"\w+", " ".join(prose)))
        lines = len("\n".join(code).splitlines())
        return round(words / WORDS_A_MINUTE + lines / LINES_A_MINUTE)


def tags(cell):
    """Return the tags of a cell as a set."""
    return set(cell.metadata.get("tags", []))


def has_failed(cell):
    """Tell whether an output of a cell is an error."""
    return any(output.output_type == "error" for output in cell.outputs)


def pictures(outputs):
    """Return the pictures among outputs, in PNG and base64."""
    data = [output.get("data", {}) for output in outputs]
    return [d["image/png"] for d in data if d.get("image/png")]


@cache
def d2l():
    """Return what D2L's sections hold."""
    return yaml.safe_load((ROOT / "lab" / "d2l.yml").read_text("utf-8"))


def d2l_link(number):
    """Return the address of a section of D2L, or None."""
    page = d2l()["sections"].get(number, {}).get("page")
    return page and f"https://d2l.ai/{page}.html"


def living(output):
    """Return what the site brings a picture to life with, or None."""
    return output.get("metadata", {}).get("image/png", {}).get("living")


def alternative(cell):
    """Return the alternative text of a cell's picture, or an empty text."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


@cache
def read(path):
    """Return the section in a file, which is read once."""
    return Section(path)


def listed():
    """Return the paths of the files that `_toc.yml` lists, in its order.

    They have no suffix; chapters and what follows them are among them.
    """
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [
        ROOT / page["file"]
        for chapter in toc["chapters"]
        for page in [chapter, *chapter.get("sections", [])]
    ]


def everything():
    """Return all notebooks that are listed and there, in reading order.

    The optional pages, which have no number, need more packages.
    """
    paths = [path.with_suffix(".ipynb") for path in listed()]
    return [read(path) for path in paths if path.exists()]


def sections():
    """Return the numbered sections in reading order."""
    return [page for page in everything() if page.number]


def paths():
    """Return the paths of all notebooks."""
    return [page.path for page in everything()]
