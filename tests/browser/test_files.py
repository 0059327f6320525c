"""What lies in the folder of the site, and in the archive."""

import bz2
import json
import re
import subprocess
import sys
import zipfile
from base64 import b64decode

import archive
import checks
import pytest
import repository
import section
from checks import PAGES, SITE, URL
from fontTools.ttLib import TTFont

NOTEBOOKS, SECTIONS = section.everything(), section.sections()
HTML = "".join(path.read_text("utf-8") for path in SITE.rglob("*.html"))
LIMITS = {
    "_images/*": 40_000,
    "_static/kit.js": 18_000,
    "_static/kit.css": 7_000,
    "_static/*/figure.js": 12_000,
    "_static/*-[0-9E].[0-9].js": 450_000,  # what a figure loads
}
# In one process, each page is read once.
pytestmark = pytest.mark.xdist_group("files")


def read(notebook):
    return checks.read((SITE / notebook.name).with_suffix(".html"))


def words(tag):
    return " ".join(tag.get_text().split())


def test_links_lead_somewhere():
    assert checks.broken_links(SITE) == []


def test_no_style_or_script_lies_there_unused():
    static = SITE / "_static"
    scripts = "".join(p.read_text("utf-8") for p in static.glob("*.js"))
    for path in [*static.glob("*.css"), *static.glob("*.js")]:
        assert path.name in HTML + scripts


@pytest.mark.parametrize("pattern, limit", LIMITS.items())
def test_figures_are_small(pattern, limit):
    sizes = [path.stat().st_size for path in SITE.glob(pattern)]
    assert 0 < max(sizes) <= limit


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.id)
def test_a_page_is_its_notebook(notebook):
    page, run = read(notebook), notebook.run
    code = [page.read(box) for box in page.select(".cell_input pre")]
    assert code == [f"{cell.source}\n" for cell in notebook.code]
    with_pictures = [c for c in notebook.code if section.pictures(c.outputs)]
    described = [section.alternative(cell) for cell in with_pictures]
    assert [image["alt"] for image in page.main("img")] == described
    for paragraph in page.main("p"):
        assert not paragraph.get_text().startswith("|")  # a table, unread
    link = (SITE / notebook.name).parent / page.find(download=True)["href"]
    assert link.read_bytes() == notebook.path.read_bytes()
    about = words(page.find(class_="about").p)
    assert re.fullmatch("[1-9].* min to read, [1-9].* s to run", about)
    if notebook in SECTIONS:
        place = f"Section {SECTIONS.index(notebook) + 1} of {len(SECTIONS)}"
        assert words(page.find(class_="place")).endswith(place)
    last = words(page.find(class_="run"))
    assert f"Python {run['python']} and PyTorch {run['torch']}" in last
    assert f"{run['seconds']} seconds, all passed" in last
    status = checks.read(SITE / "status.html").main
    name = notebook.name.replace(".ipynb", ".html")
    row = status.find("a", href=name).find_parent("tr")
    stated = [words(cell) for cell in row("td")][1:4]
    assert stated == [run["date"], run["python"], run["torch"]]


def test_every_page_can_be_shared_and_found():
    text = (SITE / "_static" / "search-text.js").read_text("utf-8")
    book = json.loads(bz2.decompress(b64decode(text.split('"')[1])))
    pages = set(PAGES) - {"404.html", "search.html"}
    assert {link for link, _ in book} == pages
    for path in pages:
        page = checks.read(SITE / path)
        about = page.find("meta", attrs={"name": "description"})
        assert len(about["content"]) >= 20
        assert bool(page.find("link", rel="canonical")) == bool(URL)


def test_terms_lead_to_the_glossary_and_korean_ones_are_marked():
    for term in checks.read(SITE / "glossary.html").select(".terms > dt"):
        assert f'glossary.html#{term["id"]}"' in HTML
        assert term.select_one('[lang="ko"]')


def test_font_and_style_have_what_formulas_are_made_of():
    """A letter that a font lacks comes from another; a root is not drawn."""
    formulas = "".join(re.findall(r"<math.*?</math>", HTML, re.S))
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
    style = (SITE / "_static" / "book.css").read_text("utf-8")
    used, known = (re.findall(r"tml-\w+", text) for text in (formulas, style))
    to_no_effect = {"tml-display", "tml-prime", "tml-sml", "tml-med", "tml-lrg"}
    assert used and set(used) <= to_no_effect | set(known)


def test_the_archive_holds_a_site_to_read_and_notebooks_to_run(tmp_path, visit):
    with zipfile.ZipFile(archive.pack(tmp_path / "packed")) as file:
        file.extractall(tmp_path)
        # The same files give the same archive, whenever it is packed.
        assert {entry.date_time[0] for entry in file.infolist()} == {1980}
    home = tmp_path / repository.archive()
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
