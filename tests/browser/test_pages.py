"""Every page is opened once in each view, and looked at from all sides.

The views differ in their colors and in their width, hardly in both: each page
is seen in light on a desktop and in dark on a phone, and one page of each kind
in the other two.
"""

from itertools import product

import checks
import pytest

PAGES = [*checks.PAGES, "search.html?q=tensor"]
KINDS = [
    "index.html",
    "glossary.html",
    "chapters/05-multilayer-perceptrons/03-backpropagation.html",
]
VIEWS = [
    *product(PAGES, [("light", 1280), ("dark", 360)]),
    *product(KINDS, [("dark", 1280), ("light", 360)]),
]


@pytest.mark.parametrize("page, look", VIEWS, ids=str)
def test_nothing_is_wrong(visit, address, page, look):
    theme, width = look
    view = visit(address + page, width=width, color_scheme=theme)
    assert checks.findings(view) == []
