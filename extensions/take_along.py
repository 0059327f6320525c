"""Offers what can be taken along: the notebooks, and the book as PDF and EPUB.

`make pdf` and `make epub` make these beforehand, or not; the site offers one
only as long as it is newer than every page.
"""

import shutil
from pathlib import Path

import archive
import section

EDITIONS = {
    kind: section.ROOT / "_build" / f"d2l-mini.{kind.lower()}"
    for kind in ("PDF", "EPUB")
}
NOTEBOOKS = "d2l-mini-notebooks.zip"


def editions():
    """Return {kind: path} of the editions that are up to date."""
    texts = [*section.paths(), section.ROOT / "glossary.md"]
    texts += {path.with_name("index.md") for path in section.paths()}
    newest = max(path.stat().st_mtime for path in texts)
    return {
        kind: path
        for kind, path in EDITIONS.items()
        if path.exists() and path.stat().st_mtime > newest
    }


def offer(app, pagename, template, context, doctree):
    """Name what there is, with its size, for the title page.

    Only that one is made anew whenever a notebook changes: others link to it.
    """
    offered = {"All notebooks": NOTEBOOKS}
    for kind, path in editions().items():
        size = path.stat().st_size / 1e6
        offered[f"{kind}, {size:.1f} MB"] = path.name
    context["take_along"] = {
        name: context["pathto"](f"_static/{file}", 1)
        for name, file in offered.items()
    }


def finish(app):
    static = Path(app.outdir) / "_static"
    for path in EDITIONS.values():
        (static / path.name).unlink(missing_ok=True)
    for path in editions().values():
        shutil.copy(path, static)
    archive.write(static / NOTEBOOKS, archive.notebooks())
