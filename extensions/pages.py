"""What a page says about itself: its place, its times, its last run.

The directives `sections` and `status` list the pages with the same facts. All
of them are read from the notebooks when the site is built.
"""

import ast
from datetime import date
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import repository
import section
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = section.ROOT
CITATION = ROOT / "CITATION.cff"


def times(page):
    seconds = round(page.run.get("seconds", 0))
    return f"{page.minutes_to_read} min to read, {seconds} s to run"


def facts(page):
    """Return what a page says about its last run."""
    run = {"date": "", "python": "", "torch": "", "seconds": 0} | page.run
    day = run["date"] and date.fromisoformat(run["date"])
    return run | {
        "cells": len(page.code) + 1,  # and the set-up
        "day": day and f"{day.day} {day:%B %Y}",
        "verdict": "all passed",  # or rules.py stops the build
    }


def place(page, titles):
    """Return where a numbered section stands in the whole book."""
    book = section.sections()
    chapter = page.path.with_name("index").relative_to(ROOT).as_posix()
    return page in book and {
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


def add_facts(app, pagename, template, context, doctree):
    url, branch = repository.site()
    context |= {"repository": url, "branch": branch}
    contents = context["toctree"](
        maxdepth=2, collapse=False, titles_only=True, includehidden=True
    )
    here = '<a class="current reference internal" href="#"'
    there = f'{here} aria-current="page"'
    context["contents"] = (contents or "").replace(here, there)
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


def table(head, rows, align="---"):
    """Return a table as lines of Markdown; all but the first column align."""
    rule = ["---"] + [align] * (len(head) - 1)
    return [f"| {' | '.join(map(str, row))} |" for row in [head, rule, *rows]]


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


class Cite(SphinxDirective):
    """`{cite}`: an entry for the book, above those that it contains."""

    has_content = True

    def run(self):
        self.env.note_dependency(str(CITATION))
        work = yaml.safe_load(CITATION.read_text("utf-8"))
        year = work["date-released"].year
        fields = {
            "title": f"{{{work['title']}}}",
            "author": f"{{{work['authors'][0]['name']}}}",
            "year": year,
            "version": work["version"],
            "url": work.get("repository-code"),
        }
        rows = [f"  {key} = {{{v}}}" for key, v in fields.items() if v]
        ours = [f"@software{{d2lmini{year},", ",\n".join(rows), "}", ""]
        text = "\n".join([*ours, *self.content])
        code = nodes.literal_block(text, text, language="bibtex")
        return [nodes.container("", code, classes=["copied"])]


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
        rows = []
        for page in section.everything():
            link, about = self.link(page.path, page.heading), facts(page)
            rows.append([link, *(about[column] for column in columns)])
        return table(["page", *columns], rows)
