"""Each kind of fault that was once planted in a page is noticed, and named.

These are seen without running a page; test_compare.py has the others.
"""

import io
from base64 import b64encode
from copy import deepcopy
from functools import cache, partial

import nbformat
import nbformat.v4 as v4
import notebooks
import pytest
import rules
import section
import stamping
from PIL import Image

PATH = next(s.path for s in section.sections() if s.number == "3.4")
CREDIT = section.d2l_link("3.4")
EXERCISES = range(1, 6)
SUMMARY = """## Summary

* A sum adds up to a number.
* Two sums need twice the time.
* Three sums are enough here."""


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
    badge, setup = stamping.frame(PATH)
    notebook = v4.new_notebook()
    notebook.cells = [
        text(badge, "badge", tags=["remove-cell"]),
        text(
            f"# 3.4 Sums by Hand\n\n**What is a sum?** After [section 3.4 "
            f"of *Dive into Deep Learning*]({CREDIT}), and after [3.1 Linear "
            "Regression](01-linear-regression.ipynb)."
        ),
        cell(setup, id="setup", tags=["remove-cell"]),
        text(
            "## Sums\n\n`x.sum()` adds, as in [3.1](01-linear-regression.ipynb)."
            "\n\nWhat will it print?"
        ),
        cell(
            "x = torch.tensor([1.0, 6.78])\nx.sum()",
            printed("7.78\n"),
            tags=["predict"],
            jupyter=stamping.HIDDEN,
        ),
        text("It is 7.78, as in 1986.", numbers={"1986": "the paper's year"}),
        cell(
            "x @ 'one'",
            v4.new_output("error", ename="E", evalue="e", traceback=["E: e"]),
            tags=["raises-exception"],
        ),
        text("## Pictures\n\nThe tangent touches the curve."),
        draws("d2l.plot(x, x)", "A curve that a tangent touches. " * 3, "red"),
        text("The bars are houses."),
        draws(
            "\n".join(f"ax.bar({i}, x)" for i in range(7)),
            "Seven bars, one for each of the houses. " * 3,
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
        text(SUMMARY),
        text(
            "## Exercises\n\n"
            + "\n".join(f"{i}. Why does sum {i} come out?" for i in EXERCISES)
        ),
        text("## Solutions", stamping.FOLD),
    ]
    for i in EXERCISES:
        notebook.cells.append(text(f"### Solution {i}"))
        solved = cell("print('So.')", printed("So.\n"), tags=["hide-cell"])
        notebook.cells.append(solved)
    fold = {"id": stamping.FOLD, "jp-MarkdownHeadingCollapsed": True}
    pick(notebook.cells, "## Solutions").metadata.update(fold)
    for i, each in enumerate(code(notebook.cells), 1):
        each.execution_count = i
    notebook.metadata = {
        "kernelspec": stamping.KERNEL_OF_ALL,
        "language_info": {"name": "python"},
        "colab": {"collapsed_sections": [stamping.FOLD]},
        "fault": {"x.sum()": "x.mean()"},
        "d2lmini": {"seal": notebooks.seal(notebook)},
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


def set_metadata(cells, words, new):
    pick(cells, words).metadata.update(new)


CURVE, BARS, SUM = "d2l.plot", "ax.bar", "x = torch"
PAGE = "(01-linear-regression.ipynb)"
OTHER = "(02-object-oriented-design.ipynb)"

# Texts of cells: what must be said, the text, and the fault that replaces it.
TEXTS = [
    ("than its last run left", "plot(x, x)", "plot(x, 2 * x)"),
    ("than its last run left", " < 0.90", ""),  # half of the check
    ("ends in `;`", "len(data)", "len(data);"),
    ("is no plain Python", "x = torch", "%time x = torch"),
    ("calls `clear_output`", "x = torch", "clear_output()\nx = torch"),
    ("take hide-cell away", "def helper():", "class Helper:"),
    ("folds helper, which no picture uses", "len(data)", "helper(data)"),
    ("assert below", "assert 0.83 < history[-1]", "assert 'history' and x"),
    ("the page say above", "digits differ on your machine", "part"),
    ("divides the section 'Sums'", "## Pictures", "### Pictures"),
    ("below no section", "## Sums", "### Sums"),
    ("of level 4", "## Pictures", "#### Pictures"),
    ("must end in the sections", "## Summary", "### Summary"),
    ("2 items in its summary", "\n* Two sums need twice the time.", ""),
    ("says nothing new", "2. Why does sum 2", "2. Why does sum 1"),
    ("says nothing new", "2. Why does sum 2 come out", "2. Why"),
    ("is empty", "The bars are houses.", ""),
    ("than its last run left", "## Pictures", "## Drawings"),
    ("the only heading", "# 3.4", "# 3.3"),
    ("must ask in bold", "**What is a sum?**", "Sums."),
    ("among the solutions", "### Solution 2", "### Answer 2"),
    ("of its exercises", "### Solution 2", "And this:"),
    ("numbers its exercises", "2. Why does sum 2 come out?\n", ""),
    ("contains HTML", "## Sums", "## Sums\n\n<b>bold</b>"),
    ("contains a directive", "## Sums", "## Sums\n\n```{note}\n```"),
    ("contains a role", "## Sums", "## Sums\n\n{math}`x`"),
    ("contains HTML", "## Sums", "<!-- ## Sums\n\n-->"),
    ("contains a comment", "## Sums", "## Sums\n\n% not shown"),
    ("contains a picture", "## Sums", "## Sums\n\n![](x.png)"),
    ("contains a reference", "## Sums", "## Sums\n\n[3.1]: x"),
    ("links to a part", PAGE, "(#sums)"),
    ("links to a part", PAGE, "(01-linear-regression.ipynb#x)"),
    ("must link to [section 3.4", CREDIT, section.d2l_link("3.5")),
    ("links [3.1] to '3.2", f"[3.1]{PAGE}", f"[3.1]{OTHER}"),
    ("links [3.1 Linear", f"Regression]{PAGE}", f"Regression]{OTHER}"),
    ("which is not there", PAGE, "(01-linear.ipynb)"),
    ("[3.7] to another", PAGE, f"{PAGE} [3.7]({section.d2l_link('3.6')})"),
    (
        "[Its loop] to another",
        PAGE,
        f"{PAGE} [Its loop]({section.d2l_link('3.5')})",
    ),
    ("ask for it", "What will it print?", "It prints the sum."),
    ("which is no Python", "`x.sum()`", "`x.sum(`"),
    ("no code has ['summ']", "`x.sum()`", "`x.summ()`"),
    ("states 7.73, which", "It is 7.78", "It is 7.73"),
    ("is not the setup cell", "import sys", "import sys, math"),
    ("and nothing else", "## Solutions", "## Solutions\n\nHere they are."),
    ("lines, more than 20", "x = torch", "x = 1\n" * 20 + "x = torch"),
    ("words, more than 180", "## Sums", "## Sums\n\n" + "word " * 180),
]
# Metadata: what must be said, a text of the cell, and what is set instead.
METADATA = [
    ("ended in an error", "x @", {"tags": []}),
    ("raised nothing", SUM, {"tags": ["raises-exception"]}),
    ("is missing on the page", SUM, {"tags": ["remove-cell"]}),
    ("is missing on the page", "## Summary", {"tags": ["remove-cell"]}),
    ("take hide-input away", CURVE, {"tags": ["hide-input"]}),
    ("take hide-input away", SUM, {"tags": ["hide-input"]}),
    ("take hide-cell away", SUM, {"tags": ["hide-cell"]}),
    ("tag hide-cell", "print('So.')", {"tags": []}),
    ("nothing that is to be folded", "assert 0", {"tags": ["predict"]}),
    ("nothing that is to be folded", "So.", {"tags": ["predict", "hide-cell"]}),
    ("take real-data away", SUM, {"tags": ["real-data"]}),
    ("take nbval-ignore", SUM, {"tags": ["nbval-ignore-output"]}),
    ("unknown tags", SUM, {"tags": ["raises-exeption"]}),
    ("needs no tag", "## Summary", {"tags": ["hide-cell"]}),
    ("says not what it shows", CURVE, {"mystnb": {}}),
    ("metadata ['width']", CURVE, {"mystnb": {"image": {"width": "300%"}}}),
    ("metadata ['jupyter']", SUM, {"jupyter": {"source_hidden": True}}),
    ("metadata ['remove_code']", SUM, {"mystnb": {"remove_code": True}}),
    ("metadata ['jp-", "## Sums", {"jp-MarkdownHeadingCollapsed": True}),
    ("no such `within`", SUM, {"within": 20}),
    ("no such `within`", "history = ", {"within": 1000}),
    ("delete `picture`", CURVE, {"picture": "size"}),
    ("a cell prints it", "It is", {"numbers": {"7.78": "a true sum"}}),
    ("let a cell print it", "It is", {"numbers": {"19.86": "some paper"}}),
    ("say where it is from", "It is", {"numbers": ["1986"]}),
    ("say where it is from", "It is", {"numbers": {"1986": ""}}),
    ("does not state it", "It is", {"numbers": {"1987": "the next year"}}),
    ("other tags than as stamped", "FOLDER = ", {"tags": []}),
    ("fold the solutions", "## Solutions", {"jp-MarkdownHeadingCollapsed": 0}),
]
FAULTS = [
    pytest.param(words, partial(substitute, old=old, new=new), id=new[:30])
    for words, old, new in TEXTS
]
FAULTS += [
    pytest.param(words, partial(set_metadata, words=cell, new=new), id=str(new))
    for words, cell, new in METADATA
]


def fault(words):
    """Register a function that spoils a page, and what must be said then."""

    def register(spoil):
        FAULTS.append(pytest.param(words, spoil, id=spoil.__name__))
        return spoil

    return register


@fault("name one text of a taught cell")
def nothing_to_plant(cells):
    pick(cells, "\nx.sum()").source = "x"


@fault("is not the badge cell")
def another_badge(cells):
    cells[0].source += " Or not."


@fault("than its last run left")
def number_outside_its_band(cells):
    pick(cells, "history = ").outputs[0].text = "accuracy 0.491\n"


@fault("than its last run left")
def pictures_swapped(cells):
    a, b = pick(cells, CURVE), pick(cells, BARS)
    a.outputs, b.outputs = b.outputs, a.outputs


@fault("than its last run left")
def traceback_is_nonsense(cells):
    pick(cells, "x @").outputs[0].traceback = ["nonsense"]


@fault("than its last run left")
def html_added(cells):
    pick(cells, CURVE).outputs[0].data["text/html"] = "<table></table>"


@fault("than its last run left")
def output_deleted(cells):
    pick(cells, SUM).outputs.clear()


@fault("than its last run left")
def set_up_prints(cells):
    pick(cells, "FOLDER = ").outputs = [printed("hello")]


@fault("than its last run left")
def cells_in_another_order(cells):
    cells[3:7] = cells[5:7] + cells[3:5]
    for i, each in enumerate(code(cells), 1):
        each.execution_count = i


@fault("than its last run left")
def text_deleted(cells):
    cells.remove(pick(cells, "The bars are houses"))


@fault("than its last run left")
def tolerance_widened(cells):
    pick(cells, "history = ").metadata["within"] = 20


@fault("take real-data away")
def real_data_without_a_result(cells):
    pick(cells, "history = ").outputs.clear()


@fault("ran as number None")
def cell_was_not_run(cells):
    pick(cells, SUM).execution_count = None


@fault("ran as number 7, not 1")
def number_of_an_output(cells):
    output = v4.new_output("execute_result", execution_count=7)
    pick(cells, "FOLDER = ").outputs = [output]


@fault("wrote to stderr")
def warning_stored(cells):
    pick(cells, SUM).outputs[0].name = "stderr"


@fault("assert below within what bounds")
def check_deleted(cells):
    cells.remove(pick(cells, "assert 0.83"))


@fault("has the alternative text of cell")
def alternative_text_of_another(cells):
    pick(cells, CURVE).metadata = pick(cells, BARS).metadata


@fault("could exchange its alternative text with cell")
def alternative_texts_swapped(cells):
    a, b = pick(cells, CURVE).metadata, pick(cells, BARS).metadata
    a["mystnb"], b["mystnb"] = b["mystnb"], a["mystnb"]


@fault("shows 40 by 20 points as")
def picture_three_times_its_size(cells):
    size = pick(cells, CURVE).outputs[0].metadata["image/png"]
    size |= {side: 3 * points for side, points in size.items()}


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


@fault("shows and asserts nothing in Solution 5")
def solution_gutted(cells):
    cells[-1].source, cells[-1].outputs = "assert True", []


@fault("declares 7.73")
def false_number_declared(cells):
    cell = pick(cells, "It is 7.78")
    cell.source = cell.source.replace("7.78", "7.73")
    cell.metadata["numbers"]["7.73"] = "measured some day"


@fault("contains the path")
def path_of_this_machine(cells):
    cells[-1].outputs[0].text = str(rules.ROOT)


@fault("more than 80")
def long_page(cells):
    cells += [text("More.") for _ in range(80)]


@fault("more than 300,000")
def heavy_page(cells):
    cells[-1].outputs[0].text = "a" * 300_000


@fault("cells with the id")
def same_id(cells):
    cells[-1].id = cells[-2].id


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
        ("has the kernel", {"kernelspec": {"name": "conda-root"}}),
        ("than its last run left", {"d2lmini": {"date": "2020-01-01"}}),
        ("is in no language", {"language_info": {"name": "R"}}),
        ("does not fold the solutions", {"colab": {}}),
        ("is no valid notebook", {"authors": "none"}),
        ("unknown metadata ['mystnb']", {"mystnb": {"execution_mode": "off"}}),
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
