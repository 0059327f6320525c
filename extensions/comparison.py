"""Counts what the pages hold, beside what D2L's sections hold.

The directive `comparison` draws its tables when the site is built, from the
notebooks as they are, and from lab/d2l.yml.
"""

import pages
import section
from pages import row

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


def number(counts, kind):
    return round(counts[kind]) if kind in counts else DASH


def numbers():
    """Return the table of counts, as lines of Markdown: D2L's / ours."""
    book = section.sections()
    pairs = [(page.d2l, count(page)) for page in book]
    kinds = list(pairs[0][1])
    totals = [
        {kind: sum(round(c.get(kind, 0)) for c in counts) for kind in kinds}
        for counts in zip(*pairs, strict=True)
    ]
    lines = [row(["section", *kinds]), row(["---"] + ["--:"] * len(kinds))]
    links = [*map(link, book), "all"]
    for name, both in zip(links, [*pairs, totals], strict=True):
        cells = (SLASH.join(str(number(c, k)) for c in both) for k in kinds)
        lines.append(row([name, *cells]))
    return lines


def topics():
    """Return the table of headings, as lines of Markdown."""
    lines = [row(["section", "D2L", "here"]), row(["---"] * 3)]
    for page in section.sections():
        both = page.d2l.get("topics", []), page.topics
        both = ("\xa0· ".join(headings) or DASH for headings in both)
        lines.append(row([link(page), *both]))
    return lines


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


def setup(app):
    app.add_directive("comparison", Comparison)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
