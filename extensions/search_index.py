"""Writes what the search page searches: all text, by page and section.

Sphinx's own index knows which word stands on which page but not how often, and
shows no context in a site that is opened from a folder.
"""

import json
import re
from pathlib import Path
from zlib import crc32

from bs4 import BeautifulSoup, SoupStrainer

SKIP = ".about, .headerlink, annotation, .sections, .status"


def printed(section):
    """Take the outputs out of a section; return the sentences among them.

    Numbers are left out, and lines that differ from another only in these.
    """
    lines = {}
    for output in section(class_="cell_output"):
        for message in output(class_="message"):
            line = message.get_text()
            lines.setdefault(re.sub(r"[\d.]+", "", line), line)
        output.decompose()
    return list(lines.values())


def sections(html):
    """Return [(anchor, heading, text)] of the sections of a page.

    Prose comes before code and what it prints, so that what is shown of a text
    is prose. Each term of the glossary is a section.
    """
    page = BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("main"))
    for part in page.select(SKIP):
        part.decompose()
    for formula in page("math"):  # flattened, it would say something else
        formula.replace_with("…")
    found = []
    for term in reversed(page("dt", id=True)):
        text = " ".join(
            term.find_next_sibling("dd").extract().get_text().split()
        )
        found.append((term["id"], term.extract().get_text(), text))
    parts = page.select("section, [id^=solution-]")
    for section in reversed(parts):  # the inner ones first
        # The heading of a solution stands before it, where the fold opens.
        place = section.find_previous_sibling("summary") or section
        heading = place.find(["h1", "h2", "h3"]).extract()
        said = printed(section)
        code = [pre.extract().get_text() for pre in section("pre")]
        text = " ".join([section.extract().get_text(), *code, *said]).split()
        found.append((section["id"], heading.get_text(), " ".join(text)))
    return found[::-1]


def write(app, exception):
    """Read the pages as they were written, for a build writes only some."""
    if exception or app.builder.name != "html":
        return
    folder, store = Path(app.outdir), Path(app.doctreedir) / "search.json"
    known = json.loads(store.read_text("utf-8")) if store.exists() else {}
    found = {}
    for docname in sorted(app.env.found_docs):
        link = app.builder.get_target_uri(docname)
        html = (folder / link).read_text("utf-8")
        state = f"{crc32(html.encode()):08x}"
        known_state, parts = known.get(link, ("", []))
        found[link] = state, parts if state == known_state else sections(html)
    store.write_text(json.dumps(found), "utf-8")
    book = [(link, parts) for link, (_, parts) in found.items()]
    text = json.dumps(book, ensure_ascii=False)
    path = folder / "_static" / "search-text.js"
    path.write_text(f"const BOOK = {text};\n", "utf-8")


def setup(app):
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
