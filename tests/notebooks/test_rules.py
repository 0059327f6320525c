"""Each kind of fault that was once planted in a page is noticed, and named.

These are seen without running a page; test_hardening.py and test_compare.py
have the others. Each row below spoils a copy of a page that keeps every rule,
and says in which words that must be told.
"""

from copy import deepcopy
from functools import cache

import nbformat
import nbformat.v4 as v4
import notebooks
import pytest
import rules
import section
from cells import code, error, page, plain, printed, shown, text

PATH = next(s.path for s in section.sections() if s.number == "3.4")
CREDIT, NEXT = section.d2l_link("3.4"), section.d2l_link("3.5")
LINK = "[3.1](01-linear-regression.ipynb)"
OTHER = "(02-object-oriented-design.ipynb)"
EXERCISES = [f"{i}. Why does this sum come out?" for i in range(1, 6)]
FIRST = f"""# 3.4 Sums by Hand

**What is a sum?**

After [section 3.4 of *Dive into Deep Learning*]({CREDIT}), and {LINK}."""
SUMMARY = """## Summary

* A sum adds up to a number.
* Two sums need twice the time.
* Three sums are enough here."""
ALT, DRAWS = "A curve and its tangent. " * 4, "d2l.plot(x, x)\n" * 7
# Cells, by a text that no cell above them has.
SUM, CURVE, TRAINED = "x = torch", "d2l.plot", "history = "
SOLVED = "print('So."
MEASURED = nbformat.from_dict({"numbers": {"0.5": "measured some day"}})


@cache
def written():
    """Return a page that keeps every rule."""
    trains = "history = trainer.fit(model, data)\nprint(history[-1])"
    drawing = shown(picture=plain("red"))
    varies = ["nbval-ignore-output", "real-data"]
    cells = [
        text(FIRST),
        text(f"## Sums\n\n`x.sum()` adds: {LINK}."),
        code("x = torch.tensor([1.0, 6.78])\nx.sum()", printed("7.78\n")),
        text("It is 7.78, as in 1986.", numbers={"1986": "the paper's year"}),
        code("x @ 'one'", error("E: e"), tags=["raises-exception"]),
        text("## Pictures\n\nThe tangent touches the curve."),
        code(DRAWS, drawing, tags=["hide-input"], **alt(ALT)),
        text("## Training\n\nThe last digits differ on your machine."),
        code("def helper():\n    return x", tags=["hide-cell"]),
        code("data = d2l.FashionMNIST()\nlen(data)", printed("3\n")),
        code(trains, printed("accuracy 0.849\n"), tags=varies),
        code("assert 0.83 < history[-1] < 0.90"),
        text(SUMMARY),
        text("## Exercises\n\n" + "\n".join(EXERCISES)),
        text("## Solutions"),
    ]
    for i in range(1, 6):
        cells.append(text(f"### Solution {i}"))
        cells.append(code("print('So.')", printed("So."), tags=["hide-cell"]))
    made = page(*cells, fault={"x.sum()": "x.mean()"}, d2lmini={"seal": ""})
    made = nbformat.from_dict(made)
    made.metadata.d2lmini.seal = notebooks.seal(made)
    return made


def alt(words, **options):
    return {"mystnb": {"image": {"alt": words} | options}}


def pick(made, words):
    """Return the first cell that contains a text."""
    return next(cell for cell in made.cells if words in cell.source)


# What spoils a page.


def edit(old, new):
    """Replace a text of the first cell that contains it."""

    def spoil(made):
        cell = pick(made, old)
        cell.source = cell.source.replace(old, new, 1)

    return spoil


def put(words, **attributes):
    return lambda made: pick(made, words).update(attributes)


def meta(words, **metadata):
    metadata = nbformat.from_dict(metadata)
    return lambda made: pick(made, words).metadata.update(metadata)


def tag(words, *tags):
    return meta(words, tags=list(tags))


def output(words, **fields):
    return lambda made: pick(made, words).outputs[0].update(fields)


def whole(**metadata):
    return lambda made: made.metadata.update(nbformat.from_dict(metadata))


FAULTS = [
    # The file.
    ("is no valid notebook", whole(authors="none")),
    ("has 2 cells with the id", lambda made: made.cells.append(made.cells[0])),
    ("has raw cells", lambda made: made.cells.append(v4.new_raw_cell("raw"))),
    ("unknown metadata ['mystnb']", whole(mystnb={"execution_mode": "off"})),
    ("contains the path", output(SOLVED, text=str(rules.ROOT))),
    ("more than 300,000", output(SOLVED, text="a" * 300_000)),
    ("more than 80", lambda made: made.cells.extend(map(text, "a" * 80))),
    ("lines, more than 20", edit("x = torch", "x = 1\n" * 20 + "x = torch")),
    ("words, more than 180", edit("## Sums", "## Sums\n\n" + "word " * 180)),
    ("is empty", edit("### Solution 2", "")),
    # How it was run.
    ("ran as number None", put(SUM, execution_count=None)),
    ("by a comment", edit("x = torch", "# NBVAL_SKIP\nx = torch")),
    ("wrote to stderr", output(SUM, name="stderr")),
    ("than its last run left", edit("plot(x, x)", "plot(x, 2 * x)")),
    ("than its last run left", edit("## Pictures", "### Pictures")),
    ("than its last run left", output(TRAINED, text="accuracy 0.491\n")),
    ("than its last run left", meta(CURVE, **alt("Of another picture. " * 5))),
    ("than its last run left", lambda made: made.cells.reverse()),
    # Code, what is hidden of it, and what varies.
    ("ends in `;`", edit("len(data)", "len(data);")),
    ("is no plain Python", edit("x = torch", "%time x = torch")),
    ("calls `clear_output`", edit("x = torch", "clear_output()\nx = torch")),
    ("unknown tags ['remove-cell'", tag(SUM, "remove-cell")),
    ("unknown metadata ['width']", meta(CURVE, **alt("", width="9%"))),
    ("unknown metadata ['jp']", meta("## Sums", jp=True)),
    ("take hide-input away", tag(SUM, "hide-input")),
    ("take hide-input away", edit(DRAWS, "d2l.plot(x, x)")),  # it is short
    ("nothing that is to be folded", tag("assert 0.83", "predict")),
    ("nothing that is to be folded", tag(SOLVED, "predict", "hide-cell")),
    ("ask for it", tag(CURVE, "hide-input", "predict")),
    ("take hide-cell away", tag(SUM, "hide-cell")),
    ("take hide-cell away", edit("def helper():", "class Helper:")),
    ("name one text of a taught", whole(fault={"x.mean()": "x.sum()"})),
    ("no such `within`", meta(SUM, within=20)),
    ("no such `within`", meta(TRAINED, within=1000)),
    ("delete `picture`", meta(CURVE, picture="size")),
    ("take real-data away", tag(SUM, "real-data")),
    ("take nbval-ignore", tag(SUM, "nbval-ignore-output")),
    ("the page say above", edit("digits differ on your machine", "part")),
    ("assert below", edit("assert 0.83", "0.83")),
    ("assert below", edit("0.83 < history[-1]", "'history' and x")),
    # Text.
    ("says not what it shows", meta(CURVE, mystnb={})),
    ("make that ['3.4.1']", edit("It is 7.78", "**Figure 3.4.2.** It is 7.78")),
    ("make that ['3.4.1']", edit("It is", "$$1 \\tag{3.4.2}$$ It is")),
    ("has no picture", put(CURVE, outputs=[])),
    ("the only heading", edit("# 3.4", "# 3.3")),
    ("the only heading", edit("## Pictures", "# Pictures")),
    ("must ask in bold", edit("**What is a sum?**", "Sums.")),
    ("must link to [section 3.4", edit(CREDIT, NEXT)),
    ("must end in the sections", edit("## Summary", "### Summary")),
    ("and nothing else", edit("## Solutions", "## Solutions\n\nHere.")),
    ("2 items in", edit("\n* Two sums need twice the time.", "")),
    ("contains HTML", edit("## Sums", "## Sums\n\n<b>bold</b>")),
    ("contains a directive", edit("## Sums", "## Sums\n\n```{note}\n```")),
    ("contains a role", edit("## Sums", "## Sums\n\n{math}`x`")),
    ("contains a comment", edit("## Sums", "## Sums\n\n% not shown")),
    ("contains a picture", edit("## Sums", "## Sums\n\n![](x.png)")),
    ("contains a reference", edit("## Sums", "## Sums\n\n[3.1]: x")),
    ("which is no Python", edit("`x.sum()`", "`x.sum(`")),
    ("no code has ['summ']", edit("`x.sum()`", "`x.summ()`")),
    ("links [3.1] to a part", edit(LINK, "[3.1](#sums)")),
    ("which is not there", edit(LINK, "[3.1](01-linear.ipynb)")),
    ("links [3.1] to '3.2", edit(LINK, f"[3.1]{OTHER}")),
    ("[3.7] to another", edit(LINK, f"[3.7]({NEXT})")),
    ("[Its loop] to another", edit(LINK, f"[Its loop]({NEXT})")),
    # Exercises and numbers.
    ("numbers its exercises", edit(f"{EXERCISES[1]}\n", "")),
    ("of its exercises", edit("### Solution 2", "And this:")),
    ("by no result", put(SOLVED, source="assert True", outputs=[])),
    ("with the tag hide-cell", tag(SOLVED)),
    ("states 7.73, which", edit("It is 7.78", "It is 7.73")),
    ("states 8, which", edit("It is 7.78", "It is 8")),
    ("states 42, which", edit("* Three sums", "* All 42 sums")),
    ("states 0.849, which", edit("The tangent", "0.849. The tangent")),
    ("a cell prints it", meta("It is", numbers={"7.78": "a true sum"})),
    ("say where it is from", meta("It is", numbers={"1986": ""})),
    ("let a cell print it", put("It is", source="0.5", metadata=MEASURED)),
    ("does not state it", meta("It is", numbers={"1987": "the next year"})),
]


def spoiled(spoil):
    made = deepcopy(written())
    spoil(made)
    return made


def test_a_page_that_keeps_every_rule_passes():
    good = spoiled(edit("x @ 'one'", "x @ 'one'  # comments need no new run"))
    assert rules.problems(PATH, good) == []


@pytest.mark.parametrize("words, spoil", FAULTS)
def test_fault_is_noticed(words, spoil):
    assert words in "\n".join(rules.problems(PATH, spoiled(spoil)))


def test_a_slip_is_not_declared_away():
    made = spoiled(edit("7.78", "7.73"))
    meta("It is", numbers={"7.73": "measured some day"})(made)
    assert "a cell prints 7.78; state" in "\n".join(rules.problems(PATH, made))


def test_every_rule_has_a_fault_of_its_own():
    for check in rules.RULES:
        assert any(
            words in "\n".join(rules.problems(PATH, spoiled(spoil), [check]))
            for words, spoil in FAULTS
        ), check


def test_each_sentence_names_the_page_and_the_cell():
    made = spoiled(put(SUM, source="", id="sum"))
    (said,) = rules.problems(PATH, made, [rules.cell_is_small])
    name = PATH.relative_to(rules.ROOT).as_posix()
    assert said == f"{name}, cell 2 (sum): is empty; delete it"


def test_the_list_of_pages_is_that_of_the_files(monkeypatch, capsys):
    assert [*rules.of_the_list()] == []
    first, second, *rest = section.listed()
    gone = section.ROOT / "chapters" / "gone"
    monkeypatch.setattr(section, "listed", lambda: [first, gone, *rest[::-1]])
    monkeypatch.setattr(rules, "problems", lambda path: [])
    assert rules.main()
    said = capsys.readouterr().out
    assert f"does not list {second.relative_to(rules.ROOT).as_posix()};" in said
    assert "lists in vain chapters/gone" in said and "out of order" in said
