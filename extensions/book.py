"""All that the book adds to Sphinx, in the order in which it happens."""

import os

import api
import comparison
import fonts
import glossary
import html_fixes
import layout
import linkcheck
import mathematics
import pages
import search_index
import take_along

PAGE = (
    api.link_code,
    html_fixes.mend,
    pages.add_facts,
    take_along.offer,
    layout.describe,
    search_index.record,  # takes the tree of the page apart
)
SITE = [
    fonts.finish,
    glossary.finish,
    layout.finish,
    search_index.finish,
    take_along.finish,
]


def finish(app, exception):
    """Complete a site whose pages are written."""
    if not exception and app.builder.name == "html":
        for step in SITE:
            step(app)


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.parallel = os.cpu_count() + 1  # one of them mostly waits
    # Jupyter Book brings it along. It does not say that it is safe, and the
    # book has no numbers that it could make.
    if numbering := app.extensions.get("sphinx_multitoc_numbering"):
        numbering.parallel_read_safe = True
    # Jupyter Book sets it, for an extension that the book does without.
    app.add_config_value("comments_config", {}, "")
    app.add_html_math_renderer("mathml", *mathematics.VISITORS)
    app.add_directive("api", api.Api)
    app.add_directive("cite", pages.Cite)
    app.add_directive("comparison", comparison.Comparison)
    app.add_directive("sections", pages.Sections)
    app.add_directive("size", pages.Size)
    app.add_directive("status", pages.Status)
    app.add_directive("terms", glossary.Terms)
    app.connect("builder-inited", layout.prepare)
    app.connect("autodoc-process-docstring", api.finish)
    app.connect("doctree-read", glossary.first_uses)
    app.connect("doctree-read", api.link_first_names)
    app.connect("env-updated", linkcheck.add)
    for step in PAGE:
        app.connect("html-page-context", step)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
