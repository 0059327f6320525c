"""Counts what D2L's sections hold, and writes d2l.yml.

    make count-d2l D2L=FOLDER

FOLDER is a checkout of D2L's own executed PyTorch notebooks, at the commit
below. This is run when D2L has a new release, and not again.
"""

import re
import sys
from datetime import datetime
from pathlib import Path

import section
import yaml

REPOSITORY = "https://github.com/d2l-ai/d2l-pytorch-colab"
COMMIT = "f8543710a7046a947464f0fa3ad0f8619d7613d3"
HEADER = f"""\
# What D2L's sections hold. `make count-d2l` writes this file; it counts in
# {REPOSITORY}
# at {COMMIT}.
"""
OUTPUT = Path(__file__).with_name("d2l.yml")
CHAPTERS = (
    "preliminaries linear-regression linear-classification "
    "multilayer-perceptrons"
).split()
INSTALL = "!pip install d2l=="


def pages(folder):
    """Return {number: page} in the order that the chapters list them in."""
    found = {}
    for chapter, name in enumerate(CHAPTERS, 2):
        index = section.Section(folder / f"chapter_{name}" / "index.ipynb")
        names = re.findall(r"\]\(([\w-]+)\.ipynb\)", index.text)
        for i, page in enumerate(names, 1):
            found[f"{chapter}.{i}"] = f"chapter_{name}/{page}"
    return found


def seconds(cell):
    """Return how long a cell kept its kernel busy; KeyError if it never ran."""
    busy, idle = (
        datetime.fromisoformat(
            cell.metadata["execution"][f"iopub.status.{state}"].rstrip("Z")
        )
        for state in ("busy", "idle")
    )
    return (idle - busy).total_seconds()


def count(page):
    """Return what one section of D2L holds, as numbers and headings."""
    code = [cell for cell in page.code if not cell.source.startswith(INSTALL)]
    diagrams = re.findall(r"!\[.*?\]\(", page.text, re.S)
    kinds = ["".join(output.get("data", {})) for output in page.outputs]
    topics = [
        # What is bold in brackets there is bold on D2L's site.
        re.sub(r"\[\*\*|\*\*\]", "", topic).replace("--", "–")
        for topic in page.topics
        if not topic.startswith("Summary")
    ]
    return {
        "title": page.heading,
        "cells": len(code),
        "pictures": len(diagrams) + sum("image/" in kind for kind in kinds),
        "exercises": len(page.exercises),
        "solutions": len(page.solutions),
        "errors": sum(map(section.has_failed, code)),
        "seconds": round(sum(map(seconds, code)), 1),
        "topics": topics,
    }


def main(folder):
    """Write the counts of all sections of the chapters that are listed."""
    counts, versions = {}, set()
    for number, name in pages(Path(folder)).items():
        page = section.Section(Path(folder, f"{name}.ipynb"))
        counts[number] = {"page": name} | count(page)
        for cell in page.code:
            versions |= set(re.findall(rf"^{INSTALL}([\d.]+)", cell.source))
    (version,) = versions
    found = {"version": version, "sections": counts}
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True)
    OUTPUT.write_text(HEADER + text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
