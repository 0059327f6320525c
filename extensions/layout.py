"""The frame of the site: theme, logo, address, sitemap, page for errors."""

import re
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pages
import repository
import section
import yaml
from html_fixes import plain
from jinja2 import select_autoescape

# Styles of Sphinx and MyST-NB, which no page loads.
UNUSED = "mystnb.*.css", "pygments.css"


def address():
    """Return where the site is published, as GitHub Pages derives it.

    It is "" as long as the book has no repository.
    """
    url = repository.site()[0]
    if not url:
        return ""
    owner, name = urlsplit(url).path.strip("/").split("/")
    return f"https://{owner}.github.io/{name}/"


def prepare(app):
    """Let templates escape what they print, which Sphinx leaves to each.

    The index of Sphinx's own search, which no page loads, is not made.
    """
    app.config.html_baseurl = address()
    if app.builder.format == "html":
        app.builder.search = False
        environment = app.builder.templates.environment
        environment.autoescape = select_autoescape(default_for_string=False)


def finish(app):
    folder, root = Path(app.outdir), app.config.html_baseurl
    if root:
        links = [f"{root}{name}.html\n" for name in app.env.found_docs]
        (folder / "sitemap.txt").write_text("".join(sorted(links)), "utf-8")
    # It is shown at any address, so that its links start at the root.
    path, relative = folder / "404.html", r'(href|src|action)="(?!#|/|https?:)'
    start = rf'\1="{urlsplit(root).path}'
    path.write_text(re.sub(relative, start, path.read_text("utf-8")), "utf-8")
    for path in chain(*map((folder / "_static").glob, UNUSED)):
        path.unlink()


def logo():
    """Return the logo as part of a page, which gives it its colors."""
    svg = (section.ROOT / "theme" / "static" / "logo.svg").read_text("utf-8")
    svg = re.sub(r"<style>.*</style>", "", svg, flags=re.S)
    return svg.replace("<svg", '<svg aria-hidden="true"')


def running_title(title):
    """Return a style that names a page, for the margin when it is printed."""
    sign = r"[^\w .,:-]"
    words = re.sub(sign, lambda m: f"\\{ord(m[0]):x} ", plain(title))
    return f"--title: '{words}'"


def describe(app, pagename, template, context, doctree):
    """Say what a page is to its frame, and to machines (JSON-LD)."""
    root, title = app.config.html_baseurl, context.get("title", "")
    context |= {"address": root, "root": urlsplit(root).path, "logo": logo()}
    context["running_title"] = running_title(title)
    work = yaml.safe_load(pages.CITATION.read_text("utf-8"))
    book = {"@type": "Book", "name": work["title"]}
    known = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": plain(title),
        "description": context.get("description"),
        "url": context.get("pageurl"),
        "author": [
            {"@type": "Organization", "name": author["name"]}
            for author in work["authors"]
        ],
        "datePublished": str(work["date-released"]),
        "inLanguage": app.config.language,
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isPartOf": book,
    }
    if pagename == app.config.root_doc:
        known |= book | {"isPartOf": None}
    context["known"] = {key: value for key, value in known.items() if value}
