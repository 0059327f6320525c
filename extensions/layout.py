"""The frame of the site: theme, logo, address, sitemap, page for errors."""

import os
import re
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import repository
import section
from html_fixes import plain
from jinja2 import select_autoescape

THEME = section.ROOT / "theme"
# What Sphinx and MyST-NB bring along, and no page loads.
UNUSED = """
basic.css doctools.js documentation_options.js file.png language_data.js
minus.png mystnb.*.css plus.png pygments.css searchtools.js sphinx_highlight.js
""".split()


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
        environment.autoescape = select_autoescape(default_for_string=False)


def sitemap(root, names):
    yield '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    for name in sorted(names):
        yield f"<url><loc>{root}{name}.html</loc></url>"
    yield "</urlset>\n"


def root_links(path, root):
    """Let the links of 404.html start at the root: it is shown anywhere."""
    relative = r'(href|src|action)="(?!#|/|https?:)'
    html = re.sub(relative, rf'\1="{root}', path.read_text("utf-8"))
    path.write_text(html, "utf-8")


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    folder, root = Path(app.outdir), app.config.html_baseurl
    if root:
        text = "\n".join(sitemap(root, app.env.found_docs))
        (folder / "sitemap.xml").write_text(text, "utf-8")
    root_links(folder / "404.html", urlsplit(root).path)
    for path in chain(*map((folder / "_static").glob, UNUSED)):
        path.unlink()


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
