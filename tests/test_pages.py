"""What the site says about a page is true of the notebook."""

import re

import comparison
import nbformat
import nbformat.v4 as nb
import pages
import pytest


def code(source="1", count=1, fails=False, tags=()):
    error = nb.new_output("error", ename="E", evalue="", traceback=[])
    return nb.new_code_cell(
        source,
        execution_count=count,
        outputs=[error] if fails else [],
        metadata={"tags": list(tags)},
    )


@pytest.mark.parametrize(
    "cells, expected",
    [
        ([code(), nb.new_markdown_cell("text"), code(count=2)], True),
        ([code(fails=True, tags=["raises-exception"])], True),
        ([code(fails=True)], False),
        ([code(tags=["raises-exception"])], False),
        ([code(), code(count=None)], False),
        ([code(count=2), code(count=1)], False),
        ([code(count=7)], False),
    ],
)
def test_a_page_has_passed_if_all_of_it_ran_and_nothing_failed(cells, expected):
    assert pages.passed(cells) == expected


def test_reading_time_counts_words_and_lines_but_no_solutions():
    text, cell = nb.new_markdown_cell("one two " * 200), code("x = 1\n" * 40)
    solutions = nb.new_markdown_cell("## Solutions")
    hidden = code("y\n" * 1000, tags=["remove-cell"])
    assert pages.minutes_to_read([text]) == 2
    assert pages.minutes_to_read([text, cell, hidden]) == 4
    assert pages.minutes_to_read([text, solutions, cell, text]) == 2


def test_code_is_counted_without_words(tmp_path):
    path = tmp_path / "module.py"
    path.write_text('"""One\n\ntwo."""\n\n# why\nx = """a\nb"""  # what\n')
    assert pages.code_lines(path) == 2


def compared(monkeypatch, source):
    """Return what the comparison makes of one page, which D2L lacks."""
    path = comparison.ROOT / "chapters" / "02-preliminaries" / "04-new.ipynb"
    notebook = nb.new_notebook(
        cells=[nb.new_markdown_cell(source)],
        metadata={"d2lmini": {"seconds": 1.5}},
    )
    monkeypatch.setattr(comparison.nbformat, "read", lambda *_, **__: notebook)
    counts = comparison.count(path)
    monkeypatch.setattr(comparison, "pages", lambda: {"9.9": (path, counts)})
    return counts


def test_a_section_that_d2l_lacks_is_compared_with_a_dash(monkeypatch):
    text = "# 9.9 New\n\n## Idea\n\n## Exercises\n\n1. a\n1. b\n\n## Solutions"
    assert compared(monkeypatch, text)["exercises"] == 2
    where = "[9.9](chapters/02-preliminaries/04-new.ipynb)"
    row, total = comparison.numbers()[2:]
    dash, slash = comparison.DASH, comparison.SLASH
    assert row.startswith(f"| {where} | {dash}{slash}0 |")
    assert row.endswith(f"| {dash}{slash}0 | {dash}{slash}2 |")  # 1.5 s
    assert total.startswith(f"| all | 0{slash}0 |")
    assert comparison.topics()[2] == f"| {where} | {dash} | Idea |"
    (gap,) = comparison.gaps()
    assert "04-new.ipynb: D2L has no section 9.9" in gap


def test_a_page_without_exercises_is_named(monkeypatch):
    assert compared(monkeypatch, "# 9.9 New\n\nText.")["exercises"] == 0
    assert comparison.topics()[2].endswith(
        f"| {comparison.DASH} | {comparison.DASH} |"
    )
    assert [*comparison.gaps()][1].endswith("the page has no exercises")


def test_the_pages_of_the_book_have_no_gaps():
    assert [*comparison.gaps()] == []


def test_numbers_inside_boxes_stand_on_no_tint():
    """On a tint no color has the contrast to be read in both themes."""
    for path in pages.notebooks.everything():
        for cell in nbformat.read(path, as_version=4).cells:
            inside = ".text(" in cell.source and '"center"' in cell.source
            if cell.cell_type == "code" and inside:
                tints = re.findall(r"alpha=|to_rgba\(", cell.source)
                assert tints == [], (path.name, cell.id)
