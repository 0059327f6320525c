"""The theme, with a small book: hostile titles, and no repository yet."""

from io import StringIO

import layout
import pages
import pytest
import section
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

HOSTILE = """"></title><script>alert("T")</script> & <b>x</b>"""
PAGE = """# {0}

How `{0}` you make a page.

## Part `{0}`

Text.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return {page name: tree} of three pages in a row."""
    home = tmp_path_factory.mktemp("book")
    code = f"`{HOSTILE}`"
    names = ("index", "a", "b")
    for name in names:
        text = PAGE.replace("# {0}", f"# {code}").format(HOSTILE)
        if name == "index":
            text += "\n```{toctree}\na\nb\n```\n"
        (home / f"{name}.md").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout.notebooks, "site", lambda: ("", "main", "v1"))
        settings = {
            "extensions": ["myst_parser", "pages", "layout", "html_fixes"],
            "html_theme": "theme",
            "html_additional_pages": {"404": "404.html"},
            "html_js_files": ["book.js"],
            "project": HOSTILE,
        }
        said = StringIO()
        places = [home, None, home / "out", home / "trees"]
        Sphinx(*places, "html", settings, said, said).build()
    return {
        name: BeautifulSoup(
            (home / "out" / f"{name}.html").read_text("utf-8"), "html.parser"
        )
        for name in (*names, "404", "search")
    }


def test_titles_and_descriptions_are_text(built):
    for page in built.values():
        scripts = page.find_all("script")
        assert not any("alert" in script.get_text() for script in scripts)
        assert page.find("b") is None
    page = built["a"]
    meta = {
        m.get("property", m.get("name")): m.get("content") for m in page("meta")
    }
    assert meta["og:title"] == HOSTILE
    assert meta["description"] == f"How {HOSTILE} you make a page."
    assert meta["og:description"] == meta["description"]
    assert meta["og:site_name"] == HOSTILE
    assert page.title.get_text() == f"{HOSTILE} · {HOSTILE}"
    for rel in ("prev", "next"):
        assert page.find("link", rel=rel)["title"] == HOSTILE
        assert HOSTILE in page.find("a", rel=rel).get_text()
    assert HOSTILE in page.find(class_="contents").get_text()
    assert HOSTILE in page.find(class_="onpage").get_text()


def test_a_book_without_a_repository_links_to_none(built):
    for page in built.values():
        assert page.find("link", rel="canonical") is None
        assert page.find("meta", property="og:url") is None
        assert all(a["href"] != "" for a in page("a"))
        names = {a.get_text() for a in page("a")}
        assert not names & {"Edit", "Repository", "Open in Colab", "MIT"}
        assert not page.find("link", type="application/atom+xml")
    links = [tag["href"] for tag in built["404"](["a", "link"])]
    assert not any(link.startswith("/") for link in links)


def test_the_open_page_is_named_in_the_contents(built):
    here = built["a"].select(".contents a[aria-current=page]")
    assert [a["href"] for a in here] == ["#"]


def test_actions_need_a_repository(monkeypatch):
    page = section.sections()[0]
    monkeypatch.setattr(pages.notebooks, "site", lambda: ("", "main", "v1"))
    assert pages.actions(page) == {}
    address = "https://github.com/someone/book"
    monkeypatch.setattr(
        pages.notebooks, "site", lambda: (address, "main", "v1")
    )
    assert pages.actions(page)["Edit"].startswith(f"{address}/edit/main/")
