"""What the site says about a page is true of the notebook."""

import re

import comparison
import nbformat.v4 as nb
import pages
import section


def test_code_is_counted_without_words(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""One\n\ntwo."""\n\n# why\nx = """a\nb"""  # what\n')
    assert pages.code_lines(path) == 2


def compared(monkeypatch, number, source):
    """Let the book consist of one page, with a number that D2L may lack."""
    name = f"chapters/09-new/0{number[-1]}-new.ipynb"
    notebook = nb.new_notebook(
        cells=[nb.new_markdown_cell(source)],
        metadata={"d2lmini": {"seconds": 1.5}},
    )
    page = section.Section(section.ROOT / name, notebook)
    monkeypatch.setattr(section, "sections", lambda: [page])
    return f"[{number}]({name})"


def test_a_section_that_d2l_lacks_is_compared_with_a_dash(monkeypatch):
    text = "# 9.9 New\n\n## Idea\n\n## Exercises\n\n1. a\n2. b\n\n## Solutions"
    where = compared(monkeypatch, "9.9", text)
    row, total = comparison.numbers()[2:]
    dash, slash = comparison.DASH, comparison.SLASH
    assert row.startswith(f"| {where} | {dash}{slash}0 |")
    assert row.endswith(f"| {dash}{slash}0 | {dash}{slash}2 |")  # 1.5 s
    assert total.startswith(f"| all | 0{slash}0 |")
    assert comparison.topics()[2] == f"| {where} | {dash} | Idea |"
    (gap,) = comparison.gaps()
    assert "09-new.ipynb: no counts of D2L's 9.9" in gap


def test_a_page_without_exercises_is_named(monkeypatch):
    compared(monkeypatch, "9.9", "# 9.9 New\n\nText.")
    assert comparison.topics()[2].endswith(
        f"| {comparison.DASH} | {comparison.DASH} |"
    )
    assert [*comparison.gaps()][1].endswith("the page has no exercises")


def test_the_pages_of_the_book_have_no_gaps():
    assert [*comparison.gaps()] == []


def test_numbers_inside_boxes_stand_on_no_tint():
    """On a tint no color has the contrast to be read in both themes."""
    for page in section.everything():
        for cell in page.code:
            if ".text(" in cell.source and '"center"' in cell.source:
                tints = re.findall(r"alpha=|to_rgba\(", cell.source)
                assert tints == [], (page.name, cell.id)
