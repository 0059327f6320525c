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
