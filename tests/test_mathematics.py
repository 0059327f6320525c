"""Formulas become MathML that needs no script and no font of ours."""

import re

import dukpy
import mathematics
import pytest
from bs4 import BeautifulSoup


def text(tex):
    html = mathematics.mathml(tex, display=False)
    return re.sub(r"<annotation.*|<[^>]*>", "", html)


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\mathbf{X} \mathbf{w}", "𝐗𝐰"),
        (r"\mathbf{0}", "𝟎"),
        (r"\boldsymbol\theta", "𝜽"),
        (r"\boldsymbol\epsilon", "𝝐"),
        (r"\mathbb{R}^n", "ℝn"),
        (r"\mathsf{T}", "𝖳"),
        (r"\ln x", "ln\u2061x"),
    ],
)
def test_styles_are_characters(tex, expected):
    assert text(tex) == expected


@pytest.mark.parametrize(
    "tex, num_spaces",
    [(r"-\log p", 1), (r"\log(p)", 0), (r"p \log p", 2), (r"0 \log (0)", 1)],
)
def test_functions_are_set_off(tex, num_spaces):
    html = mathematics.mathml(tex, display=False)
    assert html.count("<mspace") == num_spaces


def test_display_and_inline():
    assert 'display="block"' in mathematics.mathml("x", display=True)
    assert 'display="block"' not in mathematics.mathml("x", display=False)
    assert '<annotation encoding="application/x-tex">x^2<' in (
        mathematics.mathml("x^2", display=False)
    )


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nosuchcommand", "x $ y"])
def test_what_is_no_formula_stops_the_build(tex):
    with pytest.raises(dukpy.JSRuntimeError, match="KaTeX parse error"):
        mathematics.mathml(tex, display=False)


@pytest.mark.parametrize(
    "tex, num_children",
    [
        (r"\lambda_{\max}", 2),
        (r"\lambda^{\max}", 2),
        (r"\lambda_{\max}^2", 3),
        (r"\log_2 x", 2),
    ],
)
def test_a_name_in_a_script_is_one_child(tex, num_children):
    html = mathematics.mathml(tex, display=False)
    script = BeautifulSoup(html, "html.parser").find(
        re.compile("^ms(ub|up|ubsup)$")
    )
    assert len(script.find_all(recursive=False)) == num_children


def operators(tex):
    html = mathematics.mathml(tex, display=True)
    return BeautifulSoup(html, "html.parser").find_all("mo")


def test_bars_stand_close_to_what_they_hold():
    for tex in (r"\lvert e \rvert", r"\lVert e \rVert"):
        bars = operators(tex)
        assert len(bars) == 2
        assert all(bar["lspace"] == bar["rspace"] == "0" for bar in bars)
    (given,) = operators(r"x \mid y")  # a relation
    assert not given.has_attr("lspace")


def test_a_prime_stands_beside_its_letter():
    assert "msup" not in mathematics.mathml("w'", display=False)
    assert "msup" in mathematics.mathml("w^2", display=False)


@pytest.mark.parametrize(
    "tex, accent", [(r"\hat{\mathbf{y}}", "\u02c6"), (r"\tilde x", "\u02dc")]
)
def test_accents_are_those_of_letters(tex, accent):
    assert [mark.text for mark in operators(tex)] == [accent]


def test_a_rule_stands_below_instead_of_a_brace():
    html = mathematics.mathml(r"\underbrace{a + b}_{c}", display=True)
    outer = BeautifulSoup(html, "html.parser").munder
    base, label = outer.find_all(recursive=False)
    assert (base["class"], base.text, label.text) == (["under"], "a+b", "c")
    assert not outer.munder


@pytest.mark.parametrize(
    "tex, is_sign",
    [
        ("x = -2", True),
        ("(2, -3)", True),
        ("(-x)", True),
        ("(x) - 2", False),
        (r"\lvert e \rvert - 2", False),
        ("b' - w", False),
        (r"x_1 - \cdots - x_n", False),
    ],
)
def test_a_minus_is_a_sign_or_a_difference(tex, is_sign):
    minuses = [mark for mark in operators(tex) if mark.text == "\u2212"]
    assert minuses
    for minus in minuses:
        assert (minus.get("form") == "prefix") == is_sign
