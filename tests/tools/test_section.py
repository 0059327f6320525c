"""The model of a page reads a notebook right."""

import nbformat.v4 as nb
import section

TEXT = """# 9.9 New

**Why
now?**

## Idea

## Exercises

1. a
2. b"""
SOLUTIONS = "## Solutions\n\n### Solution 1\n\n" + "word " * 900


def page(*cells, name="chapters/02-preliminaries/04-new.ipynb", **metadata):
    notebook = nb.new_notebook(cells=list(cells), metadata=metadata)
    return section.Section(section.ROOT / name, notebook)


def test_a_page_is_read():
    text, code = nb.new_markdown_cell(TEXT), nb.new_code_cell("x\n" * 40)
    setup = nb.new_code_cell("x\n" * 900, id="setup")
    words, solutions = map(nb.new_markdown_cell, ("word " * 400, SOLUTIONS))
    new = page(text, setup, code, words, solutions, d2lmini={"seconds": 1.5})
    assert (new.number, new.id) == ("2.4", "2.4")
    assert new.heading == "9.9 New" == new.title  # it is not its number
    assert new.question == "Why now?" and new.topics == ["Idea"]
    assert new.exercises == ["1", "2"] and new.solutions == ["1"]
    assert new.run["seconds"] == 1.5 and new.d2l["title"] == "Calculus"
    assert new.lesson == [text, code, words] and new.code == [code]
    assert new.all_code == [setup, code]
    assert new.minutes_to_read == 4  # 400 words, 40 lines


def test_an_optional_page_has_no_number():
    extra = page(name="extras/more.ipynb")
    assert (extra.number, extra.id, extra.d2l) == (None, "more", {})
    assert extra.heading == extra.question == ""
