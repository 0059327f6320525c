"""Lets `make check-links` follow every link to another site.

Sphinx collects the links in the sources of the pages. Added here are those
that the theme puts around the pages, read from the built site, and those of
the Markdown files beside them, such as the README.
"""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.builders.linkcheck import Hyperlink


def links(path):
    """Return the addresses on other sites that a file leads to."""
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        found = (a["href"] for a in BeautifulSoup(text, "html.parser")("a"))
    else:
        found = re.findall(r"(?<=\]\()[^)\s]+|(?<=<)https?:[^>\s]+", text)
    return {link for link in found if re.match("https?:", link)}


def add(app, env):
    """Hand the links to the builder that follows them."""
    if app.builder.name != "linkcheck":
        return
    home = Path(app.srcdir)
    pages = sorted((home / "_build" / "html").rglob("*.html"))
    seen = app.builder.hyperlinks
    for path in pages + sorted(home.glob("*.md")):
        where = path.relative_to(home).as_posix()
        for link in sorted(links(path)):
            seen.setdefault(link, Hyperlink(link, where, where, 0))


def setup(app):
    app.connect("env-updated", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
