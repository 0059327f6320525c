"""The theme, with a small book of hostile titles."""

import json
import re


def properties(page):
    tags = page("meta", content=True)
    return {
        tag.get("property", tag.get("name")): tag["content"] for tag in tags
    }


def facts(page):
    return json.loads(page.find("script", type="application/ld+json").string)


def test_titles_and_descriptions_are_text(small):
    for page in small.pages.values():
        assert page.find("b") is None
        scripts = page("script", type=None)
        assert not any("alert" in tag.get_text() for tag in scripts)
    page, hostile = small.pages["a"], small.title
    said, known = properties(page), facts(page)
    for title in ("og:title", "og:site_name", "citation_title"):
        assert said[title] == known["name"] == hostile
    words = f"How {hostile} you make a page."
    assert said["description"] == known["description"] == words
    assert said["citation_author"] == known["author"][0]["name"]
    date = known["datePublished"].replace("-", "/")
    assert said["citation_publication_date"] == date
    book = facts(small.pages["index"])["name"]
    assert book == said["citation_inbook_title"] == known["isPartOf"]["name"]
    assert page.title.get_text() == f"{hostile} · {hostile}"
    assert page.find("link", rel="prev")["title"] == hostile
    for place in ({"rel": "prev"}, {"class": "contents"}, {"class": "onpage"}):
        assert hostile in page.find(["a", "details"], place).get_text()
    assert re.fullmatch(r"--title: '[\w .,:\\-]+'", page.html["style"])
    assert "class" not in page.html["style"]
    (here,) = page.select(".contents a[aria-current=page]")
    assert here["href"] == "#"


def test_a_book_with_a_repository_says_where_it_is_published(small):
    page, site = small.pages["a"], "https://someone.github.io/book/"
    said = properties(page)
    canonical = page.find("link", rel="canonical")["href"]
    assert f"{site}a.html" == canonical == said["og:url"] == facts(page)["url"]
    assert said["og:image"].startswith(site)
    home = small.pages["404"].find(class_="brand")["href"]
    assert home == "/book/index.html"
    names = "a", "api", "glossary", "index", "names"
    assert small.links == [f"{site}{name}.html" for name in names]
