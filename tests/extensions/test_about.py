"""What the pages about the book say agrees with where it comes from."""

import ast
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import about
import repository
import section
import yaml

BASE = "https://owner.github.io/book/"
ATOM = "{http://www.w3.org/2005/Atom}"
CHANGES = """<main><section id="changelog"><h1>Changelog</h1>
<section id="unreleased"><h2>Unreleased</h2><p>New.</p></section>
<section id="v2"><h2>2.0.0, 2026-11-03<a>#</a></h2>
<p>A <a href="page.html">page</a> &amp; more.</p></section>
</section></main>"""


def test_both_books_can_be_cited():
    cite = yaml.safe_load(about.CITATION.read_text("utf-8"))
    ours, theirs = map(about.bibtex, [cite, *cite["references"]])
    assert ours.startswith("@software{d2lmini20")
    assert "  author = {{The D2L Mini authors}}" in ours
    assert f"  version = {{{repository.version()}}}" in ours
    assert theirs.startswith("@book{zhang2023,\n  title = {{Dive into Deep ")
    assert "Lipton, Zachary C. and\n    Li, Mu" in theirs
    assert theirs.endswith("  url = {https://d2l.ai}\n}")
    changelog = (section.ROOT / "CHANGELOG.md").read_text("utf-8")
    assert about.RELEASED.search(changelog)[2] == str(cite["date-released"])


def test_a_feed_lists_the_releases_of_a_book_with_an_address(tmp_path):
    (tmp_path / "CHANGELOG.html").write_text(CHANGES, "utf-8")
    config = SimpleNamespace(html_baseurl=BASE, project="A <b>", author="We")
    builder = SimpleNamespace(name="html")
    app = SimpleNamespace(builder=builder, outdir=tmp_path, config=config)
    about.write_feed(app, None)
    feed = ElementTree.parse(tmp_path / "feed.xml").getroot()
    assert feed.find(f"{ATOM}title").text == "A <b>: changes"
    assert feed.find(f"{ATOM}updated").text == "2026-11-03T00:00:00Z"
    (new,) = feed.iter(f"{ATOM}entry")
    assert new.find(f"{ATOM}id").text == f"{BASE}CHANGELOG.html#v2"
    content = new.find(f"{ATOM}content").text
    assert '<a href="page.html">page</a> &amp; more.' in content
    config.html_baseurl = ""
    about.write_feed(app, None)
    assert not (tmp_path / "feed.xml").exists()


# Messages of pip, Python and PyTorch, which are not ours to change.
OTHERS = {
    *("No module named 'torch'", "No module named 'lightning'"),
    *("ensurepip is not available", "No space left on device"),
    "Address already in use",
}


def test_the_messages_that_are_explained_are_those_that_are_given():
    page = (section.ROOT / "run-it-yourself.md").read_text("utf-8")
    table = page.partition("| message |")[2].splitlines()[2:]
    messages = {row.split("`")[1] for row in table if row.startswith("| `")}
    paths = [*(section.ROOT / "d2lmini").rglob("*.py")]
    paths.append(section.ROOT / "tools" / "setup_cell.py")
    nodes = [
        n for p in paths for n in ast.walk(ast.parse(p.read_text("utf-8")))
    ]
    said = "\n".join(str(getattr(node, "value", "")) for node in nodes)
    said += (section.ROOT / "Makefile").read_text("utf-8")
    assert messages > OTHERS
    for message in messages - OTHERS:
        for part in re.split(r"v?[\d.]*\d", message):  # numbers are filled in
            assert part in said, message
