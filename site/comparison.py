"""Counts what the pages hold, beside what D2L's sections hold.

The directive `comparison` draws its tables when the site is built, from the
notebooks as they are and from d2l.yml, which lab/count_d2l.py writes.
"""

import re
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
# Narrow screens keep a pair of counts on one line.
SLASH = "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"
RESULTS = ROOT / "lab" / "RESULTS.md"
D2L = yaml.safe_load((ROOT / "site" / "d2l.yml").read_text("utf-8"))
DASH = "\N{EN DASH}"
log = logging.getLogger(__name__)


def count(path):
    """Return what one notebook holds, as numbers and headings."""
    notebook = nbformat.read(path, as_version=4)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    code = [c for c in code if c.id != "setup"]
    text = "\n\n".join(
        c.source for c in notebook.cells if c.cell_type == "markdown"
    )
    headings = re.findall(r"^## (.*)$", text, re.M)
    last = ("Summary", "Exercises", "Solutions")
    exercises = text.partition("## Exercises")[2].partition("## Solutions")[0]
    outputs = [output for cell in code for output in cell.outputs]
    return {
        "title": re.search(r"^# (.*)$", text, re.M)[1],
        "topics": [heading for heading in headings if heading not in last],
        "cells": len(code),
        "pictures": sum("image/png" in o.get("data", {}) for o in outputs),
        "errors": sum(o.output_type == "error" for o in outputs),
        "exercises": len(re.findall(r"^\d+\. ", exercises, re.M)),
        "solutions": len(re.findall(r"^### Solution", text, re.M)),
        "seconds": notebook.metadata["d2lmini"]["seconds"],
    }


def pages():
    """Return {section number: (path, count)} in reading order."""
    found = {}
    for path in sorted((ROOT / "chapters").rglob("[0-9]*.ipynb")):
        counts = count(path)
        found[counts["title"].split()[0]] = path, counts
    return found


def gaps():
    """Return a sentence for each page that cannot be compared as a whole."""
    for section, (path, ours) in pages().items():
        where = path.relative_to(ROOT).as_posix()
        if section not in D2L["sections"]:
            yield f"{where}: D2L has no section {section} in site/d2l.yml"
        if not ours["exercises"]:
            yield f"{where}: the page has no exercises"


def row(cells):
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def numbers():
    """Return the table of counts, as lines of Markdown: D2L's / ours."""
    kinds = ["cells", "pictures", "exercises", "solutions", "errors", "seconds"]
    lines = [row(["section", *kinds]), row(["---"] + ["--:"] * len(kinds))]
    totals = [(0, 0)] * len(kinds)
    for section, (path, ours) in pages().items():
        theirs = D2L["sections"].get(section, {})
        both = [(round(theirs.get(k, 0)), round(ours[k])) for k in kinds]
        totals = [
            (a + c, b + d) for (a, b), (c, d) in zip(totals, both, strict=True)
        ]
        where = f"[{section}]({path.relative_to(ROOT).as_posix()})"
        pairs = [f"{a if theirs else DASH}{SLASH}{b}" for a, b in both]
        lines.append(row([where, *pairs]))
    return [*lines, row(["all", *(f"{a}{SLASH}{b}" for a, b in totals)])]


def topics():
    """Return the table of headings, as lines of Markdown."""
    lines = [row(["section", "D2L", "here"]), row(["---"] * 3)]
    for section, (path, ours) in pages().items():
        theirs = D2L["sections"].get(section, {"topics": []})
        where = f"[{section}]({path.relative_to(ROOT).as_posix()})"
        both = ("\xa0· ".join(c["topics"]) or DASH for c in (theirs, ours))
        lines.append(row([where, *both]))
    return lines


def speed():
    """Return what `make bench` found: where, and the judged table."""
    text = RESULTS.read_text("utf-8")
    where = text.split("do not edit. ")[1].split("\n\n")[0]
    rows = text.split("\n\n| ")[1].split("\n\n")[0]
    return [f"Measured: {where}", "", *f"| {rows}".splitlines()]


class Comparison(SphinxDirective):
    """`{comparison} numbers`, `{comparison} topics` or `{comparison} speed`."""

    required_arguments = 1

    def run(self):
        tables = {"numbers": numbers, "topics": topics, "speed": speed}
        lines = tables[self.arguments[0]]()
        for path in (RESULTS, *(path for path, _ in pages().values())):
            self.env.note_dependency(str(path))
        container = nodes.container(classes=self.arguments)
        self.state.nested_parse(StringList(lines, "comparison"), 0, container)
        return [container]


def report(app):
    """Name what the tables leave open. It is no reason to stop the build."""
    for gap in gaps():
        log.info(f"comparison: {gap}", color="brown")


def setup(app):
    app.add_directive("comparison", Comparison)
    app.connect("builder-inited", report)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
