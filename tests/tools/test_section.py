"""The model of a page reads a notebook right."""

import nbformat.v4 as nb
import pytest
import section


def page(*cells, name="chapters/02-preliminaries/04-new.ipynb", **metadata):
    notebook = nb.new_notebook(cells=list(cells), metadata=metadata)
    return section.Section(section.ROOT / name, notebook)


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
    assert page(*cells).passed == expected


def test_reading_time_counts_words_and_lines_but_no_solutions():
    text, again = (nb.new_markdown_cell("one two " * 200) for _ in range(2))
    lines, solutions = (
        code("x = 1\n" * 40),
        nb.new_markdown_cell("## Solutions"),
    )
    hidden = code("y\n" * 1000, tags=["remove-cell"])
    assert page(text).minutes_to_read == 2
    assert page(text, lines, hidden).minutes_to_read == 4
    assert page(text, solutions, lines, again).minutes_to_read == 2


TEXT = """# 9.9 New

**Why
now?**

## Idea

## Exercises

1. a
2. b

## Solutions

### Solution 1
"""


def test_a_page_is_read():
    new = page(nb.new_markdown_cell(TEXT), d2lmini={"seconds": 1.5})
    assert (new.number, new.id) == ("2.4", "2.4")
    assert new.heading == "9.9 New" == new.title  # it is not its number
    assert new.question == "Why now?"
    assert new.topics == ["Idea"]
    assert new.exercises == ["1", "2"] and new.solutions == ["1"]
    assert new.run["seconds"] == 1.5
    assert new.d2l["title"] == "Calculus"
    extra = page(name="extras/more.ipynb")
    assert (extra.number, extra.id, extra.d2l) == (None, "more", {})
    assert extra.heading == extra.question == ""


def test_a_page_is_read_again_if_it_has_changed(tmp_path):
    path = tmp_path / "page.ipynb"
    for heading in ("One", "Another"):
        cells = [nb.new_markdown_cell(f"# {heading}")]
        section.nbformat.write(nb.new_notebook(cells=cells), path)
        assert section.read(path).heading == heading
        assert section.read(path) is section.read(path)
