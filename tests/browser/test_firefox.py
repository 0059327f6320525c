"""A smaller pass in Firefox; without one, this is skipped and says so."""

import firefox
import pytest
import section
from checks import ALL, PAGES, SCRIPT, is_narrow

pytestmark = pytest.mark.skipif(
    not firefox.installed(), reason="there is no Firefox: FIREFOX="
)
# A line over letters is as wide as each browser likes.
WIDTHS = """(() => { for (const e of document.querySelectorAll("main details"))
  e.open = true;
return document.fonts.ready.then(() =>
  [...document.querySelectorAll("main math")].map((e) => [e.textContent,
    e.textContent.includes("overline") ? 0 : e.getBoundingClientRect().width
      / parseFloat(getComputedStyle(e).fontSize)]))
})()"""
# A living figure is woken, and each slider is moved to both ends.
PLAY = """{ const said = [];
for (const host of document.querySelectorAll("[data-living]")) {
  host.scrollIntoView();
  while (!host.querySelector("[data-value]"))
    await new Promise((done) => setTimeout(done, 50));
  said.push(Object.fromEntries([...host.querySelectorAll("[data-value]")]
    .map((e) => [e.dataset.shows, Number(e.dataset.value)])));
  for (const slider of host.querySelectorAll("[type=range]"))
    for (const end of [slider.min, slider.max]) {
      slider.value = end;
      slider.dispatchEvent(new Event("input"));
    }
}
return said }"""
FIRST = """{ const found = () => document.querySelector("#search-results li a");
while (!found()) await new Promise((done) => setTimeout(done, 50));
return found().href }"""


@pytest.fixture(scope="module")
def fox(tmp_path_factory):
    fox = firefox.Firefox(tmp_path_factory.mktemp("profile"))
    yield fox
    fox.close()


@pytest.mark.parametrize("name", [p for p in PAGES if ALL or not is_narrow(p)])
def test_nothing_is_wrong_and_formulas_are_as_wide(fox, visit, address, name):
    fox.open(address + name)
    found = fox.ask(WIDTHS)
    wanted = visit(address + name, width=360).page.evaluate(WIDTHS)
    assert [text for text, _ in found] == [text for text, _ in wanted]
    for (text, width), (_, other) in zip(found, wanted, strict=True):
        assert width == pytest.approx(other, rel=0.15, abs=0.4), text
    path = (section.ROOT / name).with_suffix(".ipynb")
    page = section.read(path) if path.exists() else None
    shown = fox.ask(PLAY)
    living = page.living.values() if page else ()
    for numbers, given in zip(shown, living, strict=True):
        wanted = {key: numbers.get(key) for key in given["shows"]}
        assert given["shows"] == pytest.approx(wanted, rel=1e-4, abs=5e-4)
    assert fox.ask(f"{{ {SCRIPT} return findings() }}") == []
    assert fox.errors() == []


def test_the_search_finds_and_its_page_opens_and_marks(fox, address):
    fox.open(f"{address}search.html?q=broadcasting")
    fox.open(fox.ask(FIRST))
    assert "broadcasting" in fox.ask("location.href")
    assert fox.ask("CSS.highlights.get('found').size") > 0
    assert fox.errors() == []
