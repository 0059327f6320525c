"""The theme, with a small book of hostile titles."""

import re
from io import StringIO

import layout
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

HOSTILE = """"></title><script>alert("T")</script> & <b>x</b>"""
CODE = f"`{HOSTILE}`"
PAGE = f"# {CODE}\n\nHow {CODE} you make a page.\n\n## Part {CODE}\n\nText.\n"
NAMES = "index", "a", "b"
SETTINGS = {
    "extensions": ["myst_parser", "pages", "layout", "html_fixes"],
    "html_theme": "theme",
    "html_additional_pages": {"404": "404.html", "search": "search.html"},
    "html_js_files": ["book.js", "reading.js"],
    "project": HOSTILE,
}


def build(home, repository):
    """Return {page name: tree} of three pages in a row."""
    for name in NAMES:
        text = PAGE
        if name == "index":
            text += "\n```{toctree}\na\nb\n```\n"
        (home / f"{name}.md").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout.repository, "site", lambda: (repository, "main"))
        said = StringIO()
        places = [home, None, home / "out", home / "trees"]
        Sphinx(*places, "html", SETTINGS, said, said).build()
    return {
        name: BeautifulSoup(
            (home / "out" / f"{name}.html").read_text("utf-8"), "html.parser"
        )
        for name in (*NAMES, "404", "search")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("book"), "")


def meta(page):
    return {
        m.get("property", m.get("name")): m.get("content") for m in page("meta")
    }


def test_titles_and_descriptions_are_text(built):
    for page in built.values():
        scripts = page.find_all("script")
        assert not any("alert" in script.get_text() for script in scripts)
        assert page.find("b") is None
    page = built["a"]
    about = meta(page)
    assert about["og:title"] == about["og:site_name"] == HOSTILE
    assert about["description"] == f"How {HOSTILE} you make a page."
    assert about["og:description"] == about["description"]
    assert page.title.get_text() == f"{HOSTILE} · {HOSTILE}"
    for rel in ("prev", "next"):
        assert page.find("link", rel=rel)["title"] == HOSTILE
        assert HOSTILE in page.find("a", rel=rel).get_text()
    for name in ("contents", "onpage"):
        assert HOSTILE in page.find(class_=name).get_text()
    assert re.fullmatch(r"--title: '[\w .,:\\-]+'", page.html["style"])
    (here,) = page.select(".contents a[aria-current=page]")
    assert here["href"] == "#"


def test_a_book_without_a_repository_links_to_none(built):
    for page in built.values():
        assert page.find("link", rel="canonical") is None
        assert "og:url" not in meta(page)
        assert all(a["href"] != "" for a in page("a"))
        assert not {a.get_text() for a in page("a")} & {"Repository", "MIT"}
    links = [tag["href"] for tag in built["404"](["a", "link"])]
    assert not any(link.startswith("/") for link in links)


def test_a_book_with_a_repository_says_where_it_is_published(tmp_path):
    built = build(tmp_path, "https://github.com/someone/book")
    site = "https://someone.github.io/book/"
    about = meta(built["a"])
    assert built["a"].find("link", rel="canonical")["href"] == f"{site}a.html"
    assert about["og:url"] == f"{site}a.html"
    assert about["og:image"] == f"{site}_static/card.png"
    sitemap = (tmp_path / "out" / "sitemap.xml").read_text("utf-8")
    assert sitemap.count("<loc>") == len(NAMES)
    assert f"<loc>{site}a.html</loc>" in sitemap
    links = [tag["href"] for tag in built["404"](["a", "link"])]
    assert "/book/index.html" in links
