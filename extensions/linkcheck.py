"""Lets `make check-links` follow every link to another site.

Sphinx collects the links in the sources of the pages. Added here are those
that the theme puts around the pages, read from the built site, and those of
the Markdown files beside them, such as the README.
"""

import re
from html import unescape
from pathlib import Path

from sphinx.builders.linkcheck import Hyperlink

# In HTML, and in Markdown: [words](link) and <link>.
LINK = re.compile(r'(?:<a[^>]* href="|\]\(|<)(https?:[^")>\s]+)')


def add(app, env):
    """Hand the links to the builder that follows them."""
    if app.builder.name != "linkcheck":
        return
    home = Path(app.srcdir)
    pages = sorted((home / "_build" / "html").rglob("*.html"))
    seen = app.builder.hyperlinks
    for path in pages + sorted(home.glob("*.md")):
        where = path.relative_to(home).as_posix()
        for link in map(unescape, LINK.findall(path.read_text("utf-8"))):
            seen.setdefault(link, Hyperlink(link, where, where, 0))
