"""Writes what the search page searches: all text, by page and section.

Sphinx's own index knows which word stands on which page but not how often, and
shows no context in a site that is opened from a folder.
"""

import json
from pathlib import Path

from bs4 import BeautifulSoup

SKIP = ".cell_output, .headerlink, annotation, .sections, .status, .size"


def sections(html):
    """Return [(anchor, heading, text)] of the sections of a page.

    Prose comes before code, so that what is shown of a text is prose.
    """
    page = BeautifulSoup(html, "html.parser")
    for part in page.select(SKIP):
        part.decompose()
    found = []
    for section in reversed(page("section")):  # the inner ones first
        heading = section.find(["h1", "h2", "h3"]).extract()
        code = [pre.extract().get_text() for pre in section("pre")]
        text = " ".join([section.extract().get_text(), *code]).split()
        found.append((section["id"], heading.get_text(), " ".join(text)))
    return found[::-1]


def collect(app, pagename, template, context, doctree):
    if doctree is not None:
        link = app.builder.get_target_uri(pagename)
        app.search_pages[link] = sections(context["body"])


def write(app, exception):
    if not exception and app.builder.name == "html":
        text = json.dumps(sorted(app.search_pages.items()), ensure_ascii=False)
        path = Path(app.outdir) / "_static" / "search-text.js"
        path.write_text(f"const BOOK = {text};\n", "utf-8")


def setup(app):
    app.search_pages = {}
    app.connect("html-page-context", collect, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
