"""Each kind of fault that was once planted in a page is noticed, and named.

These are seen without running a page; test_compare.py has the others.
"""

import io
from base64 import b64encode
from copy import deepcopy
from functools import cache

import nbformat
import nbformat.v4 as v4
import notebooks
import pytest
import rules
from PIL import Image

PATH = next(p for p in notebooks.pages() if rules.section(p) == "3.4")
CREDIT = f"https://d2l.ai{rules.D2L['3.4']}"
EXERCISES = range(1, 6)


def text(source, id=None, **metadata):
    made = v4.new_markdown_cell(source, metadata=metadata)
    made.id = id or made.id
    return made


def cell(source, *outputs, tags=(), id=None, **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    made = v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)
    made.id = id or made.id
    return made


def printed(words):
    return v4.new_output("stream", name="stdout", text=words)


def draws(source, alt, color, **options):
    file = io.BytesIO()
    Image.new("RGB", (40, 20), color).save(file, "png")
    picture = v4.new_output(
        "display_data",
        data={"image/png": b64encode(file.getvalue()).decode()},
        metadata={"image/png": {"width": 20, "height": 10}},
    )
    return cell(source, picture, mystnb={"image": {"alt": alt}}, **options)


@cache
def written():
    """Return a page that keeps every rule."""
    badge, setup = notebooks.frame(PATH)
    notebook = v4.new_notebook()
    notebook.cells = [
        text(badge, "badge", tags=["remove-cell"]),
        text(
            f"# {rules.title(PATH)}\n\n**What is a sum?** After [section 3.4 "
            f"of *Dive into Deep Learning*]({CREDIT}), and after [3.1 Linear "
            "Regression](01-linear-regression.ipynb)."
        ),
        cell(setup, id="setup", tags=["remove-cell"]),
        text("## Sums\n\n`x.sum()` adds: [3.1](01-linear-regression.ipynb)."),
        cell("x = torch.tensor([1.0, 6.78])\nx.sum()", printed("7.78\n")),
        text("It is 7.78, as in 1986.", numbers={"1986": "the paper's year"}),
        cell(
            "x @ 'one'",
            v4.new_output("error", ename="E", evalue="e", traceback=["E: e"]),
            tags=["raises-exception"],
        ),
        text("## Pictures\n\nThe tangent touches the curve."),
        draws("d2l.plot(x, x)", "A curve, which a tangent touches.", "red"),
        text("The bars are houses."),
        draws(
            "\n".join(f"ax.bar({i}, x)" for i in range(7)),
            "Seven bars, one for each of the houses.",
            "blue",
            tags=["hide-input"],
        ),
        text("## Training\n\nThe last digits differ on your machine."),
        cell("def helper():\n    return x", tags=["hide-cell"]),
        cell("data = d2l.FashionMNIST()\nlen(data)", printed("3\n")),
        cell(
            "history = trainer.fit(model, data)\nprint(history[-1])",
            printed("accuracy 0.849\n"),
            tags=["nbval-ignore-output", "real-data"],
        ),
        cell("assert 0.83 < history[-1] < 0.90"),
        text("## Summary\n\n* One.\n* Two.\n* Three."),
        text("## Exercises\n\n" + "\n".join(f"{i}. Why?" for i in EXERCISES)),
        text("## Solutions", notebooks.FOLD),
    ]
    for i in EXERCISES:
        notebook.cells.append(text(f"### Solution {i}"))
        solved = cell("print('So.')", printed("So.\n"), tags=["hide-cell"])
        notebook.cells.append(solved)
    fold = {"id": notebooks.FOLD, "jp-MarkdownHeadingCollapsed": True}
    pick(notebook.cells, "## Solutions").metadata.update(fold)
    for i, each in enumerate(code(notebook.cells), 1):
        each.execution_count = i
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata = {
        "kernelspec": kernel,
        "language_info": {"name": "python"},
        "colab": {"collapsed_sections": [notebooks.FOLD]},
        "d2lmini": {"seal": rules.seal(notebook)},
    }
    return nbformat.from_dict(notebook)


def good():
    return deepcopy(written())


def code(cells):
    return [cell for cell in cells if cell.cell_type == "code"]


def pick(cells, words):
    """Return the first cell that contains a text."""
    return next(cell for cell in cells if words in cell.source)


def substitute(cells, old, new):
    cell = pick(cells, old)
    cell.source = cell.source.replace(old, new, 1)


def alternative(cell):
    return cell.metadata["mystnb"]["image"]


CURVE, BARS = "d2l.plot", "ax.bar"
FAULTS = []


def fault(words):
    """Register a function that spoils a page, and what must be said then."""

    def register(spoil):
        FAULTS.append(pytest.param(words, spoil, id=spoil.__name__))
        return spoil

    return register


# Stored outputs.


@fault("than its last run left")
def number_outside_its_band(cells):
    pick(cells, "history = ").outputs[0].text = "accuracy 0.491\n"


@fault("than its last run left")
def pictures_swapped(cells):
    a, b = pick(cells, CURVE), pick(cells, BARS)
    a.outputs, b.outputs = b.outputs, a.outputs


@fault("than its last run left")
def code_of_a_picture_changed(cells):
    substitute(cells, "plot(x, x)", "plot(x, 2 * x)")


@fault("than its last run left")
def html_added(cells):
    data = pick(cells, CURVE).outputs[0].data
    data["text/html"] = "<table></table>"


@fault("than its last run left")
def traceback_is_nonsense(cells):
    pick(cells, "x @").outputs[0].traceback = ["nonsense"]


@fault("than its last run left")
def half_of_a_check_deleted(cells):
    substitute(cells, " < 0.90", "")


@fault("than its last run left")
def output_deleted(cells):
    pick(code(cells), "x.sum()").outputs.clear()


@fault("ran as number None")
def cell_was_not_run(cells):
    code(cells)[1].execution_count = None


@fault("wrote to stderr")
def warning_stored(cells):
    code(cells)[1].outputs[0].name = "stderr"


@fault("ended in an error")
def error_without_its_tag(cells):
    del pick(cells, "x @").metadata["tags"]


@fault("raised nothing")
def tag_without_an_error(cells):
    code(cells)[1].metadata["tags"] = ["raises-exception"]


@fault("ends in `;`")
def semicolon(cells):
    code(cells)[1].source += ";"


@fault("is no plain Python")
def magic(cells):
    code(cells)[1].source = "%matplotlib inline"


@fault("calls `clear_output`")
def output_cleared(cells):
    code(cells)[1].source = "clear_output()"


# Tags.


@fault("is missing on the page")
def cell_of_the_lesson_removed(cells):
    code(cells)[1].metadata["tags"] = ["remove-cell"]


@fault("is missing on the page")
def text_of_the_lesson_removed(cells):
    pick(cells, "## Summary").metadata["tags"] = ["remove-cell"]


@fault("take its tag hide-input away")
def short_drawing_folded(cells):
    pick(cells, CURVE).metadata["tags"] = ["hide-input"]


@fault("take its tag hide-input away")
def lesson_folded(cells):
    code(cells)[1].metadata["tags"] = ["hide-input"]


@fault("take its tag hide-cell away")
def lesson_hidden(cells):
    code(cells)[1].metadata["tags"] = ["hide-cell"]


@fault("take its tag hide-cell away")
def taught_class_hidden(cells):
    substitute(cells, "def helper():\n    return x", "class SGD:\n    pass")


@fault("fold it with the tag hide-cell")
def solution_unfolded(cells):
    del cells[-1].metadata["tags"]


@fault("shows nothing of the images")
def real_data_without_images(cells):
    pick(code(cells), "x.sum()").metadata["tags"] = ["real-data"]


@fault("shows nothing of the images")
def real_data_without_an_output(cells):
    pick(cells, "len(data)").metadata["tags"] = ["real-data"]
    pick(cells, "len(data)").outputs.clear()


@fault("take nbval-ignore-output away")
def ignored_but_the_same_everywhere(cells):
    code(cells)[1].metadata["tags"] = ["nbval-ignore-output"]


@fault("unknown tags")
def misspelt_tag(cells):
    code(cells)[1].metadata["tags"] = ["raises-exeption"]


@fault("is text, and needs no tag")
def tag_on_text(cells):
    pick(cells, "## Summary").metadata["tags"] = ["hide-cell"]


@fault("assert below within what bounds")
def check_deleted(cells):
    cells.remove(pick(cells, "assert 0.83"))


@fault("assert below within what bounds")
def check_of_something_else(cells):
    pick(cells, "assert 0.83").source = "assert x.shape, 'assert history'"


@fault("let its section say above")
def ignored_without_a_reason(cells):
    substitute(cells, "The last digits differ on your machine", "We train it")


# Pictures.


@fault("has the alternative text of cell")
def alternative_text_of_another(cells):
    alternative(pick(cells, CURVE))["alt"] = alternative(pick(cells, BARS))[
        "alt"
    ]


@fault("could exchange its alternative text with cell")
def alternative_texts_swapped(cells):
    a, b = alternative(pick(cells, CURVE)), alternative(pick(cells, BARS))
    a["alt"], b["alt"] = b["alt"], a["alt"]


@fault("has no alternative text")
def alternative_text_deleted(cells):
    del pick(cells, CURVE).metadata["mystnb"]


@fault("run it again")
def picture_three_times_its_size(cells):
    size = pick(cells, CURVE).outputs[0].metadata["image/png"]
    size |= {side: 3 * points for side, points in size.items()}


@fault("sets more than `alt`")
def picture_scaled_by_the_page(cells):
    alternative(pick(cells, CURVE))["width"] = "300%"


@fault("shows an SVG")
def svg(cells):
    pick(cells, CURVE).outputs[0].data["image/svg+xml"] = "<svg/>"


@fault("bytes; draw less")
def heavy_picture(cells):
    pick(cells, CURVE).outputs[0].data["image/png"] += "AAAA" * 10_001


@fault("has no picture")
def pictures_deleted(cells):
    for name in (CURVE, BARS):
        cells.remove(pick(cells, name))


# Text.


@fault("divides the section 'Sums' into one part")
def section_becomes_a_part(cells):
    substitute(cells, "## Pictures", "### Pictures")


@fault("below no section")
def first_section_becomes_a_part(cells):
    substitute(cells, "## Sums", "### Sums")


@fault("of level 4")
def level_is_skipped(cells):
    substitute(cells, "## Pictures", "#### Pictures")


@fault("must end in the sections")
def summary_lost(cells):
    substitute(cells, "## Summary", "### Summary")


@fault("has 1 items in its summary")
def summary_cut(cells):
    substitute(cells, "\n* Two.\n* Three.", "")


@fault("must be the only one with a heading")
def heading_of_another_page(cells):
    substitute(cells, "# 3.4", "# 3.3")


@fault("must ask in bold")
def question_lost(cells):
    substitute(cells, "**What is a sum?**", "Sums.")


@fault("among the solutions")
def solution_renamed(cells):
    substitute(cells, "### Solution 2", "### Answer 2")


@fault("of its exercises")
def solution_lost(cells):
    substitute(cells, "### Solution 2", "And this:")


@fault("numbers its exercises")
def exercise_lost(cells):
    substitute(cells, "2. Why?\n", "")


@fault("shows and asserts nothing in Solution 5")
def solution_gutted(cells):
    cells[-1].source, cells[-1].outputs = "'assert'", []


@fault("contains HTML")
def html(cells):
    cells[-2].source += "\n<b>bold</b>"


@fault("contains a directive")
def directive(cells):
    cells[-2].source += "\n```{note}\ntext\n```"


@fault("contains a role")
def role(cells):
    cells[-2].source += "\n{math}`x`"


@fault("must link to [section 3.4")
def credit_to_another_section(cells):
    substitute(cells, CREDIT, f"https://d2l.ai{rules.D2L['3.5']}")


@fault("links [3.7] to another section")
def link_to_another_section(cells):
    cells[-2].source += f"\n[3.7](https://d2l.ai{rules.D2L['3.6']})"


@fault("links [D2L's loop] to another section")
def link_to_a_section_without_its_number(cells):
    cells[-2].source += f"\n[D2L's loop](https://d2l.ai{rules.D2L['3.5']})"


@fault("links [3.1] to '3.2 Object")
def link_to_another_page(cells):
    substitute(
        cells,
        "[3.1](01-linear-regression.ipynb)",
        "[3.1](02-object-oriented-design.ipynb)",
    )


@fault("links [3.1 Linear Regression] to '3.2 Object")
def link_with_a_title_to_another_page(cells):
    title = "[3.1 Linear Regression]"
    page = "(02-object-oriented-design.ipynb)"
    cells[-2].source += f"\n{title}{page}"


@fault("which is not there")
def dead_link(cells):
    substitute(cells, "(01-linear-regression.ipynb)", "(01-linear.ipynb)")


@fault("which is no Python")
def code_in_prose_does_not_parse(cells):
    substitute(cells, "`x.sum()`", "`x.sum(`")


@fault("summ is not on this page")
def code_in_prose_names_nothing(cells):
    substitute(cells, "`x.sum()`", "`x.summ()`")


# Numbers.


@fault("states 7.73, which no cell")
def number_in_prose_changed(cells):
    substitute(cells, "It is 7.78", "It is 7.73")


@fault("declares 7.73")
def false_number_declared(cells):
    cell = pick(cells, "It is 7.78")
    cell.source = cell.source.replace("7.78", "7.73")
    cell.metadata["numbers"]["7.73"] = "measured some day"


@fault("a cell prints it")
def printed_number_declared(cells):
    pick(cells, "It is 7.78").metadata["numbers"]["7.78"] = "a true sum"


@fault("say where it is from")
def number_without_a_source(cells):
    pick(cells, "It is 7.78").metadata["numbers"] = ["1986"]


@fault("say where it is from")
def number_with_an_empty_source(cells):
    pick(cells, "It is 7.78").metadata["numbers"] = {"1986": ""}


@fault("but does not state it")
def number_declared_but_not_stated(cells):
    pick(cells, "It is 7.78").metadata["numbers"]["1987"] = "the next year"


# The file.


@fault("is not the setup cell as stamped")
def set_up_changed(cells):
    pick(cells, "REPOSITORY, RELEASE").source += "\nimport os"


@fault("is not the badge cell as stamped")
def badge_of_another_page(cells):
    substitute(cells, "04-linear-regression", "01-linear-regression")


@fault("has other tags than as stamped")
def set_up_shown(cells):
    pick(cells, "REPOSITORY, RELEASE").metadata["tags"] = []


@fault("does not fold the solutions")
def fold_lost(cells):
    del pick(cells, "## Solutions").metadata["jp-MarkdownHeadingCollapsed"]


@fault("must be `## Solutions` and nothing else")
def fold_hides_text(cells):
    pick(cells, "## Solutions").source += "\n\nHere they are."


@fault("contains the path")
def path_of_this_machine(cells):
    cells[-1].outputs[0].text = str(rules.ROOT)


@fault("lines, more than 20")
def long_cell(cells):
    code(cells)[1].source += "\nx = 1" * 21


@fault("words, more than 180")
def long_text(cells):
    cells[-2].source += " word" * 181


@fault("more than 80")
def long_page(cells):
    cells += [text("More.") for _ in range(80)]


@fault("more than 300,000")
def heavy_page(cells):
    cells[-1].outputs[0].text = "a" * 300_000


@fault("is neither text nor code")
def raw_cell(cells):
    cells.append(v4.new_raw_cell("raw"))


def test_a_page_that_keeps_every_rule_passes():
    assert rules.problems(PATH, good()) == []


@pytest.mark.parametrize("words, spoil", FAULTS)
def test_fault_is_noticed(words, spoil):
    notebook = good()
    spoil(notebook.cells)
    found = rules.problems(PATH, notebook)
    assert any(words in problem for problem in found), found


@pytest.mark.parametrize(
    "words, change",
    [
        ("choose Python 3", {"kernelspec": {"name": "conda-root"}}),
        ("does not fold the solutions", {"colab": {}}),
        ("is no valid notebook", {"authors": "none"}),
    ],
)
def test_fault_of_the_file_is_noticed(words, change):
    notebook = good()
    notebook.metadata.update(change)
    found = rules.problems(PATH, notebook)
    assert any(words in problem for problem in found), found


def test_comments_need_no_new_run():
    notebook = good()
    code(notebook.cells)[1].source += "  # a comment"
    assert rules.problems(PATH, notebook) == []


def test_no_rule_is_without_a_fault():
    """Each rule is the reason why some fault above is noticed."""
    needed = set()
    for param in FAULTS:
        notebook = good()
        param.values[1](notebook.cells)
        page = rules.Page(PATH, notebook)
        needed |= {check for check in rules.RULES if list(check(page))}
    assert not {c.__name__ for c in rules.RULES} - {c.__name__ for c in needed}


def test_problems_are_printed(monkeypatch, capsys):
    monkeypatch.setattr(rules, "RULES", [lambda page: [(None, "is bad")]])
    assert rules.main(PATH) is True
    where = PATH.relative_to(rules.ROOT).as_posix()
    assert capsys.readouterr().out == f"{where}: is bad\n"
    monkeypatch.setattr(rules, "RULES", [])
    assert rules.main(PATH) is False
