"""The HTML of a page is mended before it is written."""

from types import SimpleNamespace

import html_fixes
import pytest

CELL = """<div class="cell"><details><summary>Show</summary>
<div class="cell_input"><pre>{}</pre></div></details>
<div class="cell_output">{}</div></div>"""
LONG = f"<code>{'x' * 31}</code>"
X = "<math><mi>x</mi></math>"
STYLE = "width: 350px; height:250.5px; color: red; max-width: 9px"
PICTURE = """<a class="enlarge" href="a.png">\
<span class="unseen">Enlarge:</span>\
<img height="250" loading="lazy" src="a.png" \
style="--width: 350px; --letters: 12.5" width="350"/></a>"""


def mended(mend, html):
    page = html_fixes.Page(html)
    mend(page)
    return page.write()


@pytest.mark.parametrize(
    "mend, before, after",
    [
        ("lines", "see 4.1 Softmax, 1.5 m", "see 4.1\xa0Softmax, 1.5 m"),
        (
            "lines",
            "exercise 6, Sections\n2.3",
            "exercise\xa06, Sections\xa02.3",
        ),
        ("lines", "<h1>4.1 Softmax</h1>", "<h1>4.1 Softmax</h1>"),
        ("lines", "<code>x[0]</code>", '<code class="kept">x[0]</code>'),
        ("lines", "<td><code>x</code></td>", "<td><code>x</code></td>"),
        ("lines", LONG, LONG),
        ("formulas", f"{X}, and", f'<span class="kept">{X},</span> and'),
        ("formulas", f"{X} too", f"{X} too"),
        ("pictures", f'<img src="a.png" style="{STYLE}">', PICTURE),
    ],
)
def test_what_defects_are_mended_and_what_is_left(mend, before, after):
    assert mended(getattr(html_fixes, mend), before) == after


@pytest.mark.parametrize(
    "line, expected",
    [
        ("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)", True),
        ("tensor([[1.0, 2.0, 3.0],", False),
        ("1.25 " * 17, True),
    ],
)
def test_printed_sentences_may_be_wrapped_and_columns_not(line, expected):
    assert html_fixes.is_prose(line) == expected


@pytest.mark.parametrize(
    "code, output, name",
    [
        ("ax.plot(x)", '<img src="a.png">', "Code of the figure"),
        ("def f(x):\n  pass\n\nclass G:\n  def h(self):", "", "Code: f, G"),
        ("x = 1", "<pre>1</pre>", "Code"),
    ],
)
def test_a_fold_says_what_it_holds(code, output, name):
    html = mended(html_fixes.folds, CELL.format(code, output))
    assert f"<summary>{name}</summary>" in html


FORMULA = '<div class="math">y</div>'
DRAWN = '<div class="cell_output"><img src="a.png"/></div>'
FIGURE = f'<div class="cell tag_hide-input">{DRAWN}</div>'
NEXT = '<div class="cell"></div>'


@pytest.mark.parametrize(
    "folded, rest, folds",
    [
        ("<p>It is 3.</p>", "<p>So be it.</p>", None),
        (f"<p>By</p>{FORMULA}", "<p>So be it.</p>", None),
        ("<p>It is 3.</p>", FORMULA, None),
        ("<p>These:</p><ul></ul>", "<p>So be it.</p>", None),
        (f"<p>It is 3.</p>{FIGURE}", FIGURE, None),
        (FIGURE, "<p>It is 3.</p>", None),
        ("", f"<p>It prints:</p>{NEXT}", None),
        ("", f"{NEXT}<p>It is 3.</p>", None),
        ("", "", None),
        ("<p>It is 3.</p><p>So be it.</p>", FIGURE, 2),
        ("", "<p>Now what?</p>", 0),
    ],
)
def test_a_prediction_folds_what_answers(folded, rest, folds):
    cell = CELL.replace('"cell"', '"cell tag_predict"').format("x", "3")
    page = html_fixes.Page(
        f"<section>{cell}{folded}{rest}</section><p>Next</p>"
    )
    asked = SimpleNamespace(metadata={} if folds is None else {"folds": folds})
    page.section = SimpleNamespace(code=[asked])
    html_fixes.predictions(page)
    words = "Show the output" + " and the answer" * bool(folded)
    assert page.select_one(".answer > summary").string == words
    below = page.select_one(".answer > .cell_output").next_siblings
    assert "".join(map(str, below)) == html_fixes.Page(folded).decode()
