"""What the site says about a page is true of the notebook."""

import re
from types import SimpleNamespace

import comparison
import linkcheck
import nbformat.v4 as nb
import pages
import pytest
import section


def test_code_is_counted_without_words(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""One\n\ntwo."""\n\n# why\nx = """a\nb"""  # what\n')
    assert pages.code_lines(path) == 2


@pytest.fixture
def book(monkeypatch):
    """Let the book consist of one page, with a number that D2L lacks."""

    def begin(source):
        cells = [nb.new_markdown_cell(source)]
        run = {"d2lmini": {"seconds": 1.5}}
        notebook = nb.new_notebook(cells=cells, metadata=run)
        path = section.ROOT / "chapters" / "09-new" / "09-new.ipynb"
        page = section.Section(path, notebook)
        monkeypatch.setattr(section, "sections", lambda: [page])

    return begin


def test_a_section_that_d2l_lacks_is_compared_with_a_dash(book):
    book("# 9.9 New\n\n## Idea\n\n## Exercises\n\n1. a\n2. b\n\n## Solutions")
    row, total = comparison.numbers()[2:]
    dash, slash = comparison.DASH, comparison.SLASH
    assert f"| {dash}{slash}0 |" in row
    assert row.endswith(f"| {dash}{slash}0 | {dash}{slash}2 |")  # 1.5 s
    assert total.startswith(f"| all | 0{slash}0 |")
    assert comparison.topics()[2].endswith(f"| {dash} | Idea |")
    (gap,) = comparison.gaps()
    assert "9.9 in d2l.yml" in gap


def test_a_page_without_exercises_is_named(book):
    book("# 9.9 New\n\nText.")
    assert comparison.topics()[2].count(comparison.DASH) == 2
    assert [*comparison.gaps()][1].endswith("the page has no exercises")


def test_the_pages_of_the_book_have_no_gaps():
    assert [*comparison.gaps()] == []


def test_what_a_reader_can_do_needs_a_repository(monkeypatch):
    page = section.sections()[0]
    monkeypatch.setattr(pages.notebooks, "site", lambda: ("", "main", "v1"))
    assert pages.actions(page) == {}
    url = "https://github.com/someone/book"
    monkeypatch.setattr(pages.notebooks, "site", lambda: (url, "main", "v1"))
    assert pages.actions(page)["Edit"] == f"{url}/edit/main/{page.name}"


def test_links_of_theme_and_readme_are_followed(tmp_path):
    built = tmp_path / "_build" / "html" / "index.html"
    built.parent.mkdir(parents=True)
    built.write_text('<a href="https://a.org/x">A</a> <a href="b.html">B</a>')
    (tmp_path / "README.md").write_text("[C](https://c.org) <https://d.org>")
    builder = SimpleNamespace(name="linkcheck", hyperlinks={})
    linkcheck.add(SimpleNamespace(builder=builder, srcdir=tmp_path), None)
    assert set(builder.hyperlinks) == {
        "https://a.org/x",
        "https://c.org",
        "https://d.org",
    }


def test_numbers_inside_boxes_stand_on_no_tint():
    """On a tint no color has the contrast to be read in both themes."""
    for page in section.everything():
        for cell in page.code:
            if ".text(" in cell.source and '"center"' in cell.source:
                tints = re.findall(r"alpha=|to_rgba\(", cell.source)
                assert tints == [], (page.name, cell.id)
