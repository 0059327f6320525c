"""What a page says about itself: its place, its times, its last run.

The directives `sections` and `status` list the pages with the same facts. All
of them are read from the notebooks when the site is built.
"""

import ast
import re
import time
from functools import cache
from pathlib import Path
from urllib.parse import quote

import nbformat
import notebooks
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = notebooks.ROOT
WORDS_A_MINUTE = 200
LINES_A_MINUTE = 20  # of code, read with care
VERDICTS = {True: "all passed", False: "not as it should be"}


def passed(cells):
    """Tell whether a stored run is whole: every code cell ran, in order, and
    failed only where the page wants it to.
    """
    cells = [c for c in cells if c.cell_type == "code" and c.source.strip()]
    in_order = [c.execution_count for c in cells] == [
        n + 1 for n in range(len(cells))
    ]
    return in_order and all(
        any(output.output_type == "error" for output in cell.outputs)
        == ("raises-exception" in cell.metadata.get("tags", []))
        for cell in cells
    )


def minutes_to_read(cells):
    """Estimate the reading time of a page without its solutions, in minutes."""
    words = lines = 0
    for cell in cells:
        if cell.source.startswith("## Solutions"):
            break
        if "remove-cell" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            words += len(re.findall(r"\w+", cell.source))
        else:
            lines += len(cell.source.splitlines())
    return round(words / WORDS_A_MINUTE + lines / LINES_A_MINUTE)


@cache
def facts(path):
    """Return what a notebook says about itself, for templates and tables."""
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(c.source for c in notebook.cells)
    question = re.search(r"^\*\*(.*?)\*\*$", text, re.M | re.S)
    run = notebook.metadata["d2lmini"]
    day = time.strptime(run["date"], "%Y-%m-%d")
    return run | {
        "title": re.search(r"^# (.*)$", text, re.M)[1],
        "question": " ".join(question[1].split()) if question else "",
        "reading": minutes_to_read(notebook.cells),
        "running": f"{round(run['seconds'])} s",
        "cells": sum(c.cell_type == "code" for c in notebook.cells),
        "day": f"{day.tm_mday} {time.strftime('%B %Y', day)}",
        "verdict": VERDICTS[passed(notebook.cells)],
    }


def place(path, titles):
    """Return where a numbered section stands in the whole book."""
    sections = notebooks.pages()
    if path not in sections:
        return None
    chapter = path.with_name("index").relative_to(ROOT).as_posix()
    return {
        "number": sections.index(path) + 1,
        "total": len(sections),
        "chapter": chapter in titles
        and {"name": chapter, "title": titles[chapter].astext()},
    }


def actions(path):
    """Return {name: address} of what a reader can do with a notebook.

    That is nothing as long as the book has no repository.
    """
    url, branch, _ = notebooks.site()
    if not url:
        return {}
    name = path.relative_to(ROOT).as_posix()
    title = quote(f"{facts(path)['title']}: ")
    return {
        "Open in Colab": notebooks.colab(path),
        "Edit": f"{url}/edit/{branch}/{name}",
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
        context |= {
            "run": facts(path),
            "place": place(path, app.env.titles),
            "actions": actions(path),
            "download": context["pathto"](f"_sources/{pagename}.ipynb", 1),
        }


def check(app):
    """Warn of every page whose stored run is not whole: it stops the build."""
    facts.cache_clear()
    for path in notebooks.everything():
        if facts(path)["verdict"] != VERDICTS[True]:
            where = path.relative_to(ROOT)
            logging.getLogger(__name__).warning(f"{where}: run it anew")


class Table(SphinxDirective):
    """A directive whose content is Markdown, made from the notebooks."""

    def run(self):
        for path in notebooks.everything():
            self.env.note_dependency(str(path))
        container = nodes.container(classes=[self.name])
        lines = StringList(list(self.lines()), self.name)
        self.state.nested_parse(lines, 0, container)
        return [container]

    def link(self, path, text):
        return f"[{text}](/{path.relative_to(ROOT).as_posix()})"


class Sections(Table):
    """`{sections}`: the sections of a chapter with their questions and times.

    On the first page, those of the whole book, by chapter.
    """

    def lines(self):
        folder = Path(self.env.doc2path(self.env.docname)).parent
        chapter = folder
        for path in notebooks.pages():
            if folder in path.parents:
                if path.parent != chapter:
                    chapter = path.parent
                    index = chapter / "index.md"
                    title = index.read_text("utf-8").partition("\n")[0]
                    yield from ("", f"**{self.link(index, title[2:])}**", "")
                yield from self.entry(path, with_question=folder != ROOT)

    def entry(self, path, with_question):
        about = facts(path)
        yield f"- {self.link(path, about['title'])}"
        if with_question:
            yield f"  {about['question']}"
        yield f"  *{about['reading']} min to read, {about['running']} to run*"


class Size(Table):
    """`{size}`: how small the book is, in numbers."""

    def lines(self):
        about = [facts(path) for path in notebooks.pages()]
        hours = sum(page["reading"] for page in about) / 60
        seconds = sum(page["seconds"] for page in about)
        yield f"- **{len(about)}** sections"
        yield f"- **{round(hours)}** hours to read"
        yield f"- **{round(seconds / 60)}** minutes to run them all"
        lines = sum(map(code_lines, (ROOT / "d2lmini").glob("*.py")))
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
        for path in notebooks.everything():
            about = facts(path)
            cells = [self.link(path, about["title"])]
            cells += [str(about[column]) for column in self.columns]
            yield f"| {' | '.join(cells)} |"


def setup(app):
    app.add_directive("sections", Sections)
    app.add_directive("size", Size)
    app.add_directive("status", Status)
    app.connect("builder-inited", check)
    app.connect("html-page-context", add_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
