"""Begins a page: a notebook that keeps every rule, and its line in _toc.yml.

    python tools/new_page.py NUMBER TITLE

What stands in it, from new_page.md, is to be replaced; what it is made of is
what a page has.
"""

import re
import sys
from pathlib import Path

import nbformat.v4 as v4
import notebooks
import section
import stamping

TEMPLATE = Path(__file__).with_suffix(".md")
CREDIT = """

Re-teaches [section {number} of *Dive into Deep Learning*]({link})."""
ALT = """\
The squares of the numbers draw a parabola, which is lowest where the number \
is zero."""
FAULT = {"torch.arange(-2, 2.05, 0.1)": "torch.arange(-2, 2.05, 0.2)"}


def cells(number, title):
    """Return the cells of a new page, all but those that are stamped."""
    link = section.d2l_link(number)
    credit = CREDIT.format(number=number, link=link) if link else ""
    page = TEMPLATE.read_text("utf-8")
    page = page.format(number=number, title=title, credit=credit)
    found, metadata = [], {}
    parts = re.split(r"```python\n(.*?)\n```", page, flags=re.S)
    for prose, code in zip(parts[::2], [*parts[1::2], ""], strict=True):
        for text in map(str.strip, re.split(r"\n(?=##)", prose.strip())):
            if text == "## Solutions":
                metadata = {"tags": ["hide-cell"]}
            found.append(v4.new_markdown_cell(text))
        drawn = {"mystnb": {"image": {"alt": ALT}}} if "plot" in code else {}
        found.append(v4.new_code_cell(code, metadata=metadata | drawn))
    return found[:-2]


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
    page = v4.new_notebook(cells=cells(number, title))
    page.metadata = {"language_info": {"name": "python"}, "fault": FAULT}
    path.write_text(v4.writes(page), "utf-8")
    list_in_toc(path)
    stamping.stamp()
    notebooks.run_all(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
