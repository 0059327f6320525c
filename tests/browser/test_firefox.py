"""A smaller pass in Firefox; without one, this is skipped and says so."""

import firefox
import pytest
import section
from checks import ALL, PAGES, ask, is_narrow

pytestmark = pytest.mark.skipif(
    not firefox.PATH, reason="there is no Firefox: FIREFOX="
)


@pytest.fixture(scope="module")
def fox(tmp_path_factory):
    fox = firefox.Firefox(tmp_path_factory.mktemp("profile"))
    yield fox
    fox.close()


@pytest.mark.parametrize("name", [p for p in PAGES if ALL or not is_narrow(p)])
def test_nothing_is_wrong_and_formulas_are_as_wide(fox, visit, address, name):
    fox.open(address + name)
    found = fox.ask("widths()")
    wanted = ask(visit(address + name, width=360).page, "widths")
    assert [text for text, _ in found] == [text for text, _ in wanted]
    for (text, width), (_, other) in zip(found, wanted, strict=True):
        assert width == pytest.approx(other, rel=0.15, abs=0.4), text
    path = (section.ROOT / name).with_suffix(".ipynb")
    page = section.read(path) if path.exists() else None
    shown = fox.ask("play()")
    living = page.living.values() if page else ()
    for numbers, given in zip(shown, living, strict=True):
        wanted = {key: numbers.get(key) for key in given["shows"]}
        assert given["shows"] == pytest.approx(wanted, rel=1e-4, abs=5e-4)
    assert fox.ask("findings()") == []
    assert fox.errors() == []


def test_the_search_finds_and_its_page_opens_and_marks(fox, address):
    fox.open(f"{address}search.html?q=broadcasting")
    fox.open(fox.ask("firstHit()"))
    assert "broadcasting" in fox.ask("location.href")
    assert fox.ask("CSS.highlights.get('found').size") > 0
    assert fox.errors() == []
