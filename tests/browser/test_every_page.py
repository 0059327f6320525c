"""Every page, in light on a desktop and in dark on a phone.

Colors do not depend on the width: the other two views are taken of a sample.
"""

import checks
import pytest

from conftest import PAGES

# Violations of accessibility that are left, each with its reason: none.
EXCEPTIONS = {}
SAMPLE = ("index", "search", "glossary", "03-backpropagation", "dataset")
VIEWS = [
    pytest.param(
        (page, theme, width),
        id=f"{page.removesuffix('.html')}-{theme}-{width}",
        marks=pytest.mark.xdist_group(f"{page}-{theme}-{width}"),
    )
    for page in PAGES
    for theme in ("light", "dark")
    for width in (1280, 360)
    if (theme == "light") == (width == 1280)
    or page.removesuffix(".html").endswith(SAMPLE)
]


@pytest.fixture(scope="module", params=VIEWS)
def view(request, browser, visit, address):
    page, theme, width = request.param
    view = visit(address + page, width=width, color_scheme=theme)
    yield view
    view.page.context.close()


def test_the_console_is_silent(view):
    assert view.errors == []


def test_nothing_comes_from_elsewhere(view, address):
    assert view.outside(address) == []


def test_a_first_view_is_light(view):
    size, requests = checks.weight(view)
    assert size <= 300_000
    assert requests <= 40


def test_nothing_sticks_out(view):
    assert checks.overflow(view.page) == []


def test_text_and_code_can_be_read(view):
    assert checks.small_print(view.page) == []


def test_pictures_are_described_and_whole(view):
    assert checks.pictures(view.page) == []


def test_it_is_accessible(view):
    found = checks.axe(view.page)
    assert [pair for pair in found if pair[0] not in EXCEPTIONS] == []


def test_code_has_contrast(view):
    assert checks.faint_code(view.page) == []
