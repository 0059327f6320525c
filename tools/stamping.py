"""Keeps alike what all notebooks have: frame cells, fold, kernel, layout.

Badge and set-up cell follow from where the book is published, as do parts of
the README.
"""

import copy
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
# JupyterLab folds what is folded on the page, and shows the first line of it. A
# run opens an output. What Colab makes of this is not known.
SOURCE = {"source_hidden": True}
FOLDED = dict.fromkeys(("hide-cell", "hide-input", "remove-cell"), SOURCE)
FOLDED["predict"] = {"outputs_hidden": True}
KERNELSPEC = dict(display_name="Python 3", language="python", name="python3")
# What front ends write into a notebook when they run or save it.
OF_FRONT_ENDS = """
metadata.language_info.version metadata.signature metadata.widgets
cell.metadata.ExecuteTime cell.metadata.collapsed cell.metadata.execution
cell.metadata.heading_collapsed cell.metadata.hidden cell.metadata.scrolled
""".split()
COLAB = "https://colab.research.google.com/assets/colab-badge.svg"
KAGGLE = "https://kaggle.com/static/images/open-in-kaggle.svg"
NO_BADGE = """\
*To run this page, open it in JupyterLab or VS Code where it lies in a copy of \
the book. In Colab, its first cell says what to upload.*"""
NO_PLACE = """\
The book is not published yet. It has no address of its own, and who offers it
under one does so without us. In your copy of it:
"""


def frame(path):
    """Return the sources of the badge cell and the set-up cell of a page."""
    there = repository.settings()
    badge = f"[![Open in Colab]({COLAB})]({repository.colab(path)}) "
    badge += f"[![Open in Kaggle]({KAGGLE})]({repository.kaggle(path)})"
    badge = badge if there["url"] else NO_BADGE
    text = Path(__file__).with_name("setup_cell.py").read_text("utf-8")
    setup = text[text.index("# Finds") :].rstrip()
    for name, value in {
        "FOLDER": path.parent.relative_to(section.ROOT).as_posix(),
        "VERSION": repository.version(),
        "REPOSITORY": there["url"],
        "FILES": there["sha256"],
    }.items():
        setup = setup.replace(f'\n{name} = ""', f'\n{name} = "{value}"')
    return badge, setup


def stamped(path, notebook):
    """Return a notebook with badge, set-up, kernel and folds."""
    made, v4 = copy.deepcopy(notebook), nbformat.v4
    cells = [v4.new_markdown_cell(id="badge"), v4.new_code_cell(id="setup")]
    for i, new, source in zip((0, 2), cells, frame(path), strict=True):
        old = [cell for cell in made.cells if cell.get("id") == new.id]
        made.cells = [cell for cell in made.cells if cell not in old]
        made.cells.insert(i, (old or [new])[0])
        made.cells[i].source = source
        made.cells[i].metadata = nbformat.from_dict({"tags": ["remove-cell"]})
    for cell in made.cells:
        if cell.source == "## Solutions":
            fold = {"id": FOLD, "jp-MarkdownHeadingCollapsed": True}
            cell.id, cell.metadata = FOLD, nbformat.from_dict(fold)
        cell.metadata.pop("jupyter", None)
        for tag in FOLDED.keys() & section.tags(cell):
            if cell.cell_type == "code":
                folded = cell.metadata.get("jupyter", {}) | FOLDED[tag]
                cell.metadata["jupyter"] = nbformat.from_dict(folded)
    made.metadata.setdefault("language_info", {"name": "python"})
    made.metadata["colab"] = nbformat.from_dict({"collapsed_sections": [FOLD]})
    made.metadata["kernelspec"] = nbformat.from_dict(KERNELSPEC)
    return made


def normalized(notebook):
    """Return a notebook as text, without what front ends have added."""
    stripped = strip_output(notebook, True, True, True, OF_FRONT_ENDS)
    return nbformat.writes(stripped) + "\n"


def outdated():
    """Yield (path, new text) of files that are not as they are stamped."""
    readme = section.ROOT / "README.md"
    text = readme.read_text("utf-8")
    for name, part in {"place": place(), "sections": table()}.items():
        between = rf"(?s)(stamped: {name}[^\n]*\n).*?([^\n]*end of {name})"
        text = re.sub(between, lambda m, new=part: m[1] + new + m[2], text)
    new = {readme: text}
    for page in section.everything():
        new[page.path] = normalized(stamped(page.path, page.notebook))
    for path, text in new.items():
        if path.read_text("utf-8") != text:
            yield path, text


def stamp():
    """Stamp all notebooks, and the parts of the README that follow."""
    for path, text in outdated():
        replace(path, text)


def lint():
    """Tell whether a file is not as it is stamped, and which one."""
    found = [path.relative_to(section.ROOT) for path, _ in outdated()]
    for path in found:
        print(f"{path} is not as tools leave it: run `make format`")
    return bool(found)


def place():
    """Return what the README says on how to get the book."""
    url, _ = repository.site()
    clone = f"Get it by `git clone {url} d2l-mini && cd d2l-mini`. There:\n"
    return clone if url else NO_PLACE


def table():
    """Return the README's table of pages."""
    rows = ["| | section |", "|---|---|"]
    for page in section.everything():
        rows.append(f"| {page.number or ''} | [{page.title}]({page.name}) |")
    return "\n".join(rows) + "\n"


def replace(path, text):
    """Replace the text of a file, as a whole or not at all."""
    # A run that is killed here leaves its scrap where no tool looks for pages.
    scrap = path.parent / ".ipynb_checkpoints" / f"{path.stem}.{os.getpid()}"
    scrap.parent.mkdir(exist_ok=True)
    try:
        scrap.write_text(text, "utf-8")
        scrap.replace(path)
    finally:
        scrap.unlink(missing_ok=True)
