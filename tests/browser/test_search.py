"""The search finds what is looked for, says so, and leads to the place."""

from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from checks import SITE

LONG = "chapters/02-preliminaries/02-data-preprocessing.html"
TABLE = Path(__file__).with_name("queries.yml")
QUERIES = yaml.safe_load(TABLE.read_text("utf-8"))
FOUND = "CSS.highlights.has('found')"
MARKED = """() => [...CSS.highlights.get("found")].map((range) => [
  range.toString(), range.startContainer.parentElement.checkVisibility()])"""


@pytest.fixture
def ask(visit, address):
    """Return a function that shows what is found for a query."""

    def show(query, address=address):
        return visit(f"{address}search.html?q={quote(query)}").page

    return show


def test_the_answer_is_among_the_first_three(ask):
    found = ask("").evaluate(
        """queries => queries.map((query) =>
          find(query)[0].slice(0, 3).map(({ link }) => `/${link}`))""",
        list(QUERIES),
    )
    for (query, place), links in zip(QUERIES.items(), found, strict=True):
        assert any(link.endswith(f"/{place}") for link in links), query


@pytest.mark.parametrize("query", ["xyzzyplugh", "☃", "***"])
def test_what_is_not_there_is_not_found_but_perhaps_elsewhere(ask, query):
    page = ask(query)
    assert page.get_by_role("status").inner_text() == "No sections"
    link = page.locator("#search-results a").last.get_attribute("href")
    assert link == f"https://d2l.ai/search.html?q={quote(query, safe='*')}"


@pytest.mark.parametrize(
    "query, word",
    [("brdcastin", "broadcasting"), ("regularisatoon", "regularization")],
)
def test_a_near_word_is_suggested(ask, query, word):
    page = ask(query)
    page.get_by_text("Did you mean").get_by_role("link").click()
    page.locator("#search-results li").nth(3).wait_for()
    assert page.get_by_role("searchbox").input_value() == word


def test_an_empty_query_is_asked_to_be_filled(ask):
    assert "Type" in ask("   ").get_by_role("status").inner_text()


def test_a_query_is_shown_as_text(ask):
    page = ask("<img src=x onerror=alert(1)>")
    assert page.get_by_role("searchbox").input_value().startswith("<img")
    assert page.locator("#search-results img").count() == 0


def test_a_slash_leads_to_the_search_and_typing_to_results(visit, address):
    page = visit(address + LONG).page
    page.keyboard.press("/")
    page.keyboard.type("a/b")
    assert page.get_by_role("searchbox").input_value() == "a/b"
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html**")
    field = page.get_by_role("searchbox")
    field.fill("")
    field.press_sequentially("broadc")
    first = page.locator("#search-results li a").first
    first.and_(page.get_by_text("Broadcasting")).wait_for()
    assert page.url.endswith("?q=broadc")


def test_a_solution_is_found_shown_and_not_told_before(ask):
    page = ask("Amdahl")
    hit = page.locator("#search-results li").first
    assert "Amdahl" not in hit.inner_text()
    hit.get_by_role("link", name="Solution").click()
    page.wait_for_function(FOUND)
    ((name, is_visible),) = page.evaluate(MARKED)
    assert name.startswith("Amdahl") and is_visible


@pytest.mark.parametrize(
    "query", ["nn.Sequential", "fully connected", "역전파"]
)
def test_a_page_marks_what_was_looked_for_from_a_folder_too(ask, query):
    page = ask(query, f"{SITE.as_uri()}/")
    page.locator("#search-results li a").first.click()
    page.wait_for_function(FOUND)
    marked = {text for text, _ in page.evaluate(MARKED)}
    assert marked & {query, "fully"}


def test_common_words_are_not_marked(ask):
    link = ask("mat1 and mat2 shapes").locator("#search-results li a").first
    marked = link.get_attribute("href").split("mark=")[1].partition("#")[0]
    assert {"mat1", "mat2"} <= set(marked.split("+"))
    assert "and" not in marked.split("+")


def test_hostile_words_to_mark_do_no_harm(visit, address):
    view = visit(f"{address}{LONG}?mark={quote('([ <b> * mean')}")
    assert view.errors == []
    assert {text for text, _ in view.page.evaluate(MARKED)} >= {"mean", "*"}
