"""What the site says about a page is true of the notebook."""

import re
from types import SimpleNamespace

import comparison
import linkcheck
import pages
import repository
import section


def test_code_is_counted_without_words(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""One\n\ntwo."""\n\n# why\nx = """a\nb"""  # what\n')
    assert pages.code_lines(path) == 2


def test_the_taught_modules_are_as_small_as_the_readme_says():
    readme = (section.ROOT / "README.md").read_text("utf-8")
    (bound,) = re.findall(r"fewer than (\d+) lines of code", readme)
    taught = re.findall(r"^\| \[.*\]\((d2lmini/\w+\.py)\)", readme, re.M)
    number = sum(pages.code_lines(section.ROOT / name) for name in taught)
    assert len(taught) == 5 and number < int(bound)


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
    colab = "https://colab.research.google.com/github/someone/book/blob/main"
    assert set(pages.actions(page).values()) >= {
        f"{colab}/{page.name}",
        f"{url}/blob/main/{page.name}",
        f"{url}/issues/new?title=2.1%20Data%20Manipulation%3A%20",
    }


def test_links_of_theme_and_readme_are_followed(tmp_path):
    built = tmp_path / "_build" / "html" / "index.html"
    built.parent.mkdir(parents=True)
    built.write_text('<a href="https://a.org/?x&amp;y">A</a> <a href="b.html">')
    (tmp_path / "README.md").write_text("[C](https://c.org) <https://d.org>")
    builder = SimpleNamespace(name="linkcheck", hyperlinks={})
    linkcheck.add(SimpleNamespace(builder=builder, srcdir=tmp_path), None)
    found = " ".join(builder.hyperlinks)
    assert found == "https://a.org/?x&y https://c.org https://d.org"
