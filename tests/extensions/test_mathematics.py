"""Formulas become MathML that needs no script and no font of ours."""

import hashlib

import dukpy
import mathematics
import pytest

VENDOR = mathematics.TEMML.parent.parent


def test_vendored_files_are_the_ones_that_are_listed():
    listed = (VENDOR / "SHA256").read_text("utf-8").splitlines()
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.glob("*/*")}
    names = {line.partition("  ")[2] for line in listed}
    assert names == files | {"../d2lmini/penguins.csv"}
    for line in listed:
        digest, _, name = line.partition("  ")
        assert (
            hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        )


@pytest.mark.parametrize(
    "tex, part",
    [
        ("w'", "<mrow><mi>w</mi><mo"),  # it stands beside its letter
        (r"\underbrace{a}_c", '<munder><mrow class="under">'),
    ],
)
def test_a_formula_is_made_of_what_browsers_draw_well(tex, part):
    html = mathematics.mathml(tex, display=True)
    assert part in html and "\N{BOTTOM CURLY BRACKET}" not in html


@pytest.mark.parametrize("tex", [r"\frac{1}", r"\nosuchcommand"])
def test_what_is_no_formula_stops_the_build(tex):
    with pytest.raises(dukpy.JSRuntimeError, match="ParseError"):
        mathematics.mathml(tex, display=False)


def test_the_number_of_an_equation_stands_beside_it():
    html = mathematics.display(r"y = x \tag{3.1.4}")
    assert html.endswith('<span class="number">(3.1.4)</span></div>\n')
    assert html.count("3.1.4") == 2 and "tml-tag" not in html
