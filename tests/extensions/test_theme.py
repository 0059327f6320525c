"""The theme, with a small book of hostile titles."""

import json
import re
from io import StringIO

import about
import html_fixes
import pytest
import repository
from sphinx.application import Sphinx

HOSTILE = """"></title><script>alert("T")</script> & <b>x</b>"""
CODE = f"`{HOSTILE}`"
PAGE = f"# {CODE}\n\nHow {CODE} you make a page.\n\n## Part {CODE}\n\nText.\n"
INDEX = f"{PAGE}\n```{{toctree}}\na\nb\n```\n"
SETTINGS = {
    "extensions": ["myst_parser", "pages", "layout", "html_fixes"],
    "html_theme": "theme",
    "html_additional_pages": {"404": "404.html", "search": "search.html"},
    "html_js_files": ["book.js", "reading.js"],
    "project": HOSTILE,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return {name: tree} of all pages of a book with a repository."""
    home = tmp_path_factory.mktemp("book")
    for name, text in {"index": INDEX, "a": PAGE, "b": PAGE}.items():
        (home / f"{name}.md").write_text(text, "utf-8")
    places = home, None, home / "out", home / "trees"
    with pytest.MonkeyPatch.context() as patch:
        site = "https://github.com/someone/book", "main"
        patch.setattr(repository, "site", lambda: site)
        app = Sphinx(*places, "html", SETTINGS, StringIO(), StringIO())
        app.connect("html-page-context", about.describe, priority=600)
        app.build()
    return {
        path.stem: html_fixes.Page(path.read_text("utf-8"))
        for path in (home / "out").glob("*ml")
    }


def properties(page):
    tags = page("meta", content=True)
    return {
        tag.get("property", tag.get("name")): tag["content"] for tag in tags
    }


def facts(page):
    return json.loads(page.find("script", type="application/ld+json").string)


def test_titles_and_descriptions_are_text(published):
    for page in published.values():
        assert page.find("b") is None
        assert not any(
            "alert" in tag.get_text() for tag in page("script", type=None)
        )
    page = published["a"]
    said, known = properties(page), facts(page)
    assert said["og:title"] == said["og:site_name"] == HOSTILE
    assert said["description"] == f"How {HOSTILE} you make a page."
    assert known["description"] == said["description"]
    assert known["name"] == said["citation_title"] == HOSTILE
    assert said["citation_author"] == known["author"][0]["name"]
    assert known["datePublished"][:4] == said["citation_publication_date"][:4]
    assert said["citation_language"] == "en"
    (book,) = {facts(published["index"])["name"], known["isPartOf"]["name"]}
    assert book == said["citation_inbook_title"]
    assert page.title.get_text() == f"{HOSTILE} · {HOSTILE}"
    for rel in ("prev", "next"):
        assert page.find("link", rel=rel)["title"] == HOSTILE
        assert HOSTILE in page.find("a", rel=rel).get_text()
    for name in ("contents", "onpage"):
        assert HOSTILE in page.find(class_=name).get_text()
    assert re.fullmatch(r"--title: '[\w .,:\\-]+'", page.html["style"])
    (here,) = page.select(".contents a[aria-current=page]")
    assert here["href"] == "#"


def test_a_book_with_a_repository_says_where_it_is_published(published):
    site = "https://someone.github.io/book/"
    page = published["a"]
    assert page.find("link", rel="canonical")["href"] == f"{site}a.html"
    feed = page.find("link", type="application/atom+xml")
    assert feed["href"] == f"{site}feed.xml"
    said = properties(page)
    assert said["og:url"] == facts(page)["url"] == f"{site}a.html"
    assert said["og:image"] == f"{site}_static/card.png"
    assert page.find("a", string="Repository")
    assert published["404"].find(class_="brand")["href"] == "/book/index.html"
    links = [tag.string for tag in published["sitemap"]("loc")]
    assert links == [f"{site}{name}.html" for name in ("a", "b", "index")]
