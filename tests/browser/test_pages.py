"""Every page is opened, and looked at from all sides.

The views differ in their colors and in their width, hardly in both. So on a
change each page is seen once, in light on a desktop or in dark on a phone, and
one page of each kind in all four. With D2LMINI_VIEWS=all, every page is; so it
is once a week, and before anything is published.
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
VIEWS = DESKTOP, *_, PHONE = list(product(["light", "dark"], [1280, 360]))
SEEN = {(p, PHONE if checks.is_narrow(p) else DESKTOP) for p in PAGES}
SEEN |= set(product(PAGES if checks.ALL else KINDS, VIEWS))


@pytest.mark.parametrize("page, look", sorted(SEEN), ids=str)
def test_nothing_is_wrong(visit, address, page, look):
    theme, width = look
    view = visit(address + page, width=width, color_scheme=theme)
    assert checks.findings(view) == []
