"""What lies in the folder of the site, and in the archive."""

import json
import re
import struct
import subprocess
import sys
import zipfile

import archive
import checks
import pytest
import section
from checks import PAGES, PREFIX, SITE, URL
from fontTools.ttLib import TTFont

NOTEBOOKS = section.everything()
# In one process, each page is read once.
pytestmark = pytest.mark.xdist_group("files")


def page_of(notebook):
    return checks.read(SITE / notebook.name.replace(".ipynb", ".html"))


def words(tag):
    return " ".join(tag.get_text().split())


def test_links_lead_somewhere():
    assert checks.broken_links(SITE) == []


def test_the_page_for_errors_links_from_the_root():
    page = checks.read(SITE / "404.html")
    links = [tag["href"] for tag in page(["a", "link"]) if tag.has_attr("href")]
    inside = [link for link in links if not re.match("https?:|#", link)]
    assert inside
    for link in inside:
        path = link.removeprefix(PREFIX if URL else "").partition("?")[0]
        assert (SITE / path).is_file()


def test_figures_are_small():
    sizes = [path.stat().st_size for path in (SITE / "_images").iterdir()]
    assert 0 < max(sizes) <= 30_000


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.id)
def test_a_page_is_its_notebook(notebook):
    page, run = page_of(notebook), notebook.run
    drawing = [c for c in notebook.code for _ in section.pictures(c.outputs)]
    described = [section.alternative(cell) for cell in drawing]
    assert [image["alt"] for image in page.main("img")] == described
    for paragraph in page.main("p"):
        assert not paragraph.get_text().startswith("|")  # a table, unread
    link = page.find("a", string="Download")["href"]
    path = SITE / notebook.name
    assert (path.parent / link).read_bytes() == notebook.path.read_bytes()
    where = f"Python {run['python']} and PyTorch {run['torch']}"
    last = words(page.find(class_="run"))
    assert where in last and f"{run['seconds']} seconds, all passed" in last
    rows = checks.read(SITE / "status.html").main("tr")
    (row,) = (r for r in rows if r.a and r.a["href"] in str(path)[:-5] + "html")
    stated = [run[key] for key in ("date", "python", "torch")]
    assert [cell.get_text() for cell in row("td")][1:4] == stated


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.id)
def test_no_fold_is_named_like_its_neighbor(notebook):
    for fold in page_of(notebook).select("main section > .cell details"):
        cell = fold.find_parent(class_="cell").find_next_sibling()
        if cell and cell.details:
            assert cell.summary.get_text() != fold.summary.get_text()


def test_sections_say_where_they_stand_and_how_long_they_take():
    pages = [page_of(notebook) for notebook in section.sections()]
    for i, page in enumerate(pages, 1):
        where = f"Section {i} of {len(pages)}"
        assert page.find(class_="place").span.get_text() == where
        about = words(page.find(class_="about").p)
        assert re.fullmatch("[1-9].* min to read, [1-9].* s to run", about)


def test_every_page_can_be_shared_and_found():
    text = (SITE / "_static" / "search-text.js").read_text("utf-8")
    book = json.loads(text.removeprefix("const BOOK = ").rstrip(";\n"))
    pages = set(PAGES) - {"404.html", "search.html"}
    assert {link for link, _ in book} == pages
    for path in pages:
        about = checks.read(SITE / path).find(
            "meta", attrs={"name": "description"}
        )
        assert len(about["content"]) >= 20


def test_the_card_is_a_picture_of_the_usual_size():
    card = (SITE / "_static" / "card.png").read_bytes()
    assert card[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", card[16:24]) == (1200, 630)


def test_the_font_of_formulas_has_all_their_signs():
    """A letter that it lacks comes from another face; a root is not drawn."""
    html = "".join(path.read_text("utf-8") for path in SITE.rglob("*.html"))
    formulas = "".join(re.findall(r"<math.*?</math>", html, re.S))
    formulas = re.sub("<annotation.*?</annotation>", "", formulas)
    signs = {
        ord("√"),
        ord("𝜕"),
        *map(ord, re.sub("<[^>]*>|&[a-z]+;", "", formulas)),
    }
    font = TTFont(SITE / "_static" / "fonts" / "math.woff2")
    invisible = {0x20, 0xA0, 0x2009, 0x200B, 0x2061, 0x2062, 0x2063, 0x0A}
    assert len(signs) > 100
    assert signs - invisible <= font.getBestCmap().keys()


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
    assert visit((home / "site" / "index.html").as_uri()).errors == []
    for notebook in NOTEBOOKS:
        copy = home / notebook.name
        assert copy.read_bytes() == notebook.path.read_bytes()
        for name in re.findall(r'"lab" / "([^"]+)"', str(notebook.cells)):
            assert (home / "lab" / name).is_file()
    setup = next(cell.source for cell in notebook.cells if cell.id == "setup")
    code = f"{setup}\nimport d2lmini\nprint(d2lmini.__file__)"
    found = subprocess.check_output(
        [sys.executable, "-P", "-c", code], cwd=copy.parent, text=True
    )
    assert found.strip() == str(home / "d2lmini" / "__init__.py")
