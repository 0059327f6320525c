"""Formulas become MathML that needs no script and no font of ours."""

import hashlib
import re

import dukpy
import mathematics
import pytest
from bs4 import BeautifulSoup

VENDOR = mathematics.TEMML.parent.parent


def text(tex):
    html = mathematics.mathml(tex, display=False)
    return re.sub(r"<annotation.*|<[^>]*>", "", html)


def operators(tex):
    html = mathematics.mathml(tex, display=True)
    return BeautifulSoup(html, "html.parser").find_all("mo")


def test_vendored_files_are_the_ones_that_are_listed():
    lines = (VENDOR / "SHA256").read_text("utf-8").splitlines()
    listed = dict(reversed(line.split()) for line in lines)
    files = [p for p in VENDOR.glob("*/*") if p.is_file()]
    found = {
        p.relative_to(VENDOR).as_posix(): hashlib.sha256(
            p.read_bytes()
        ).hexdigest()
        for p in files
    }
    assert found == listed


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\mathbf{X} \mathbf{w}", "𝐗𝐰"),
        (r"\boldsymbol\theta", "𝜽"),
        (r"\mathbb{R}^n", "ℝn"),
        (r"\hat{\mathbf{y}}", "𝐲ˆ"),
    ],
)
def test_letters_are_characters_of_their_style(tex, expected):
    assert text(tex) == expected


@pytest.mark.parametrize(
    "tex, names",
    [
        (r"\begin{aligned} a &= b \end{aligned}", {"left", "right", "jot"}),
        (r"\begin{cases} 1 & x \end{cases}", {"left"}),
        (r"\overline{x}", {"overline"}),
    ],
)
def test_what_temml_leaves_to_a_style_sheet_is_there(tex, names):
    html = mathematics.mathml(tex, display=False)
    assert set(re.findall(r"tml-(\w+)", html)) == names
    root = VENDOR.parent
    style = (root / "theme" / "static" / "book.css").read_text("utf-8")
    assert names <= set(re.findall(r"\.tml-(\w+)", style))


def test_display_and_inline():
    assert 'display="block"' in mathematics.mathml("x", display=True)
    assert 'display="block"' not in mathematics.mathml("x", display=False)
    assert '<annotation encoding="application/x-tex">x^2<' in (
        mathematics.mathml("x^2", display=False)
    )


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nosuchcommand", "x $ y"])
def test_what_is_no_formula_stops_the_build(tex):
    with pytest.raises(dukpy.JSRuntimeError, match="ParseError"):
        mathematics.mathml(tex, display=False)


def test_a_prime_stands_beside_its_letter():
    assert "msup" not in mathematics.mathml("w'", display=False)
    assert "msup" in mathematics.mathml("w^2", display=False)


def test_a_rule_stands_below_instead_of_a_brace():
    html = mathematics.mathml(r"\underbrace{a + b}_{c}", display=True)
    outer = BeautifulSoup(html, "html.parser").munder
    base, label = outer.find_all(recursive=False)
    assert (base["class"], base.text, label.text) == (["under"], "a+b", "c")
    assert not outer.munder


@pytest.mark.parametrize(
    "tex, is_sign",
    [("x = -2", True), ("(2, -3)", True), ("(x) - 2", False)],
)
def test_a_minus_is_a_sign_or_a_difference(tex, is_sign):
    (minus,) = (mark for mark in operators(tex) if mark.text == "\u2212")
    assert (minus.get("form") == "prefix") == is_sign
