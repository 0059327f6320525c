"""The HTML of a page is mended before it is written."""

import html_fixes
import pytest
from bs4 import BeautifulSoup


def mended(mend, html):
    page = BeautifulSoup(html, "html.parser")
    mend(page)
    return page


@pytest.mark.parametrize(
    "text, kept",
    [
        ("4.1 Softmax Regression", "4.1\xa0Softmax Regression"),
        ("Builds on 3.1 Linear", "Builds on 3.1\xa0Linear"),
        ("exercise 6, Section\n2.3", "exercise\xa06, Section\xa02.3"),
        ("SHA-256", "SHA\N{NON-BREAKING HYPHEN}256"),
        ("1.5 times, part 6, well-known", "1.5 times, part 6, well-known"),
    ],
)
def test_a_number_stays_with_its_word(text, kept):
    assert mended(html_fixes.lines, f"<p>{text}</p>").get_text() == kept
    for tag in ("h1", "pre"):
        page = mended(html_fixes.lines, f"<{tag}>{text}</{tag}>")
        assert page.get_text() == text


def test_short_code_is_not_broken():
    code = ("x.reshape(4, 4)[0] = 1", "x" * 31)
    page = mended(html_fixes.lines, "".join(f"<code>{c}</code>" for c in code))
    assert [c.get("class") for c in page("code")] == [["kept"], None]
    page = mended(html_fixes.lines, "<table><td><code>x</code></td></table>")
    assert not page.code.get("class")


def test_printed_sentences_are_marked_and_numbers_are_not():
    lines = [
        "mat1 and mat2 shapes cannot be <b>multiplied</b> (3x4 and 5x6)",
        "tensor([[1.0, 2.0, 3.0],",
        "        [4.0, 5.0, 6.0]])",
        "1.25 " * 17,
    ]
    html = "\n".join(lines)
    page = mended(
        html_fixes.outputs, f'<div class="cell_output"><pre>{html}</pre></div>'
    )
    marked = [span.get_text() for span in page(class_="message")]
    plain = lines[0].replace("<b>", "").replace("</b>", "")
    assert marked == [plain, lines[3].rstrip()]
    assert page.pre.b.get_text() == "multiplied"


def test_of_a_traceback_the_message_is_marked():
    html = "Traceback (most recent call last)\n  line = 1\nKeyError: 3\n"
    page = mended(
        html_fixes.outputs,
        f'<div class="cell_output"><div class="output traceback">'
        f"<pre>{html}</pre></div></div>",
    )
    assert [s.get_text() for s in page(class_="message")] == ["KeyError: 3"]


def test_a_picture_keeps_its_size_and_no_other_style():
    style = "width: 350px; height:250.5px; color: red; max-width: 9px"
    page = mended(html_fixes.pictures, f'<p><img style="{style}"></p>')
    assert page.img.attrs == {
        "width": "350",
        "height": "250",
        "style": "--width: 350px",
        "loading": "lazy",
    }


CELL = """<div class="cell"><details><summary>Show</summary>
<div class="cell_input"><pre>{}</pre></div></details>
<div class="cell_output">{}</div></div>"""


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
