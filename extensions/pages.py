"""What a page says about itself: its place, its times, its last run.

The directives `sections` and `status` list the pages with the same facts. All
of them are read from the notebooks when the site is built.
"""

import ast
import time
from pathlib import Path
from urllib.parse import quote

import notebooks
import section
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = section.ROOT
log = logging.getLogger(__name__)


def facts(page):
    """Return what a page says about itself, for templates and tables."""
    run = {"date": "", "python": "", "torch": "", "seconds": 0} | page.run
    day = run["date"] and time.strptime(run["date"], "%Y-%m-%d")
    return run | {
        "heading": page.heading,
        "question": page.question,
        "reading": page.minutes_to_read,
        "running": f"{round(run['seconds'])} s",
        "cells": len(page.code) + 1,  # and the set-up
        "day": day and f"{day.tm_mday} {time.strftime('%B %Y', day)}",
        "verdict": "all passed" if page.passed else "not as it should be",
    }


def place(page, titles):
    """Return where a numbered section stands in the whole book."""
    numbers = [other.number for other in section.sections()]
    if page.number not in numbers:
        return None
    chapter = page.path.with_name("index").relative_to(ROOT).as_posix()
    return {
        "number": numbers.index(page.number) + 1,
        "total": len(numbers),
        "chapter": chapter in titles
        and {"name": chapter, "title": titles[chapter].astext()},
    }


def actions(page):
    """Return {name: address} of what a reader can do with a notebook.

    That is nothing as long as the book has no repository.
    """
    url, branch, _ = notebooks.site()
    if not url:
        return {}
    title = quote(f"{page.heading}: ")
    return {
        "Open in Colab": notebooks.colab(page.path),
        "Open in Kaggle": notebooks.kaggle(page.path),
        "Edit": f"{url}/edit/{branch}/{page.name}",
        "Report an error": f"{url}/issues/new?title={title}",
    }


def headings(toc):
    """Return [(address, name)] of the sections of a page, from its toc."""
    lists = BeautifulSoup(toc, "html.parser")("ul")
    sections = lists[1]("li", recursive=False) if len(lists) > 1 else []
    return [(li.a["href"], li.a.decode_contents()) for li in sections]


def contents(toctree):
    """Return the contents of the book, as HTML; they name the open page."""
    html = toctree(
        maxdepth=2, collapse=False, titles_only=True, includehidden=True
    )
    here = '<a class="current reference internal" href="#"'
    return (html or "").replace(here, f'{here} aria-current="page"')


def add_facts(app, pagename, template, context, doctree):
    url, branch, _ = notebooks.site()
    context |= {"repository": url, "branch": branch}
    context["contents"] = contents(context["toctree"])
    context["headings"] = headings(context.get("toc", ""))
    path = (ROOT / pagename).with_suffix(".ipynb")
    if path.exists():
        page = section.read(path)
        context |= {
            "run": facts(page),
            "place": place(page, app.env.titles),
            "actions": actions(page),
            "download": context["pathto"](f"_sources/{pagename}.ipynb", 1),
        }


def check(app):
    """Warn of what breaks a rule, in the words of the rule: it stops the build.

    Only rules that keep a page from being shown as it is stored count here.
    """
    for page in section.everything():
        if not page.passed:
            log.warning(f"{page.name}: its stored run is not whole; `make run`")


class Table(SphinxDirective):
    """A directive whose content is Markdown, made from the notebooks."""

    def run(self):
        for page in section.everything():
            self.env.note_dependency(str(page.path))
        container = nodes.container(classes=[self.name])
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
        folder = Path(self.env.doc2path(self.env.docname)).parent
        chapter = folder
        for page in section.everything():
            if folder in page.path.parents:
                if page.path.parent != chapter:
                    chapter = page.path.parent
                    index = chapter / "index.md"
                    title = index.read_text("utf-8").partition("\n")[0]
                    yield from ("", f"**{self.link(index, title[2:])}**", "")
                yield from self.entry(page, with_question=folder != ROOT)

    def entry(self, page, with_question):
        about = facts(page)
        yield f"- {self.link(page.path, about['heading'])}"
        if with_question:
            yield f"  {about['question']}"
        yield f"  *{about['reading']} min to read, {about['running']} to run*"


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
    skipped = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped |= set(range(node.lineno, node.end_lineno + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#")
        for number, line in enumerate(source.splitlines(), 1)
        if number not in skipped
    )


class Status(Table):
    """`{status}`: a table of the last run of every notebook."""

    columns = "date python torch cells seconds verdict".split()

    def lines(self):
        yield f"| page | {' | '.join(self.columns)} |"
        yield "|---" * (len(self.columns) + 1) + "|"
        for page in section.everything():
            about = facts(page)
            cells = [self.link(page.path, about["heading"])]
            cells += [str(about[column]) for column in self.columns]
            yield f"| {' | '.join(cells)} |"


def setup(app):
    app.add_directive("sections", Sections)
    app.add_directive("size", Size)
    app.add_directive("status", Status)
    app.connect("builder-inited", check)
    app.connect("html-page-context", add_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
