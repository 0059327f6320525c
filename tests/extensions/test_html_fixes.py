"""The HTML of a page is mended before it is written."""

import re

import html_fixes
import pytest

OUTPUT = (
    '<div class="cell_output"><div class="output {}"><pre>{}</pre></div></div>'
)
CELL = """<div class="cell"><details><summary>Show</summary>
<div class="cell_input"><pre>{}</pre></div></details>
<div class="cell_output">{}</div></div>"""


def mended(mend, html):
    page = html_fixes.Page(html)
    mend(page)
    return page


def test_code_and_formulas_are_written_as_they_were_read():
    formula = '<math display="block"><mi>&lt;</mi></math>'
    html = f"<p>A {formula}</p>\n<pre>&amp;\n</pre>"
    page = html_fixes.Page(html)
    assert page.write() == html
    assert page.read(page) == "A <\n&\n"


@pytest.mark.parametrize(
    "text, kept",
    [
        ("4.1 Softmax Regression", "4.1\xa0Softmax Regression"),
        ("exercise 6, Section\n2.3", "exercise\xa06, Section\xa02.3"),
        ("SHA-256", "SHA\N{NON-BREAKING HYPHEN}256"),
        ("1.5 times, part 6, well-known", "1.5 times, part 6, well-known"),
    ],
)
def test_a_number_stays_with_its_word(text, kept):
    assert mended(html_fixes.lines, f"<p>{text}</p>").p.string == kept
    for tag in ("h1", "pre"):
        html = f"<{tag}>{text}</{tag}>"
        assert mended(html_fixes.lines, html).write() == html


def test_short_code_is_not_broken_except_in_tables():
    code = f"<code>x[0] = 1</code><code>{'x' * 31}</code>"
    page = mended(html_fixes.lines, f"{code}<td><code>x</code></td>")
    assert [c.get("class") for c in page("code")] == [["kept"], None, None]


def test_what_ends_a_clause_stays_with_its_formula():
    html = "<p>for <math><mi>x</mi></math>, and <math><mi>y</mi></math> too</p>"
    page = mended(html_fixes.formulas, html)
    assert [page.read(kept) for kept in page(class_="kept")] == ["x,"]


@pytest.mark.parametrize(
    "kind, lines, marked",
    [
        ("text", ["shapes cannot be <b>multiplied</b> (3x4)"], [0]),
        ("text", ["tensor([[1.0, 2.0],", "        [4.0, 5.0]])"], []),
        ("text", ["1.25 " * 17], [0]),
        (
            "traceback",
            ["Traceback (most recent call last)", "KeyError: 3"],
            [1],
        ),
    ],
)
def test_printed_sentences_are_marked_and_columns_are_not(kind, lines, marked):
    html = OUTPUT.format(kind, "\n".join(lines))
    page = mended(html_fixes.outputs, html).write()
    found = re.findall('<span class="message">(.*)</span>', page)
    assert found == [lines[i].rstrip() for i in marked]


def test_a_picture_keeps_its_size_and_no_other_style():
    style = "width: 350px; height:250.5px; color: red; max-width: 9px"
    page = mended(html_fixes.pictures, f'<img src="a" style="{style}">')
    size = {"width": "350", "height": "250", "style": "--width: 350px"}
    assert page.img.attrs == size | {"loading": "lazy", "src": "a"}


@pytest.mark.parametrize(
    "code, output, name",
    [
        ("ax.plot(x)", '<img src="a.png">', "Code of the figure"),
        ("def f(x):\n  pass\n\nclass G:\n  def h(self):", "", "Code: f, G"),
        ("x = 1", "<pre>1</pre>", "Code"),
    ],
)
def test_a_fold_says_what_it_holds(code, output, name):
    page = mended(html_fixes.folds, CELL.format(code, output))
    assert page.summary.get_text() == name
