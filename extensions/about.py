"""How to cite the book and its pages, and a feed of its changes.

They are made when the site is built, from CITATION.cff and from CHANGELOG.md.
There is a feed only where the book has an address, like the sitemap.
"""

import re
from html import escape
from pathlib import Path

import section
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from html_fixes import plain
from sphinx.util.docutils import SphinxDirective

CITATION = section.ROOT / "CITATION.cff"
FEED = "feed.xml"
PAGE = "CHANGELOG"
# How `make release` heads a version, with its date.
RELEASED = re.compile(r"([\d.]+), (\d{4}-\d\d-\d\d)")


def name(author):
    """Return an author as BibTeX expects: a group in braces of its own."""
    if "family-names" in author:
        return f"{author['family-names']}, {author['given-names']}"
    return f"{{{author['name']}}}"


def bibtex(work):
    """Return an entry for what a part of CITATION.cff describes."""
    year = work.get("year") or str(work["date-released"])[:4]
    first = work["authors"][0].get("family-names", work["title"].split(":")[0])
    fields = {
        "title": f"{{{work['title']}}}",
        "author": " and\n    ".join(map(name, work["authors"])),
        "year": year,
        "version": work.get("version"),
        "publisher": work.get("publisher", {}).get("name"),
        "url": work.get("url", work.get("repository-code")),
    }
    key = re.sub(r"\W", "", first).lower() + str(year)
    rows = [f"  {key} = {{{v}}}" for key, v in fields.items() if v]
    return f"@{work['type']}{{{key},\n" + ",\n".join(rows) + "\n}"


def describe(app, pagename, template, context, doctree):
    """Say what a page is to those who cite it, and to machines (JSON-LD)."""
    work = yaml.safe_load(CITATION.read_text("utf-8"))
    known = {
        "@type": "LearningResource",
        "name": plain(context.get("title", "")),
        "description": context.get("description"),
        "url": context.get("pageurl"),
        "author": [
            {"@type": "Organization", "name": author["name"]}
            for author in work["authors"]
        ],
        "datePublished": str(work["date-released"]),
        "inLanguage": app.config.language,
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isPartOf": {"@type": "Book", "name": work["title"]},
    }
    if pagename == app.config.root_doc:
        known |= {"@type": "Book", "name": known.pop("isPartOf")["name"]}
    known = {key: value for key, value in known.items() if value}
    context["known"] = {"@context": "https://schema.org"} | known


class Cite(SphinxDirective):
    """`{cite}`: entries for the book and for the one that it re-teaches."""

    def run(self):
        self.env.note_dependency(str(CITATION))
        book = yaml.safe_load(CITATION.read_text("utf-8"))
        text = "\n\n".join(map(bibtex, [book, *book["references"]]))
        code = nodes.literal_block(text, text, language="bibtex")
        return [nodes.container("", code, classes=["copied"])]


def entries(page, where):
    """Yield the releases that a page lists, newest first, as Atom."""
    for part in page.select("section > section"):
        found = RELEASED.match(part.h2.extract().get_text())
        if found:
            link = f"{where}#{part['id']}"
            yield f"<entry><title>Version {found[1]}</title><id>{link}</id>"
            yield f'<link href="{link}"/><updated>{found[2]}T00:00:00Z'
            yield f'</updated><content type="html">{escape(str(part))}'
            yield "</content></entry>\n"


def feed(page, base, title, author):
    """Return a feed (Atom) of the changes, from the page that lists them."""
    items = "".join(entries(page, f"{base}{PAGE}.html"))
    newest = re.search("<updated>.*?</updated>", items)[0]
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{base}">\n'
        f"<title>{escape(title)}: changes</title><id>{base}{FEED}</id>\n"
        f'<link rel="self" href="{base}{FEED}"/><link href="{base}"/>\n{newest}'
        f"<author><name>{escape(author)}</name></author>\n{items}</feed>\n"
    )


def write_feed(app, exception):
    if exception or app.builder.name != "html":
        return
    folder, config = Path(app.outdir), app.config
    (folder / FEED).unlink(missing_ok=True)
    if base := config.html_baseurl:
        html = (folder / f"{PAGE}.html").read_text("utf-8")
        page = BeautifulSoup(html, "html.parser").main
        text = feed(page, base, config.project, config.author)
        (folder / FEED).write_text(text, "utf-8")


def setup(app):
    app.add_directive("cite", Cite)
    # Once the description of the page is known.
    app.connect("html-page-context", describe, priority=600)
    app.connect("build-finished", write_feed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
