"""Formulas become MathML that needs no script and no font of ours."""

import hashlib
import re

import dukpy
import mathematics
import pytest

VENDOR = mathematics.TEMML.parent.parent


def symbols(tex):
    html = mathematics.mathml(tex, display=False)
    return re.sub(r"<annotation.*|<[^>]*>", "", html)


def test_vendored_files_are_the_ones_that_are_listed():
    files = sorted(path for path in VENDOR.glob("*/*") if path.is_file())
    found = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  "
        f"{path.relative_to(VENDOR).as_posix()}"
        for path in files
    ]
    listed = (VENDOR / "SHA256").read_text("utf-8").splitlines()
    assert sorted(found) == sorted(listed)


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\mathbf{X} \boldsymbol\theta", "𝐗𝜽"),
        (r"\mathbb{R}^n", "ℝn"),
        (r"\hat{\mathbf{y}}", "𝐲ˆ"),
        (r"\underbrace{a + b}_{c}", "a+bc"),  # a rule, and no brace
    ],
)
def test_letters_are_characters_of_their_style(tex, expected):
    assert symbols(tex) == expected


def test_what_temml_leaves_to_a_style_sheet_is_there():
    tex = r"\begin{aligned} a &= \overline{b} \end{aligned}"
    used = set(re.findall(r"tml-\w+", mathematics.mathml(tex, display=True)))
    theme = VENDOR.parent / "theme" / "static" / "book.css"
    assert used - {"tml-display"} <= set(
        re.findall(r"tml-\w+", theme.read_text("utf-8"))
    )
    assert "tml-overline" in used


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nosuchcommand", "x $ y"])
def test_what_is_no_formula_stops_the_build(tex):
    with pytest.raises(dukpy.JSRuntimeError, match="ParseError"):
        mathematics.mathml(tex, display=False)


def test_a_prime_stands_beside_its_letter():
    assert "msup" not in mathematics.mathml("w'", display=False)
    assert "msup" in mathematics.mathml("w^2", display=False)


def test_a_rule_stands_below_instead_of_a_brace():
    html = mathematics.mathml(r"\underbrace{a + b}_{c}", display=True)
    assert html.count("<munder>") == 1
    assert '<mrow class="under">' in html


def test_the_number_of_an_equation_stands_beside_it():
    html = mathematics.display(r"y = x \tag{3.1.4}")
    assert html.endswith('<span class="number">(3.1.4)</span></div>\n')
    assert html.count("3.1.4") == 2 and "tml-tag" not in html
