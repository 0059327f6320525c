"""Lets `make check-links` follow every link to another site.

Sphinx collects the links in the sources of the pages. Added here are those
that the theme puts around the pages, read from the built site, and those of
the Markdown files beside them, such as the README.

The book's own repository can answer only once it is published. Until then
links into it are not followed, and one sentence says which they are.
"""

import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import notebooks
from bs4 import BeautifulSoup
from sphinx.builders.linkcheck import Hyperlink
from sphinx.util import logging

log = logging.getLogger(__name__)


def links(path):
    """Return the addresses on other sites that a file leads to."""
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        found = (a["href"] for a in BeautifulSoup(text, "html.parser")("a"))
    else:
        found = re.findall(r"(?<=\]\()[^)\s]+|(?<=<)https?:[^>\s]+", text)
    return {link for link in found if re.match("https?:", link)}


def published(url):
    """Tell whether the repository answers.

    A dead network counts as yes, so that each of its links is reported.
    """
    try:
        urlopen(url, timeout=30).close()
    except HTTPError as error:
        return error.code != 404
    except OSError:
        return True
    return True


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
    leave_unpublished(app, sorted(seen))


def leave_unpublished(app, found):
    """Leave out the links into a repository that is not there yet, aloud."""
    url, _, _ = notebooks.site()
    if not url:
        return
    path = url.partition("://")[2].partition("/")[2]
    name = re.escape(path)
    raw = rf"https://raw\.githubusercontent\.com/{name}"
    own = (
        rf"({re.escape(url)}|https://colab\.[^/]+/github/{name}"
        rf"|https://kaggle\.com/kernels/welcome\?src={raw}|{raw})/?"
    )
    waiting = [link for link in found if re.match(own, link)]
    if waiting and not published(url):
        app.config.linkcheck_ignore.append(own)
        names = ", ".join(waiting)
        log.info(f"{len(waiting)} links await publication at {url}: {names}")


def setup(app):
    app.connect("env-updated", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
