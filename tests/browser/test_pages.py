"""Every page is opened once in each view, and looked at from all sides.

The views differ in their colors and in their width, hardly in both: each page
is seen in light on a desktop and in dark on a phone, and one page of each kind
in the other two.
"""

import checks
import pytest

KINDS = ("index.html", "glossary.html", "03-backpropagation.html")
VIEWS = [
    pytest.param(page, theme, width, id=f"{page[:-5]}-{theme}-{width}")
    for page in [*checks.PAGES, "search.html?q=tensor"]
    for theme, width in (
        [("light", 1280), ("dark", 360), ("dark", 1280), ("light", 360)]
        if page.endswith(KINDS) and page.count("index") != page.count("/")
        else [("light", 1280), ("dark", 360)]
    )
]


@pytest.mark.parametrize("page, theme, width", VIEWS)
def test_nothing_is_wrong(visit, address, page, theme, width):
    view = visit(address + page, width=width, color_scheme=theme)
    assert checks.findings(view) == []
