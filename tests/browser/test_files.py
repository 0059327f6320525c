"""What lies in the folder of the site, and in the archive."""

import json
import re
import struct
import subprocess
import sys
import zipfile

import archive
import checks
import nbformat
import notebooks
import pytest
import section
import setup_cell
from fontTools.ttLib import TTFont

from conftest import BRANCH, PAGES, PREFIX, SITE, URL

NOTEBOOKS = {
    path.relative_to(notebooks.ROOT).with_suffix("").as_posix(): path
    for path in section.paths()
}


@pytest.fixture(params=NOTEBOOKS)
def name(request):
    return request.param


@pytest.fixture
def page(name):
    return checks.read(SITE / f"{name}.html")


@pytest.fixture
def stored(name):
    return nbformat.read(NOTEBOOKS[name], as_version=4)


def test_every_notebook_is_a_page():
    assert {f"{name}.html" for name in NOTEBOOKS} <= set(PAGES)


def test_the_html_is_valid():
    assert checks.invalid(SITE) == []


def test_links_lead_somewhere():
    assert checks.broken_links(SITE) == []


def test_the_page_for_errors_links_from_the_root():
    page = checks.read(SITE / "404.html")
    links = [tag["href"] for tag in page(["a", "link"]) if tag.has_attr("href")]
    inside = [link for link in links if not re.match("https?:|#", link)]
    assert len(inside) > 20
    root = PREFIX if URL else ""
    for link in inside:
        assert link.startswith(root)
        path = link.removeprefix(root).partition("?")[0]
        assert (SITE / path).is_file()


def test_figures_are_small():
    figures = list((SITE / "_images").iterdir())
    assert figures
    assert [f.name for f in figures if f.stat().st_size > 30_000] == []


def test_every_stored_picture_reaches_the_page_with_its_description(
    page, stored
):
    described = [
        cell.metadata["mystnb"]["image"]["alt"]
        for cell in stored.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    pictures = [image["alt"] for image in page.main("img")]
    assert pictures == described


def test_a_table_that_a_cell_shows_is_a_table(page):
    for paragraph in page.main("p"):
        texts = paragraph.find_all(string=True)
        texts = [text for text in texts if not text.find_parent("math")]
        assert not "".join(texts).startswith("|")


def test_a_page_says_on_what_it_was_last_run(page, stored):
    run = stored.metadata["d2lmini"]
    text = " ".join(page.find(class_="run").get_text().split())
    assert page.find(class_="run").time["datetime"] == run["date"]
    assert f"Python {run['python']} and PyTorch {run['torch']}" in text
    assert f"in {run['seconds']} seconds, all passed" in text


def test_the_status_page_has_every_page(name, stored):
    run = stored.metadata["d2lmini"]
    rows = checks.read(SITE / "status.html").main("tr")
    row = next(r for r in rows if r.a and r.a["href"] == f"{name}.html")
    cells = [cell.get_text() for cell in row("td")]
    assert cells[1:4] == [run["date"], run["python"], run["torch"]]
    assert cells[5:] == [str(run["seconds"]), "all passed"]


def test_a_page_can_be_opened_edited_reported_and_downloaded(name, page):
    links = {a.get_text(): a["href"] for a in page.find(class_="about")("a")}
    copy = (SITE / f"{name}.html").parent / links.pop("Download")
    assert copy.read_bytes() == NOTEBOOKS[name].read_bytes()
    assert sorted(links) == sorted(
        URL and ["Edit", "Open in Colab", "Open in Kaggle", "Report an error"]
    )
    for link in links.values():
        where = link.rpartition("?src=")[2]
        for other in (
            "colab.research.google.com/github",
            "raw.githubusercontent.com",
        ):
            where = where.replace(other, "github.com")
        assert where.startswith(f"{URL}/")
        assert f"{BRANCH}/{name}.ipynb" in link or "/issues/new?title=" in link


def test_a_page_says_where_it_stands_and_how_long_it_takes(page, stored):
    text = " ".join(page.find(class_="about").p.get_text().split())
    assert re.fullmatch(r"[1-9]\d* min to read, [1-9]\d* s to run", text)
    title = page.h1.get_text()
    if title[0].isdigit():
        numbers = [n for n in NOTEBOOKS if re.search(r"chapters/\d\d", n)]
        where = page.find(class_="place").span.get_text()
        assert re.fullmatch(rf"Section \d+ of {len(numbers)}", where)


def test_sections_are_counted_in_reading_order():
    places = [
        int(
            checks.read(SITE / f"{name}.html")
            .find(class_="place")
            .span.get_text()
            .split()[1]
        )
        for name in NOTEBOOKS
        if name.startswith("chapters/")
    ]
    assert places == list(range(1, len(places) + 1))


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p not in ("404.html", "search.html")]
)
def test_every_page_can_be_shared_and_found(path):
    page = checks.read(SITE / path)
    meta = {
        m.get("property", m.get("name")): m.get("content") for m in page("meta")
    }
    assert meta["og:title"] == page.h1.find(string=True)
    assert len(meta["description"]) >= 20
    assert meta["og:description"] == meta["description"]
    canonical = page.find("link", rel="canonical")
    if not URL:  # nobody knows yet where that is
        assert canonical is None and "og:url" not in meta
        return
    site = canonical["href"].removesuffix(path)
    owner, repository = URL.removeprefix("https://github.com/").split("/")
    assert site == f"https://{owner}.github.io/{repository}/"
    assert f"<loc>{site}{path}</loc>" in (SITE / "sitemap.xml").read_text()
    assert meta["og:url"] == site + path
    assert meta["og:image"] == f"{site}_static/card.png"


def test_the_sitemap_lists_what_there_is():
    if not URL:
        assert not (SITE / "sitemap.xml").exists()
        return
    text = (SITE / "sitemap.xml").read_text()
    assert text.count("<loc>") == len(PAGES) - 2
    assert "404" not in text and "search" not in text


def test_the_card_is_a_picture_of_the_usual_size():
    card = (SITE / "_static" / "card.png").read_bytes()
    assert card[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", card[16:24]) == (1200, 630)


def test_the_text_to_search_holds_every_page():
    text = (SITE / "_static" / "search-text.js").read_text("utf-8")
    book = json.loads(text.removeprefix("const BOOK = ").rstrip(";\n"))
    pages = {link for link, _ in book}
    assert pages == set(PAGES) - {"404.html", "search.html"}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return archive.pack(tmp_path_factory.mktemp("packed"))


def test_the_archive_is_the_same_every_time(packed, tmp_path):
    assert archive.pack(tmp_path).read_bytes() == packed.read_bytes()


def test_the_archive_holds_a_site_to_read_and_notebooks_to_run(
    packed, tmp_path, visit
):
    with zipfile.ZipFile(packed) as file:
        file.extractall(tmp_path)
    (home,) = tmp_path.iterdir()
    view = visit((home / "site" / "index.html").as_uri())
    assert view.errors == []
    for path in NOTEBOOKS.values():
        copy = home / path.relative_to(notebooks.ROOT)
        assert copy.read_bytes() == path.read_bytes()
        cells = nbformat.read(copy, as_version=4).cells
        for name in re.findall(r'"lab" / "([^"]+)"', str(cells)):
            assert (home / "lab" / name).is_file()
        setup = next(cell.source for cell in cells if cell.id == "setup")
        code = f"{setup}\nfrom importlib.util import find_spec"
        code += "\nprint(find_spec('d2lmini').origin)"
        found = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=copy.parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert found.strip() == str(home / "d2lmini" / "__init__.py")
    ours = setup_cell.checksum(notebooks.ROOT / "d2lmini")
    assert setup_cell.checksum(home / "d2lmini") == ours


def test_the_font_of_formulas_has_all_their_signs():
    # A letter that it lacks comes from another face; a root is then not drawn.
    font = TTFont(SITE / "_static" / "fonts" / "math.woff2")
    formulas = [
        formula
        for path in PAGES
        for formula in checks.read(SITE / path).select("math > semantics")
    ]
    assert len(formulas) > 200
    signs = {ord("√")} if any(f.find("msqrt") for f in formulas) else set()
    for formula in formulas:
        for letter in formula(["mi", "mo", "mn", "mtext"]):
            signs |= set(map(ord, letter.get_text()))
    invisible = {0x20, 0xA0, 0x2009, 0x200B, 0x2061, 0x2062, 0x2063}
    assert signs - invisible <= font.getBestCmap().keys()


def test_no_line_begins_with_the_point_behind_a_formula():
    formulas = [
        formula
        for path in PAGES
        for formula in checks.read(SITE / path).select(
            "main math:not([display])"
        )
    ]
    free = [f for f in formulas if f.parent.get("class") != ["kept"]]
    assert len(formulas) - len(free) > 100
    for formula in free:
        assert not re.match(r"[.,;:)]", str(formula.next_sibling or ""))


def test_lines_are_not_broken_inside_a_reference_or_short_code(page):
    for link in page.select("main p a"):
        assert not re.search(r"\d\.\d [A-Z]", link.get_text())
    for code in page.select("main p code"):
        if code.find_parent("td"):  # columns are narrow
            continue
        short = len(code.get_text()) <= 30
        assert ("kept" in code.get("class", [])) == short


def test_no_fold_is_named_like_its_neighbor(page):
    for fold in page.select("main section > .cell details"):
        cell = fold.find_parent(class_="cell").find_next_sibling()
        if cell and cell.details:
            assert cell.summary.get_text() != fold.summary.get_text()
