"""What the site says is true of the notebooks, the package and the release."""

import ast
import re
from types import SimpleNamespace

import comparison
import linkcheck
import pages
import repository
import section
import yaml

ROOT = section.ROOT


def test_code_is_counted_without_words(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""One\n\ntwo."""\n\n# why\nx = """a\nb"""  # what\n')
    assert pages.code_lines(path) == 2


def test_the_taught_modules_are_as_small_as_the_readme_says():
    readme = (ROOT / "README.md").read_text("utf-8")
    (bound,) = re.findall(r"fewer than (\d+) lines of code", readme)
    taught = re.findall(r"^\| \[.*\]\((d2lmini/\w+\.py)\)", readme, re.M)
    assert (
        0 < sum(pages.code_lines(ROOT / name) for name in taught) < int(bound)
    )


def test_a_section_that_d2l_lacks_is_compared_with_a_dash(monkeypatch):
    monkeypatch.setattr(section, "d2l", lambda: {"sections": {}})
    dash = comparison.DASH
    rows = comparison.numbers()[2:-1], comparison.topics()[2:]
    for page, numbers, topics in zip(section.sections(), *rows, strict=True):
        cells = f"{dash}{comparison.SLASH}{len(page.code)}"
        assert f"({page.name}) | {cells} |" in numbers
        assert f"| {dash} | {page.topics[0]}" in topics


def test_what_a_reader_can_do_needs_a_repository(monkeypatch):
    page = section.sections()[0]
    monkeypatch.setattr(repository, "site", lambda: ("", "main"))
    assert pages.actions(page) == {}
    url = "https://github.com/someone/book"
    monkeypatch.setattr(repository, "site", lambda: (url, "main"))
    links = pages.actions(page).values()
    assert len(links) == 4 and all("someone/book" in link for link in links)
    assert f"{url}/blob/main/{page.name}" in links
    assert f"{url}/issues/new?title=2.1%20Data%20Manipulation%3A%20" in links


def test_links_of_theme_and_readme_are_followed(tmp_path):
    built = tmp_path / "_build" / "html" / "index.html"
    built.parent.mkdir(parents=True)
    built.write_text('<a href="https://a.org/?x&amp;y">A</a> <a href="b.html">')
    (tmp_path / "README.md").write_text("[C](https://c.org) <https://d.org>")
    builder = SimpleNamespace(name="linkcheck", hyperlinks={})
    linkcheck.add(SimpleNamespace(builder=builder, srcdir=tmp_path), None)
    found = " ".join(builder.hyperlinks)
    assert found == "https://a.org/?x&y https://c.org https://d.org"


def test_the_book_is_cited_as_it_was_released(small):
    cited = yaml.safe_load(pages.CITATION.read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.search(r"^## ([\d.]+), (.*)", changelog, re.M)
    assert cited["version"] == released[1] == repository.version()
    assert str(cited["date-released"]) == released[2]
    entries = small.pages["names"].select_one(".copied pre").get_text()
    assert f"\n  version = {{{released[1]}}}" in entries
    assert entries.endswith("}\n\n@book{another}\n")


def said():
    """Return all texts that the package and the tools can show."""
    yield (ROOT / "Makefile").read_text("utf-8")
    package = (ROOT / "d2lmini").rglob("*.py")
    for path in (*package, ROOT / "tools" / "setup_cell.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield str(getattr(node, "value", ""))


# Messages of pip, Python and PyTorch, which are not ours to change.
OTHERS = {
    *("No module named 'torch'", "No module named 'lightning'"),
    *("ensurepip is not available", "No space left on device"),
    "Address already in use",
}


def test_the_messages_that_are_explained_are_those_that_are_given():
    page = (ROOT / "run-it-yourself.md").read_text("utf-8")
    table = page.partition("| message |")[2]
    messages = {*re.findall(r"^\| `(.*?)`", table, re.M)}
    assert messages > OTHERS
    texts = "\n".join(said())
    for message in messages - OTHERS:
        for part in re.split(r"v?[\d.]*\d", message):  # numbers are filled in
            assert part in texts, message
