"""Counts what the pages hold, beside what D2L's sections hold.

The directive `comparison` draws its tables when the site is built, from the
notebooks as they are and from d2l.yml, which lab/count_d2l.py writes.
"""

import section
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

# Narrow screens keep a pair of counts on one line.
SLASH = "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"
RESULTS = section.ROOT / "lab" / "RESULTS.md"
DASH = "\N{EN DASH}"
log = logging.getLogger(__name__)


def count(page):
    """Return the counts of a page, in the order of the table."""
    return {
        "cells": len(page.code),
        "pictures": len(page.pictures),
        "exercises": len(page.exercises),
        "solutions": len(page.solutions),
        "errors": sum(map(section.has_failed, page.code)),
        "seconds": page.run.get("seconds", 0),
    }


def gaps():
    """Return a sentence for each page that cannot be compared as a whole."""
    for page in section.sections():
        if "cells" not in page.d2l:
            yield f"{page.name}: no counts of D2L's {page.number} in d2l.yml"
        if not page.exercises:
            yield f"{page.name}: the page has no exercises"


def row(cells):
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def link(page):
    return f"[{page.number}]({page.name})"


def numbers():
    """Return the table of counts, as lines of Markdown: D2L's / ours."""
    kinds = list(count(section.sections()[0]))
    lines = [row(["section", *kinds]), row(["---"] + ["--:"] * len(kinds))]
    totals = dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0)
    for page in section.sections():
        both, pairs = (page.d2l, count(page)), []
        for kind in kinds:
            shown = []
            for counts, total in zip(both, totals, strict=True):
                known = kind in counts
                shown.append(round(counts[kind]) if known else DASH)
                total[kind] += round(counts.get(kind, 0))
            pairs.append(SLASH.join(map(str, shown)))
        lines.append(row([link(page), *pairs]))
    sums = [f"{totals[0][k]}{SLASH}{totals[1][k]}" for k in kinds]
    return [*lines, row(["all", *sums])]


def topics():
    """Return the table of headings, as lines of Markdown."""
    lines = [row(["section", "D2L", "here"]), row(["---"] * 3)]
    for page in section.sections():
        both = page.d2l.get("topics", []), page.topics
        both = ("\xa0· ".join(headings) or DASH for headings in both)
        lines.append(row([link(page), *both]))
    return lines


def measured(number):
    """Return a table of what `make bench` found; the first one is judged."""
    rows = RESULTS.read_text("utf-8").split("\n\n| ")[number]
    return f"| {rows}".split("\n\n")[0].splitlines()


def speed():
    """Return where `make bench` was run, and the judged table."""
    where = RESULTS.read_text("utf-8").split("do not edit. ")[1]
    return [f"Measured: {where}".split("\n\n")[0], "", *measured(1)]


def seconds():
    """Return the table of seconds, without its empty columns."""
    cells = [line.split("|") for line in measured(2)]
    return [row(cell.strip() for cell in (c[1], *c[3:6])) for c in cells]


class Comparison(SphinxDirective):
    """`{comparison} numbers`, or `topics`, `speed`, `seconds`."""

    required_arguments = 1

    def run(self):
        tables = {f.__name__: f for f in (numbers, topics, speed, seconds)}
        lines = tables[self.arguments[0]]()
        for path in (RESULTS, *(page.path for page in section.sections())):
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
