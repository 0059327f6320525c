"""Begins a page: a notebook that keeps every rule, and its line in _toc.yml.

    python tools/new_page.py NUMBER TITLE

What stands in it, from new_page.ipynb, is to be replaced; what it is made of is
what a page has.
"""

import re
import sys
from pathlib import Path

import nbformat
import notebooks
import section
import stamping

TEMPLATE = Path(__file__).with_suffix(".ipynb")
CREDIT = """

Re-teaches [section {number} of *Dive into Deep Learning*]({link})."""


def made(number, title):
    """Return a new page, all but the cells that are stamped."""
    page = nbformat.read(TEMPLATE, as_version=4)
    link = section.d2l_link(number)
    credit = CREDIT.format(number=number, link=link) if link else ""
    facts = {"number": number, "title": title, "credit": credit}
    page.cells[0].source = page.cells[0].source.format(**facts)
    return page


def place(number, title):
    """Return the path of a new page, in the folder of its chapter."""
    chapter, _, i = number.partition(".")
    chapters = section.ROOT.glob(f"chapters/{chapter:0>2}-*/")
    if not (folder := next(chapters, None)) or not i.isdigit():
        what = "SECTION must be a number in a chapter that has a folder"
        sys.exit(f"{what}, such as 2.4, not {number!r}.")
    if taken := [*folder.glob(f"{i:0>2}-*.ipynb")]:
        sys.exit(f"Section {number} is there already: {taken[0].name}.")
    words = re.findall("[a-z0-9]+", title.lower())
    return folder / f"{i:0>2}-{'-'.join(words)}.ipynb"


def list_in_toc(path):
    """Write the line of a page into _toc.yml, in the order of its chapter."""
    toc = section.ROOT / "_toc.yml"
    lines = toc.read_text("utf-8").splitlines(keepends=True)
    folder = path.parent.relative_to(section.ROOT).as_posix()
    head = lines.index(f"  - file: {folder}/index\n")
    new = f"      - file: {folder}/{path.stem}\n"
    after = head + 2  # below "sections:"
    chapter = [line for line in lines[after:] if f" {folder}/" in line]
    after += sum(line < new for line in chapter)
    lines.insert(after, new)
    toc.write_text("".join(lines), "utf-8")


def main(number, title):
    path = place(number, title)
    nbformat.write(made(number, title), path)
    list_in_toc(path)
    stamping.stamp()
    notebooks.run_all(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
