"""What the site says about a page is true of the notebook."""

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
