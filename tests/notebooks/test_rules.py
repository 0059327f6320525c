"""Each kind of fault that was once planted in a page is noticed, and named.

These are seen without running a page; test_hardening.py and test_compare.py
have the others. Each row below spoils a copy of a page that keeps every rule,
and says in which words that must be told.
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
import section
from PIL import Image

PATH = next(s.path for s in section.sections() if s.number == "3.4")
CREDIT, NEXT = section.d2l_link("3.4"), section.d2l_link("3.5")
LINK = "[3.1](01-linear-regression.ipynb)"
LONG = "[3.1 Linear Regression](01-linear-regression.ipynb)"
OTHER = "(02-object-oriented-design.ipynb)"
EXERCISES = [f"{i}. Why does sum {i} come out?" for i in range(1, 6)]
FIRST = f"""# 3.4 Sums by Hand

**What is a sum?**

After [section 3.4 of *Dive into Deep Learning*]({CREDIT}), and {LONG}."""
SUMMARY = """## Summary

* A sum adds up to a number.
* Two sums need twice the time.
* Three sums are enough here."""
VALUE = v4.new_output("execute_result", execution_count=9)
CONDA = {"name": "conda-root", "display_name": "Python (root)"}
# Cells, by a text that no cell above them has.
SUM, CURVE, BARS = "x = torch", "d2l.plot", "ax.bar(0"
TRAINED, SOLVED, FRAME = "history = ", "print('So.", "FOLDER = "


def text(source, id=None, **metadata):
    made = v4.new_markdown_cell(source, metadata=metadata)
    made.id = id or made.id
    return made


def code(source, *outputs, tags=(), id=None, **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    made = v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)
    made.id = id or made.id
    return made


def printed(words):
    return v4.new_output("stream", name="stdout", text=words)


def draws(source, alt, color, **options):
    file = io.BytesIO()
    Image.new("RGB", (40, 20), color).save(file, "png")
    data = {"image/png": b64encode(file.getvalue()).decode()}
    picture = v4.new_output("display_data", data=data)
    return code(source, picture, mystnb={"image": {"alt": alt}}, **options)


@cache
def written():
    """Return a page that keeps every rule."""
    error = v4.new_output("error", ename="E", evalue="e", traceback=["E: e"])
    bars = "\n".join(f"ax.bar({i}, x)" for i in range(7))
    cells = [
        text(FIRST),
        text(f"## Sums\n\n`x.sum()` adds: {LINK}."),
        code("x = torch.tensor([1.0, 6.78])\nx.sum()", printed("7.78\n")),
        text("It is 7.78, as in 1986.", numbers={"1986": "the paper's year"}),
        code("x @ 'one'", error, tags=["raises-exception"]),
        text("## Pictures\n\nThe tangent touches the curve."),
        draws("d2l.plot(x, x)", "A curve that a tangent touches. " * 3, "red"),
        text("The bars are houses."),
        draws(
            bars, "Seven bars for the houses. " * 4, "blue", tags=["hide-input"]
        ),
        text("## Training\n\nThe last digits differ on your machine."),
        code("def helper():\n    return x", tags=["hide-cell"]),
        code("data = d2l.FashionMNIST()\nlen(data)", printed("3\n")),
        code(
            "history = trainer.fit(model, data)\nprint(history[-1])",
            printed("accuracy 0.849\n"),
            tags=["nbval-ignore-output", "real-data"],
        ),
        code("assert 0.83 < history[-1] < 0.90"),
        text(SUMMARY),
        text("## Exercises\n\n" + "\n".join(EXERCISES)),
        text("## Solutions"),
    ]
    for i in range(1, 6):
        cells.append(text(f"### Solution {i}"))
        cells.append(code("print('So.')", printed("So."), tags=["hide-cell"]))
    page = v4.new_notebook(cells=cells)
    page.metadata = {"fault": {"x.sum()": "x.mean()"}}
    page = notebooks.stamped(PATH, nbformat.from_dict(page))
    number(page)
    page.metadata["d2lmini"] = nbformat.from_dict({"seal": ""})
    page.metadata.d2lmini.seal = notebooks.seal(page)
    return page


def number(page):
    ran = [cell for cell in page.cells if cell.cell_type == "code"]
    for i, cell in enumerate(ran, 1):
        cell.execution_count = i


def pick(page, words):
    """Return the first cell that contains a text."""
    return next(cell for cell in page.cells if words in cell.source)


def edit(old, new):
    """Replace a text of the first cell that contains it."""
    return lambda page: pick(page, old).update(
        source=pick(page, old).source.replace(old, new, 1)
    )


def put(words, **attributes):
    return lambda page: pick(page, words).update(nbformat.from_dict(attributes))


def meta(words, **metadata):
    return lambda page: pick(page, words).metadata.update(
        nbformat.from_dict(metadata)
    )


def tag(words, *tags):
    return meta(words, tags=list(tags))


def image(**options):
    return meta(CURVE, mystnb={"image": options})


def output(words, **fields):
    return lambda page: pick(page, words).outputs[0].update(fields)


def drop(words):
    return lambda page: page.cells.remove(pick(page, words))


def whole(**metadata):
    return lambda page: page.metadata.update(nbformat.from_dict(metadata))


def add(cells):
    return lambda page: page.cells.extend(cells)


def swap(key):
    """Exchange something of two pictures."""

    def exchange(page):
        a, b = pick(page, CURVE), pick(page, BARS)
        a[key], b[key] = b[key], a[key]

    return exchange


def reorder(page):
    page.cells[3:7] = page.cells[5:7] + page.cells[3:5]
    number(page)


def copy_id(page):
    page.cells[-1].id = page.cells[-2].id


def declare_a_false_number(page):
    edit("7.78", "7.73")(page)
    meta("It is", numbers={"7.73": "measured some day", "1986": "a year"})(page)


FAULTS = [
    # The file.
    ("is no valid notebook", whole(authors="none")),
    ("with the id", copy_id),
    ("has raw cells", add([v4.new_raw_cell("raw")])),
    ("not as stamped (order", whole(kernelspec=CONDA)),
    ("not as stamped (order", whole(colab={})),
    ("not as stamped (badge)", put("this page, open", source="Or not.")),
    ("not as stamped (setup)", edit("import sys", "import sys, math")),
    ("not as stamped (setup)", tag(FRAME)),
    ("not as stamped (solutions)", put("## Sol", metadata={})),
    ("unknown metadata ['mystnb']", whole(mystnb={"execution_mode": "off"})),
    ("contains the path", output(SOLVED, text=str(rules.ROOT))),
    ("more than 300,000", output(SOLVED, text="a" * 300_000)),
    ("more than 80", add([text("More.") for _ in range(80)])),
    ("lines, more than 20", edit("x = torch", "x = 1\n" * 20 + "x = torch")),
    ("words, more than 180", edit("## Sums", "## Sums\n\n" + "word " * 180)),
    ("is empty", edit("The bars are houses.", "")),
    # How it was run.
    ("ran as number None", put(SUM, execution_count=None)),
    ("ran as number 7, not 1", put(FRAME, execution_count=7)),
    ("ran as number 9", put(SUM, outputs=[VALUE])),
    ("ended in an error", tag("x @")),
    ("raised nothing", tag(SUM, "raises-exception")),
    ("by a comment", edit("x = torch", "# NBVAL_SKIP\nx = torch")),
    ("wrote to stderr", output(SUM, name="stderr")),
    ("than its last run left", edit("plot(x, x)", "plot(x, 2 * x)")),
    ("than its last run left", edit(" < 0.90", "")),  # half of the check
    ("than its last run left", edit("## Pictures", "## Drawings")),
    ("than its last run left", output(TRAINED, text="accuracy 0.491\n")),
    ("than its last run left", output("x @", traceback=["nonsense"])),
    ("than its last run left", output(CURVE, metadata={"width": 300})),
    ("than its last run left", put(SUM, outputs=[])),
    ("than its last run left", put(FRAME, outputs=[printed("hello")])),
    ("than its last run left", meta(TRAINED, within=20)),
    ("than its last run left", whole(d2lmini={"date": "2020-01-01"})),
    ("than its last run left", swap("outputs")),
    ("than its last run left", drop("The bars are houses")),
    ("than its last run left", reorder),
    # Code, what is hidden of it, and what varies.
    ("ends in `;`", edit("len(data)", "len(data);")),
    ("is no plain Python", edit("x = torch", "%time x = torch")),
    ("calls `clear_output`", edit("x = torch", "clear_output()\nx = torch")),
    ("unknown tags ['raises-exe", tag(SUM, "raises-exeption")),
    ("unknown tags ['remove-cell'", tag(SUM, "remove-cell")),
    ("unknown tags ['remove-cell'", tag("## Summary", "remove-cell")),
    ("unknown metadata ['width']", image(alt="A curve", width="300%")),
    ("unknown metadata ['remove", meta(SUM, mystnb={"remove_code": True})),
    ("unknown metadata ['jupyter']", meta(SUM, jupyter={"hidden": True})),
    ("unknown metadata ['jp']", meta("## Sums", jp=True)),
    ("take hide-input away", tag(CURVE, "hide-input")),  # it is short
    ("take hide-input away", tag(SUM, "hide-input")),
    ("take hide-cell away", tag(SUM, "hide-cell")),
    ("take hide-cell away", edit("def helper():", "class Helper:")),
    ("folds ['helper'], which", edit("len(data)", "helper(data)")),
    ("name one text of a taught", whole(fault={"x.mean()": "x.sum()"})),
    ("no such `within`", meta(SUM, within=20)),
    ("no such `within`", meta(TRAINED, within=1000)),
    ("delete `picture`", meta(CURVE, picture="size")),
    ("take real-data away", tag(SUM, "real-data")),
    ("take real-data away", put(TRAINED, outputs=[])),
    ("take nbval-ignore", tag(SUM, "nbval-ignore-output")),
    ("the page say above", edit("digits differ on your machine", "part")),
    ("assert below", drop("assert 0.83")),
    (
        "assert below",
        edit("assert 0.83 < history[-1]", "assert 'history' and x"),
    ),
    # Pictures.
    ("30,000; draw less", output(CURVE, data={"image/png": "A" * 40_004})),
    ("says not what it shows", meta(CURVE, mystnb={})),
    ("exchange their alternative texts", swap("metadata")),
    ("has no picture", lambda page: [drop(CURVE)(page), drop(BARS)(page)]),
    # Text.
    ("the only heading", edit("# 3.4", "# 3.3")),
    ("the only heading", edit("## Pictures", "# Pictures")),
    ("must ask in bold", edit("**What is a sum?**", "Sums.")),
    ("must link to [section 3.4", edit(CREDIT, NEXT)),
    ("must end in the sections", edit("## Summary", "### Summary")),
    ("and nothing else", edit("## Solutions", "## Solutions\n\nHere.")),
    ("2 items in", edit("\n* Two sums need twice the time.", "")),
    ("divides 'Sums' into one", edit("## Pictures", "### Pictures")),
    ("of level 3", edit("## Sums", "### Sums")),
    ("of level 4", edit("### Solution 2", "#### Solution 2")),
    ("says nothing new", edit("2. Why does sum 2", "2. Why does sum 1")),
    ("says nothing new", edit("2. Why does sum 2 come out", "2. Why")),
    ("contains HTML", edit("## Sums", "## Sums\n\n<b>bold</b>")),
    ("contains HTML", edit("## Sums", "<!-- ## Sums\n\n-->")),
    ("contains a directive", edit("## Sums", "## Sums\n\n```{note}\n```")),
    ("contains a role", edit("## Sums", "## Sums\n\n{math}`x`")),
    ("contains a comment", edit("## Sums", "## Sums\n\n% not shown")),
    ("contains a picture", edit("## Sums", "## Sums\n\n![](x.png)")),
    ("contains a reference", edit("## Sums", "## Sums\n\n[3.1]: x")),
    ("which is no Python", edit("`x.sum()`", "`x.sum(`")),
    ("no code has ['summ']", edit("`x.sum()`", "`x.summ()`")),
    ("links [3.1] to a part", edit(LINK, "[3.1](#sums)")),
    ("links [3.1] to a part", edit(LINK, LINK.replace(")", "#x)"))),
    ("which is not there", edit(LINK, "[3.1](01-linear.ipynb)")),
    ("links [3.1] to '3.2", edit(LINK, f"[3.1]{OTHER}")),
    ("links [3.1 Linear", edit(LONG, f"[3.1 Linear Regression]{OTHER}")),
    ("[3.7] to another", edit(LINK, f"[3.7]({NEXT})")),
    ("[Its loop] to another", edit(LINK, f"[Its loop]({NEXT})")),
    # Exercises and numbers.
    ("numbers its exercises", edit(f"{EXERCISES[1]}\n", "")),
    ("of its exercises", edit("### Solution 2", "And this:")),
    ("shows and asserts nothing in Solution 1", drop(SOLVED)),
    ("with the tag hide-cell", tag(SOLVED)),
    ("states 7.73, which", edit("It is 7.78", "It is 7.73")),
    ("states 42, which", edit("* Three sums", "* All 42 sums")),
    ("a cell prints it", meta("It is", numbers={"7.78": "a true sum"})),
    ("a cell prints 7.78; state", declare_a_false_number),
    ("say where it is from", meta("It is", numbers={"1986": ""})),
    ("does not state it", meta("It is", numbers={"1987": "the next year"})),
]


def test_a_page_that_keeps_every_rule_passes():
    page = deepcopy(written())
    edit("x @ 'one'", "x @ 'one'  # a comment needs no new run")(page)
    assert rules.problems(PATH, page) == []


@pytest.mark.parametrize("words, spoil", FAULTS)
def test_fault_is_noticed(words, spoil):
    page = deepcopy(written())
    spoil(page)
    assert words in "\n".join(rules.problems(PATH, page))


def test_every_rule_has_a_fault_of_its_own():
    needed = set()
    for words, spoil in FAULTS:
        page = deepcopy(written())
        spoil(page)
        for check in rules.RULES:
            if words in "\n".join(rules.problems(PATH, page, [check])):
                needed.add(check)
                break
    assert rules.RULES.keys() == needed


def test_each_sentence_names_the_page_and_the_cell():
    page = deepcopy(written())
    pick(page, "The bars are").source = ""
    where = page.cells.index(next(c for c in page.cells if not c.source))
    (said,) = rules.problems(PATH, page, [rules.cell_is_small])
    name = PATH.relative_to(rules.ROOT).as_posix()
    assert said.startswith(f"{name}, cell {where} ({page.cells[where].id}): is")


def test_the_list_of_pages_is_that_of_the_files(monkeypatch):
    assert [*rules.of_the_list()] == []
    first, second, *rest = section.listed()
    monkeypatch.setattr(section, "listed", lambda: [first, PATH, *rest])
    said = "\n".join(rules.of_the_list())
    assert f"does not list {second.relative_to(rules.ROOT).as_posix()}" in said
    assert "not there" in said and "out of order" in said
