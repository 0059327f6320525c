"""The frame of the site: theme, logo, address, sitemap, page for errors."""

import os
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import repository
import section
from html_fixes import plain

THEME = section.ROOT / "theme"


def address(app):
    """Return where the site is published, as GitHub Pages derives it.

    It is "" as long as the book has no repository.
    """
    url = repository.site()[0]
    if app.config.html_baseurl or not url:
        return app.config.html_baseurl
    owner, name = urlsplit(url).path.strip("/").split("/")
    return f"https://{owner}.github.io/{name}/"


def prepare(app, config):
    config.html_baseurl = address(app)
    app.add_html_theme("theme", str(THEME))
    # Jupyter Book brings it along. It does not say that it is safe, and the
    # book has no numbers that it could make.
    if numbering := app.extensions.get("sphinx_multitoc_numbering"):
        numbering.parallel_read_safe = True


def adjust(app):
    """Let templates escape what they print, which Sphinx leaves to each.

    The index of Sphinx's own search, which no page loads, is not made.
    """
    if app.builder.format == "html":
        app.builder.search = False
        environment = app.builder.templates.environment
        environment.autoescape = lambda name: bool(
            name and name.endswith(".html")
        )


def write_sitemap(app, folder):
    pages = sorted(app.env.found_docs)
    links = [f"{app.config.html_baseurl}{page}.html" for page in pages]
    entries = "".join(f"<url><loc>{link}</loc></url>\n" for link in links)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<urlset xmlns="{schema}">\n{entries}</urlset>\n'
    (folder / "sitemap.xml").write_text(text, "utf-8")


def root_links(app, path):
    """Let the links of 404.html start at the root: it is shown anywhere."""
    root = urlsplit(app.config.html_baseurl).path
    if not root:
        return
    html = path.read_text("utf-8")
    relative = r'(href|src|action)="(?!#|/|https?:)'
    path.write_text(re.sub(relative, rf'\1="{root}', html), "utf-8")


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    folder = Path(app.outdir)
    (folder / "sitemap.xml").unlink(missing_ok=True)
    if app.config.html_baseurl:
        write_sitemap(app, folder)
    root_links(app, folder / "404.html")


@cache
def logo():
    """Return the logo as part of a page, which gives it its colors."""
    svg = (THEME / "static" / "logo.svg").read_text("utf-8")
    svg = re.sub(r"<style>.*</style>", "", svg, flags=re.S)
    return svg.replace("<svg", '<svg aria-hidden="true"')


def running_title(title):
    """Return a style that names a page, for the margin when it is printed."""
    sign = r"[^\w .,:-]"
    words = re.sub(sign, lambda m: f"\\{ord(m[0]):x} ", plain(title))
    return f"--title: '{words}'"


def add_address(app, pagename, template, context, doctree):
    context |= {
        "address": app.config.html_baseurl,
        "logo": logo(),
        "running_title": running_title(context.get("title", "")),
        "root": urlsplit(app.config.html_baseurl).path,
    }


def setup(app):
    app.parallel = os.cpu_count() + 1  # one of them mostly waits
    # Jupyter Book sets it, for an extension that the book does without.
    app.add_config_value("comments_config", {}, "")
    app.connect("config-inited", prepare)
    app.connect("builder-inited", adjust)
    app.connect("html-page-context", add_address)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
