"""Begins a page: a notebook that keeps every rule, and its line in _toc.yml.

    python tools/new_page.py NUMBER TITLE

What stands in it is to be replaced; what it is made of is what a page has.
"""

import re
import sys

import nbformat.v4 as v4
import notebooks
import section
import stamping

FIRST = """\
# {number} {title}

**What will the reader be able to do after this page, and cannot do yet?**

Start from a need, with an example that one can picture.{credit}"""
CREDIT = """

Re-teaches [section {number} of *Dive into Deep Learning*]({link})."""
IMPORTS = """\
import torch

import d2lmini as d2l

d2l.set_style()"""
ALT = (
    "The squares of the numbers draw a parabola, which is lowest where the "
    "number is zero."
)
EXERCISES = """\
## Exercises

1. Run and change: double `x`. What becomes of the squares?
2. Run and change: how many numbers are there with steps of 0.2?
3. Think: which number has the smallest square, and why?
4. Derive: what is the mean of `x`?
5. Prove that no square is negative, and test it."""
SOLUTIONS = [
    "(2 * x).square()[0] / x.square()[0]",
    "len(torch.arange(-2, 2.05, 0.2))",
    "x[x.square().argmin()]",
    "x.mean().round(decimals=4)",
    "bool((x.square() >= 0).all())",
]


def cells(number, title):
    """Return the cells of a new page, all but those that are stamped."""
    text, code = v4.new_markdown_cell, v4.new_code_cell
    link = section.d2l_link(number)
    credit = link and CREDIT.format(number=number, link=link)
    draws = {"mystnb": {"image": {"alt": ALT}}}
    found = [
        text(FIRST.format(number=number, title=title, credit=credit or "")),
        code(IMPORTS),
        text(
            "## The simplest thing that could work\n\nSay in a few sentences "
            "what to look for; then a small cell does it."
        ),
        code("x = torch.arange(-2, 2.05, 0.1)\nx.shape"),
        text("Read the result in a whole sentence, and say why it is so."),
        text("## A picture\n\nWhat will the squares of these numbers draw?"),
        code('d2l.plot(x, x.square(), "x", "square")', metadata=draws),
        text("They draw a parabola, lowest where the number is zero."),
        text(
            "## Summary\n\n"
            "- The first thing that a reader could say to a friend.\n"
            "- The second thing that was learned on this page.\n"
            "- The third thing, and where it will be used."
        ),
        text(EXERCISES),
        text("## Solutions"),
    ]
    for i, solution in enumerate(SOLUTIONS, 1):
        found.append(text(f"### Solution {i}"))
        found.append(code(solution, metadata={"tags": ["hide-cell"]}))
    return found


def place(number, title):
    """Return the path of a new page, in the folder of its chapter."""
    if not re.fullmatch(r"\d+\.\d+", number):
        sys.exit(f"SECTION must be a number such as 2.4, not {number!r}.")
    chapter, i = map(int, number.split("."))
    folders = sorted((section.ROOT / "chapters").glob(f"{chapter:02}-*/"))
    if not folders:
        sys.exit(
            f"There is no folder chapters/{chapter:02}-...; make it first."
        )
    if taken := sorted(folders[0].glob(f"{i:02}-*.ipynb")):
        sys.exit(f"Section {number} is there already: {taken[0].name}.")
    words = re.findall("[a-z0-9]+", title.lower())
    return folders[0] / f"{i:02}-{'-'.join(words)}.ipynb"


def list_in_toc(path):
    """Write the line of a page into _toc.yml, in the order of its chapter."""
    toc = section.ROOT / "_toc.yml"
    lines = toc.read_text("utf-8").splitlines(keepends=True)
    name = path.relative_to(section.ROOT).with_suffix("").as_posix()
    chapter, new = (
        f"- file: {name.rpartition('/')[0]}/",
        f"      - file: {name}\n",
    )
    before = [
        i
        for i, line in enumerate(lines)
        if chapter in line and (line.endswith("/index\n") or line < new)
    ]
    after = before[-1] + 1
    if lines[after:][:1] == ["    sections:\n"]:
        after += 1
    lines.insert(after, new)
    toc.write_text("".join(lines), "utf-8")


def main(number, title):
    path = place(number, title)
    notebook = v4.new_notebook(cells=cells(number, title))
    notebook.metadata = {
        "language_info": {"name": "python"},
        "fault": {"torch.arange(-2, 2.05, 0.1)": "torch.arange(-2, 2.05, 0.2)"},
    }
    path.write_text(v4.writes(notebook), "utf-8")
    list_in_toc(path)
    stamping.stamp_all()
    notebooks.run_all([path])


if __name__ == "__main__":
    main(*sys.argv[1:])
