"""Keeps alike what all notebooks have: frame cells, fold, kernel, layout.

Badge and set-up cell follow from where the book is published, as do parts of
the README.
"""

import os
import re
from pathlib import Path

import nbformat
import repository
import section
from nbstripout import strip_output

# The solutions open at a click, as on the page, where a front end can do that:
# JupyterLab keeps a fold with its heading, Colab a list of them elsewhere.
FOLD = "solutions"
KERNEL_OF_ALL = {
    "display_name": "Python 3",
    "language": "python",
    "name": "python3",
}
# What front ends write into a notebook when they run or save it.
OF_FRONT_ENDS = """
metadata.language_info.version metadata.signature metadata.widgets
cell.metadata.ExecuteTime cell.metadata.collapsed cell.metadata.execution
cell.metadata.heading_collapsed cell.metadata.hidden cell.metadata.scrolled
""".split()
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
NO_BADGE = """\
*To run this page, open it in JupyterLab or VS Code where it lies in a copy of \
the book. In Colab, its first cell says what to upload.*"""
NO_PLACE = """\
The book is not published yet. It has no address of its own, and who offers it
under one does so without us. In your copy of it:
"""


def frame(path):
    """Return the sources of the badge cell and the set-up cell of a page."""
    there, page = repository.settings(), path.relative_to(section.ROOT)
    colab = repository.colab(path)
    badge = f"[![Open in Colab]({BADGE})]({colab})" if colab else NO_BADGE
    text = Path(__file__).with_name("setup_cell.py").read_text("utf-8")
    setup = text[text.index("# Finds") :].rstrip()
    for name, value in {
        "FOLDER": page.parent.as_posix(),
        "PAGE": page.name,
        "VERSION": repository.version(),
        "REPOSITORY": there["url"],
        "FILES": there["sha256"],
    }.items():
        setup = setup.replace(f'\n{name} = ""', f'\n{name} = "{value}"')
    return badge, setup


def stamp(path):
    """Write badge and set-up into a notebook, and fold its solutions."""
    notebook = nbformat.read(path, as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    if "setup" not in cells:
        cells["badge"] = nbformat.v4.new_markdown_cell(id="badge")
        cells["setup"] = nbformat.v4.new_code_cell(id="setup")
        notebook.cells.insert(0, cells["badge"])
        notebook.cells.insert(2, cells["setup"])
    for name, source in zip(("badge", "setup"), frame(path), strict=True):
        cells[name].source = source
        cells[name].metadata["tags"] = ["remove-cell"]
    for cell in notebook.cells:
        if cell.source == "## Solutions":
            cell.id = FOLD
            cell.metadata |= {"id": FOLD, "jp-MarkdownHeadingCollapsed": True}
    notebook.metadata["colab"] = {"collapsed_sections": [FOLD]}
    notebook.metadata["kernelspec"] = KERNEL_OF_ALL
    save(notebook, path)


def stamp_all():
    """Stamp all notebooks, and the parts of the README that follow."""
    for path in section.paths():
        stamp(path)
    readme = section.ROOT / "README.md"
    text = readme.read_text("utf-8")
    for name, part in {"place": place(), "sections": table()}.items():
        between = rf"(?s)(stamped: {name}[^\n]*\n).*?([^\n]*end of {name})"
        text = re.sub(between, lambda m, new=part: m[1] + new + m[2], text)
    readme.write_text(text, "utf-8")


def place():
    """Return what the README says on how to get the book."""
    url, _ = repository.site()
    clone = f"Get it by `git clone {url} d2l-mini && cd d2l-mini`. There:\n"
    return clone if url else NO_PLACE


def table():
    """Return the README's table of pages."""
    rows = [("", "section", "try it"), ("---", "---", "---")]
    for page in section.everything():
        title = f"[{page.title}]({page.name})"
        rows.append((page.number or "", title, frame(page.path)[0]))
    width = 3 if repository.site()[0] else 2
    return "".join(f"| {' | '.join(row[:width])} |\n" for row in rows)


def normalized(notebook):
    """Return a notebook without what front ends have written into it."""
    return strip_output(notebook, True, True, True, OF_FRONT_ENDS)


def is_normalized(path):
    """Tell whether a notebook would be saved as it is."""
    text = path.read_text("utf-8")
    notebook = normalized(nbformat.reads(text, as_version=4))
    return nbformat.writes(notebook) + "\n" == text


def save(notebook, path):
    """Replace a notebook by a normalized one, whole or not at all."""
    # A run that is killed here leaves its scrap where no tool looks for pages.
    scraps = path.parent / ".ipynb_checkpoints"
    scraps.mkdir(exist_ok=True)
    temporary = scraps / f"{path.stem}.{os.getpid()}.ipynb"
    try:
        nbformat.write(normalized(notebook), temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
