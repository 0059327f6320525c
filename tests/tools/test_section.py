"""The model of a page reads a notebook right; the tests of rules show more."""

import nbformat.v4 as nb
import section

TEXT = "# 9.9 New\n\n**Why\nnow?**\n\n## Idea\n\n" + "word " * 400
SOLUTIONS = "## Solutions\n\n### Solution 1\n\n" + "word " * 900


def test_a_page_is_read():
    setup = nb.new_code_cell("x\n" * 900, id="setup")
    text, solutions = map(nb.new_markdown_cell, (TEXT, SOLUTIONS))
    cells = [text, setup, nb.new_code_cell("x\n" * 40), solutions]
    path = section.ROOT / "chapters/02-preliminaries/04-new.ipynb"
    page = section.Section(path, nb.new_notebook(cells=cells))
    assert (page.number, page.title) == ("2.4", "9.9 New")
    assert page.question == "Why now?" and page.topics == ["Idea"]
    assert page.d2l["title"] == "Calculus" and page.solutions == ["1"]
    assert page.minutes_to_read == 4  # 400 words, 40 lines
