"""Counts what the pages hold, beside what D2L's sections hold.

The directive `comparison` draws its tables when the site is built, from the
notebooks as they are, and from lab/d2l.yml.
"""

import pages
import section
from pages import table

# Narrow screens keep a pair of counts on one line.
SLASH = "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"
RESULTS = section.ROOT / "lab" / "RESULTS.md"
DASH = "\N{EN DASH}"


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


def link(page):
    return f"[{page.number}]({page.name})"


def shown(number):
    return DASH if number is None else f"{round(number)}"


def numbers():
    """Return the table of counts, as lines of Markdown: D2L's / ours."""
    book = section.sections()
    pairs = {link(page): (page.d2l, count(page)) for page in book}
    kinds = list(count(book[0]))
    pairs["all"] = [
        {kind: sum(round(c.get(kind, 0)) for c in counts) for kind in kinds}
        for counts in zip(*pairs.values(), strict=True)
    ]
    rows = []
    for name, both in pairs.items():
        cells = (SLASH.join(shown(c.get(kind)) for c in both) for kind in kinds)
        rows.append([name, *cells])
    return table(["section", *kinds], rows, "--:")


def topics():
    """Return the table of headings, as lines of Markdown."""
    rows = []
    for page in section.sections():
        both = page.d2l.get("topics", []), page.topics
        both = ("\xa0· ".join(headings) or DASH for headings in both)
        rows.append([link(page), *both])
    return table(["section", "D2L", "here"], rows)


def speed():
    """Return what `make bench` found: where, and the judged table."""
    text = RESULTS.read_text("utf-8")
    where = text.split("do not edit. ")[1].split("\n\n")[0]
    rows = text.split("\n\n| ")[1].split("\n\n")[0]
    return [f"Measured: {where}", "", *f"| {rows}".splitlines()]


class Comparison(pages.Table):
    """`{comparison} numbers`, or `topics`, `speed`."""

    required_arguments = 1

    def lines(self):
        self.env.note_dependency(str(RESULTS))
        tables = {f.__name__: f for f in (numbers, topics, speed)}
        return tables[self.arguments[0]]()
