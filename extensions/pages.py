"""What a page says about itself: its place, its times, its last run.

The directives `sections` and `status` list the pages with the same facts. All
of them are read from the notebooks when the site is built.
"""

import ast
import time
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import repository
import rules
import section
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = section.ROOT


def times(page):
    seconds = round(page.run.get("seconds", 0))
    return f"{page.minutes_to_read} min to read, {seconds} s to run"


def facts(page):
    """Return what a page says about its last run."""
    run = {"date": "", "python": "", "torch": "", "seconds": 0} | page.run
    day = run["date"] and time.strptime(run["date"], "%Y-%m-%d")
    return run | {
        "cells": len(page.code) + 1,  # and the set-up
        "day": day and f"{day.tm_mday} {time.strftime('%B %Y', day)}",
        "verdict": "not as it should be"
        if rules.problems(page.path, rules=rules.COMPARABLE)
        else "all passed",
    }


def place(page, titles):
    """Return where a numbered section stands in the whole book."""
    book = section.sections()
    if page not in book:
        return None
    chapter = page.path.with_name("index").relative_to(ROOT).as_posix()
    return {
        "number": book.index(page) + 1,
        "total": len(book),
        "chapter": chapter,
        "title": titles.get(chapter),
    }


def actions(page):
    """Return {name: address} of what a reader can do with a notebook.

    That is nothing as long as the book has no repository.
    """
    url, branch = repository.site()
    if not url:
        return {}
    title = quote(f"{page.heading}: ")
    return {
        "Open in Colab": repository.colab(page.path),
        "Open in Kaggle": repository.kaggle(page.path),
        "Source": f"{url}/blob/{branch}/{page.name}",
        "Report an error": f"{url}/issues/new?title={title}",
    }


def headings(toc):
    """Return the list of the parts of a page, from its toc, as HTML.

    Solutions are a row of numbers.
    """
    lists = BeautifulSoup(toc, "html.parser")("ul")
    if len(lists) < 2:
        return ""
    for link in lists[1].select('a[href^="#solution-"]'):
        link.string = link.get_text().removeprefix("Solution ")
        link["aria-label"] = f"Solution {link.string}"
        link.parent["class"] = "solution"
    return lists[1].decode()


def contents(toctree):
    """Return the contents of the book, as HTML; they name the open page."""
    html = toctree(
        maxdepth=2, collapse=False, titles_only=True, includehidden=True
    )
    here = '<a class="current reference internal" href="#"'
    return (html or "").replace(here, f'{here} aria-current="page"')


def add_facts(app, pagename, template, context, doctree):
    url, branch = repository.site()
    context |= {"repository": url, "branch": branch}
    context["contents"] = contents(context["toctree"])
    context["headings"] = headings(context.get("toc", ""))
    path = (ROOT / pagename).with_suffix(".ipynb")
    if path.exists():
        page = section.read(path)
        context |= {
            "run": facts(page),
            "times": times(page),
            "place": place(page, app.env.titles),
            "actions": actions(page),
            "download": context["pathto"](f"_sources/{pagename}.ipynb", 1),
        }


def row(cells):
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(map(str, cells))} |"


class Table(SphinxDirective):
    """A directive whose content is Markdown, made from the notebooks."""

    def run(self):
        for page in section.everything():
            self.env.note_dependency(str(page.path))
        container = nodes.container(classes=[self.name, *self.arguments])
        lines = StringList(list(self.lines()), self.name)
        self.state.nested_parse(lines, 0, container)
        return [container]

    def link(self, path, text):
        return f"[{text}](/{path.relative_to(ROOT).as_posix()})"


class Sections(Table):
    """`{sections}`: the sections of a chapter with their questions and times.

    On the first page, those of the whole book, by chapter; optional pages last.
    """

    def lines(self):
        here = Path(self.env.doc2path(self.env.docname)).parent
        book = groupby(section.everything(), lambda page: page.path.parent)
        for chapter, of_chapter in book:
            if here == ROOT:
                index = chapter / "index.md"
                title = index.read_text("utf-8").partition("\n")[0]
                yield from ("", f"**{self.link(index, title[2:])}**", "")
            for page in of_chapter if here in (ROOT, chapter) else ():
                yield f"- {self.link(page.path, page.heading)}"
                if here != ROOT:
                    yield f"  {page.question}"
                yield f"  *{times(page)}*"


class Size(Table):
    """`{size}`: how small the book is, in numbers."""

    def lines(self):
        pages = section.sections()
        hours = sum(page.minutes_to_read for page in pages) / 60
        seconds = sum(page.run.get("seconds", 0) for page in pages)
        yield f"- **{len(pages)}** sections"
        yield f"- **{round(hours)}** hours to read"
        yield f"- **{round(seconds / 60)}** minutes to run them all"
        lines = sum(map(code_lines, (ROOT / "d2lmini").rglob("*.py")))
        yield f"- **{round(lines, -2):,}** lines of package"


def code_lines(path):
    """Count the lines of a module that are neither blank nor documentation."""
    source = path.read_text("utf-8")
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            for number in range(node.lineno, node.end_lineno + 1):
                lines[number - 1] = ""
    return sum(line.strip()[:1] not in ("", "#") for line in lines)


class Status(Table):
    """`{status}`: a table of the last run of every notebook."""

    def lines(self):
        columns = ["date", "python", "torch", "cells", "seconds", "verdict"]
        yield row(["page", *columns])
        yield row(["---"] * 7)
        for page in section.everything():
            link, about = self.link(page.path, page.heading), facts(page)
            yield row([link, *(about[column] for column in columns)])


def setup(app):
    app.add_directive("sections", Sections)
    app.add_directive("size", Size)
    app.add_directive("status", Status)
    app.connect("html-page-context", add_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
