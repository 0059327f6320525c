"""What the pages about the book say agrees with where it comes from."""

import ast
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import about
import notebooks
import pytest
import section
import setup_cell
import yaml

ROOT = section.ROOT
BASE = "https://owner.github.io/book/"
ATOM = "{http://www.w3.org/2005/Atom}"
CHANGES = """<main><section id="changelog"><h1>Changelog</h1>
<section id="unreleased"><h2>Unreleased</h2><p>New.</p></section>
<section id="v2"><h2>2.0.0, November 3, 2026<a>#</a></h2>
<p>A <a href="page.html">page</a> &amp; more.</p></section>
<section id="v1"><h2>1.0.0, May 12, 2026</h2><p>Old.</p></section>
</section></main>"""


def test_both_books_can_be_cited():
    cite = yaml.safe_load(about.CITATION.read_text("utf-8"))
    ours, theirs = map(about.bibtex, [cite, *cite["references"]])
    assert ours.startswith("@software{d2lmini20")
    assert "  author = {{The D2L Mini authors}}" in ours
    assert f"  version = {{{notebooks.tag()[1:]}}}" in ours
    assert theirs.startswith("@book{zhang2023,\n  title = {{Dive into Deep ")
    assert "Lipton, Zachary C. and\n    Li, Mu" in theirs
    assert theirs.endswith("  url = {https://d2l.ai}\n}")
    release = re.search(
        rf"^## {about.RELEASED.pattern}$",
        (ROOT / "CHANGELOG.md").read_text("utf-8"),
        re.M,
    )
    assert release[1] == cite["version"]
    assert release[2] == f"{cite['date-released']:%B %-d, %Y}"


@pytest.mark.parametrize("base", [BASE, ""])
def test_a_feed_lists_the_releases_of_a_book_with_an_address(base, tmp_path):
    (tmp_path / "CHANGELOG.html").write_text(CHANGES, "utf-8")
    (tmp_path / "feed.xml").write_text("of an earlier build", "utf-8")
    config = SimpleNamespace(html_baseurl=base, project="A <b>", author="We")
    builder = SimpleNamespace(name="html")
    about.write_feed(
        SimpleNamespace(builder=builder, outdir=tmp_path, config=config), None
    )
    if not base:
        assert not (tmp_path / "feed.xml").exists()
        return
    feed = ElementTree.parse(tmp_path / "feed.xml").getroot()
    assert feed.find(f"{ATOM}title").text == "A <b>: changes"
    assert feed.find(f"{ATOM}updated").text == "2026-11-03T00:00:00Z"
    new, old = feed.iter(f"{ATOM}entry")
    assert old.find(f"{ATOM}title").text == "Version 1.0.0"
    assert new.find(f"{ATOM}id").text == f"{BASE}CHANGELOG.html#v2"
    content = new.find(f"{ATOM}content").text
    assert '<a href="page.html">page</a> &amp; more.' in content
    assert "November" not in content


# Messages of pip, Python and PyTorch, which are not ours to change.
OTHERS = {
    "No module named 'torch'",
    "No module named 'lightning'",
    "ensurepip is not available",
    "No space left on device",
    "Address already in use",
}


def test_the_messages_that_are_explained_are_those_that_are_given():
    page = (ROOT / "run-it-yourself.md").read_text("utf-8")
    table = page.partition("| message |")[2].splitlines()[2:]
    messages = {row.split("`")[1] for row in table if row.startswith("| `")}
    assert len(messages) >= 15 and messages > OTHERS
    paths = [*(ROOT / "d2lmini").rglob("*.py"), ROOT / "tools/environment.py"]
    sources = [path.read_text("utf-8") for path in paths]
    for url in ("https://x", ""):
        cell = setup_cell.source("a/b", notebooks.archive(), url, "v1", "")
        sources.append(cell)
    said = "\n".join(
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    for message in messages - OTHERS:
        for part in re.split(r"v?[\d.]*\d", message):  # numbers are filled in
            assert part in said, message


def test_the_commands_are_those_of_the_readme():
    page = (ROOT / "run-it-yourself.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    (commands,) = re.findall(r"^make book .*\nmake test .*\n", readme, re.M)
    assert commands in page
    assert f"!unzip -q {notebooks.archive()}.zip\n" in page
