"""Counts what D2L's sections hold, and writes d2l.yml.

    python lab/count_d2l.py [FOLDER]

Reads D2L's own executed PyTorch notebooks: in FOLDER, or in a clone that is
made for the occasion. The commit is pinned, so this is run when D2L has a new
release, and not again.
"""

import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import nbformat
import yaml

REPOSITORY = "https://github.com/d2l-ai/d2l-pytorch-colab"
COMMIT = "f8543710a7046a947464f0fa3ad0f8619d7613d3"
OUTPUT = Path(__file__).with_name("d2l.yml")
# Where D2L keeps its sections: chapter by chapter, in their order.
PAGES = {
    "2 chapter_preliminaries": "ndarray pandas linear-algebra calculus "
    "autograd probability lookup-api",
    "3 chapter_linear-regression": "linear-regression oo-design "
    "synthetic-regression-data linear-regression-scratch "
    "linear-regression-concise generalization weight-decay",
    "4 chapter_linear-classification": "softmax-regression "
    "image-classification-dataset classification softmax-regression-scratch "
    "softmax-regression-concise generalization-classification "
    "environment-and-distribution-shift",
    "5 chapter_multilayer-perceptrons": "mlp mlp-implementation backprop "
    "numerical-stability-and-init generalization-deep dropout "
    "kaggle-house-price",
}
LAST = "5.3"  # what comes later is linked to, and not counted
INSTALL = "!pip install d2l=="
HEADER = f"""\
# What D2L's sections hold. `make count-d2l` writes this file; it counts in
# {REPOSITORY}
# at {COMMIT}.
"""


def clone(folder):
    """Fetch the one commit that is counted into an empty folder."""
    for words in (
        "init -q",
        f"fetch -q --depth=1 {REPOSITORY} {COMMIT}",
        "checkout -q FETCH_HEAD",
    ):
        subprocess.run(["git", "-C", folder, *words.split()], check=True)


def prose(cells):
    """Return the text of all Markdown cells, without code between fences."""
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    return re.sub(r"^( *)```.*?^\1``` *$", "", text, flags=re.M | re.S)


def part(text, heading):
    """Return what stands below a `##` heading, or nothing if it is absent."""
    below = re.search(rf"^## +{heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return below[1] if below else ""


def items(text):
    """Return the numbers of a list's items, without those of inner lists."""
    return re.findall(r"^\d+\. ", text, re.M)


def topics(text):
    """Return the `##` headings, without those that close a section."""
    headings = re.findall(r"^## +(.*?) *$", text.replace("--", "–"), re.M)
    last = re.compile("Summary|Exercises|Solutions|Answers")
    return [heading for heading in headings if not last.match(heading)]


def pictures(text, code):
    """Return the diagrams in the text and the outputs that are images."""
    diagrams = re.findall(r"!\[.*?\]\(", text, re.S)
    outputs = [output for cell in code for output in cell.outputs]
    kinds = ["".join(output.get("data", {})) for output in outputs]
    return diagrams + [kind for kind in kinds if "image/" in kind]


def solutions(cells):
    """Count solutions, by the one of three signs that is seen most often.

    A heading, a bold word or a fold that begins with "Solution" or "Answer";
    an item of a list below a heading "Solutions" or "Answers"; a code cell
    that comes after the heading "Exercises".
    """
    text = prose(cells)
    sign = r"^(?:#+|\*\*|.*<summary>)\s*(?:Solution|Answer)\b"
    listed = items(part(text, "(?:Solutions|Answers)"))
    asked = [bool(re.search("^## +Exercises", c.source, re.M)) for c in cells]
    after = cells[asked.index(True) :] if any(asked) else []
    coded = [cell for cell in after if cell.cell_type == "code"]
    return max(len(re.findall(sign, text, re.M)), len(listed), len(coded))


def fails(cell):
    return any(output.output_type == "error" for output in cell.outputs)


def seconds(cell):
    """Return how long a cell kept its kernel busy; KeyError if it never ran."""
    times = cell.metadata["execution"]
    busy, idle = (
        datetime.fromisoformat(times[f"iopub.status.{state}"].rstrip("Z"))
        for state in ("busy", "idle")
    )
    return (idle - busy).total_seconds()


def count(path):
    """Return what one notebook of D2L holds, as numbers and headings."""
    cells = nbformat.read(path, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code"]
    code = [c for c in code if not c.source.startswith(INSTALL)]
    text = prose(cells)
    return {
        "title": re.search(r"^# +(.*?) *$", text, re.M)[1],
        "cells": len(code),
        "pictures": len(pictures(text, code)),
        "exercises": len(items(part(text, "Exercises"))),
        "solutions": solutions(cells),
        "errors": sum(map(fails, code)),
        "seconds": round(sum(map(seconds, code)), 1),
        "topics": topics(text),
    }


def version(paths):
    """Return the version of D2L that the notebooks install; it must be one."""
    text = "".join(path.read_text("utf-8") for path in paths)
    (found,) = set(re.findall(rf"{INSTALL}([\d.]+)", text))
    return found


def main(folder=None):
    if folder is None:
        with tempfile.TemporaryDirectory() as folder:
            clone(folder)
            return main(folder)
    pages = {
        f"{chapter[0]}.{i}": f"{chapter[2:]}/{name}"
        for chapter, names in PAGES.items()
        for i, name in enumerate(names.split(), 1)
    }
    paths = {
        number: Path(folder, f"{page}.ipynb")
        for number, page in pages.items()
        if number <= LAST
    }
    counts = {number: count(path) for number, path in paths.items()}
    found = {
        "version": version(paths.values()),
        "sections": {
            number: {"page": page} | counts.get(number, {})
            for number, page in pages.items()
        },
    }
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True)
    OUTPUT.write_text(HEADER + text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
