"""What a reader does: search, fold, copy, choose a theme, print."""

from urllib.parse import quote

import checks
import pytest

from conftest import SITE, URL

LONG = "chapters/02-preliminaries/02-data-preprocessing.html"
QUERIES = {
    "broadcasting": "01-data-manipulation",
    "missing values": "02-data-preprocessing",
    "csv": "02-data-preprocessing",
    "dot product": "03-linear-algebra",
    "gradient": "05-automatic-differentiation",
    "requires_grad": "05-automatic-differentiation",
    "least squares": "01-linear-regression",
    "linear regression": "01-linear-regression",
    "HyperParameters": "02-object-oriented-design",
    "trainer": "02-object-oriented-design",
    "SGD": "04-linear-regression-from-scratch",
    "cross entropy": "01-softmax-regression",
    "one-hot": "01-softmax-regression",
    "fashion mnist": "02-image-classification-dataset",
    "confusion matrix": "03-base-classification-model",
    "overflow": "04-softmax-regression-from-scratch",
    "vanishing gradients": "01-multilayer-perceptrons",
    "nn.Sequential": "02-implementation-of-mlps",
    "backpropagation": "03-backpropagation",
    "license": "about",
    "mat1 and mat2 shapes cannot be multiplied": "01-linear-regression",
    "RuntimeError: mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)": (
        "03-linear-algebra"
    ),
    "could not infer output dtype": "03-linear-algebra",
    "modified by an inplace operation": "03-backpropagation",
    "overfitting": "02-implementation-of-mlps",
}
# What is found stands in this part of the page.
PARTS = {
    "역전파": "glossary.html#term-backpropagation",
    "경사 하강법": "glossary.html#term-gradient-descent",
    "경사하강법": "glossary.html#term-gradient-descent",
    "eigenvalue": "glossary.html#term-eigenvalue",
    "mat1 and mat2 shapes cannot be multiplied": "#products",
    "@": "#what-a-product-costs",
}


def first_hit(page):
    return page.locator("#search-results li a").first.get_attribute("href")


@pytest.fixture(scope="module")
def start(visit, address):
    return visit(address + LONG).page


@pytest.mark.parametrize("query, expected", QUERIES.items(), ids=list(QUERIES))
def test_search_finds(start, address, query, expected):
    start.goto(address + LONG)
    start.get_by_role("searchbox").fill(query)
    start.keyboard.press("Enter")
    assert first_hit(start).endswith(f"/{expected}.html")


@pytest.mark.parametrize("query, part", PARTS.items(), ids=list(PARTS))
def test_search_leads_to_the_place(start, address, query, part):
    start.goto(f"{address}search.html?q={quote(query)}")
    links = start.locator("#search-results li a").evaluate_all(
        "links => links.map((e) => e.getAttribute('href'))"
    )
    assert any(link.endswith(part) for link in links)


@pytest.mark.parametrize("query", ["xyzzyplugh", "∑", "***", "\N{SNOWMAN}"])
def test_search_says_when_it_finds_nothing(start, address, query):
    start.goto(f"{address}search.html?q={quote(query)}")
    assert start.get_by_role("status").inner_text() == "No pages"


@pytest.mark.parametrize("query", ["", "   "])
def test_search_asks_for_a_word(start, address, query):
    start.goto(f"{address}search.html?q={quote(query)}")
    assert start.get_by_role("status").inner_text().startswith("Type what")


def test_what_is_searched_for_is_shown_as_text(start, address):
    start.goto(address + "search.html?q=<img src=x onerror=alert(1)>")
    assert start.get_by_role("searchbox").input_value().startswith("<img")
    assert start.locator("#search-results img").count() == 0


def tab_to(page, selector, limit=400):
    """Press Tab until an element that matches has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return page.locator(":focus")
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_solution_opens_by_keyboard(visit, address):
    page = visit(address + LONG).page
    fold = tab_to(page, "#solutions summary").locator("..")
    text, code = fold.locator("p").first, fold.locator("pre").first
    assert not text.is_visible() and not code.is_visible()
    page.keyboard.press("Enter")
    assert text.is_visible() and code.is_visible()


def test_no_solution_shows_before_it_is_opened(visit, address):
    page = visit(address + LONG).page
    folds = page.locator("#solutions > details")
    count = folds.count()
    assert page.locator("#solutions > *").count() == 1 + count > 5
    shown = page.locator("#solutions").inner_text().replace("¶", "").split()
    numbers = [str(i + 1) for i in range(count)]
    assert shown == ["Solutions", *" Solution ".join(["", *numbers]).split()]


def test_a_link_to_a_solution_opens_it(visit, address):
    """Needs no script: a browser opens the fold that holds the target."""
    where = f"{address}{LONG}#solution-2"
    page = visit(where, java_script_enabled=False).page
    assert page.locator("#solution-2 p").first.is_visible()
    assert page.locator("#solutions > details[open]").count() == 1


def test_what_is_found_in_a_solution_is_shown(start, address):
    start.goto(address + "search.html?q=Amdahl")
    start.get_by_role("link", name="Solution 5").click()
    assert start.get_by_text("This is Amdahl").is_visible()


def test_code_is_copied_by_keyboard(visit, address):
    allowed = ["clipboard-read", "clipboard-write"]
    page = visit(address + LONG, permissions=allowed).page
    button = tab_to(page, ".copy")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.textContent == 'Copied'")
    shown = button.locator("..").locator("pre").text_content()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    assert "import torch" in shown


def test_code_is_copied_over_plain_http(visit, address):
    """Where browsers give a page no clipboard."""
    allowed = ["clipboard-read", "clipboard-write"]
    page = visit(address, permissions=allowed).page
    other = page.context.new_page()
    other.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    other.goto(address + LONG)
    button = tab_to(other, ".copy")
    other.keyboard.press("Enter")
    other.wait_for_function("document.activeElement.textContent == 'Copied'")
    shown = button.locator("..").locator("pre").text_content()
    page.bring_to_front()
    assert page.evaluate("navigator.clipboard.readText()") == shown


def test_a_finger_finds_the_copy_button(visit, address):
    view = visit(address + LONG, width=360, has_touch=True, is_mobile=True)
    button = view.page.locator(".cell_input > .copy").first
    assert button.evaluate("e => getComputedStyle(e).opacity") == "1"
    code = button.locator("..").locator("pre > span").first
    assert (
        button.bounding_box()["y"] + button.bounding_box()["height"]
        <= code.bounding_box()["y"] + 1
    )


def test_the_message_of_an_error_is_read_without_scrolling(visit, address):
    name = (
        "chapters/03-linear-regression/04-linear-regression-from-scratch.html"
    )
    page = visit(address + name, width=360).page
    room = page.locator(".message").evaluate_all(
        """messages => messages.map((message) =>
        message.closest("pre").getBoundingClientRect().right
        - message.getBoundingClientRect().right)"""
    )
    assert len(room) > page.locator(".traceback").count() == 3
    assert min(room) > 0


def test_no_gap_follows_a_root(visit, address):
    name = "chapters/04-linear-classification/01-softmax-regression.html"
    page = visit(address + name).page
    page.evaluate("document.fonts.ready")
    gaps = page.locator("msqrt").evaluate_all(
        """roots => roots.map((root) => root.getBoundingClientRect().right
        - root.lastElementChild.getBoundingClientRect().right)"""
    )
    assert gaps and max(map(abs, gaps)) < 2


@pytest.mark.parametrize("name", ["index.html", LONG, "search.html?q=tensor"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_reaches_everything(visit, address, name, width):
    page = visit(address + name, width=width).page
    assert checks.out_of_reach(page) == []


SCHEME = "getComputedStyle(document.body).colorScheme"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.mark.parametrize(
    "system, other", ["light dark".split(), "dark light".split()]
)
def test_the_theme_is_the_systems_until_the_reader_chooses(
    visit, address, system, other
):
    page = visit(address, color_scheme=system).page
    before = page.evaluate(GROUND)
    button = page.locator("#theme")
    for name in (other, system, "system", other):
        button.click()
        assert button.inner_text() == f"Theme: {name}"
        changed = page.evaluate(GROUND) != before
        assert changed == (name == other)
    assert page.evaluate(SCHEME) == other
    page.goto(address + LONG)
    assert page.evaluate(SCHEME) == other
    button.click()
    button.click()
    page.goto(address + LONG)
    assert button.inner_text() == "Theme: system"
    page.emulate_media(color_scheme=other)
    assert page.evaluate(GROUND) != before


def test_the_theme_can_be_chosen_where_nothing_may_be_stored(visit, address):
    page = visit(address, color_scheme="light").page
    page.add_init_script(
        """Object.defineProperty(window, "localStorage", {
          get() { throw new DOMException("Denied", "SecurityError"); } });"""
    )
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address + LONG)
    before = page.evaluate(GROUND)
    page.locator("#theme").click()
    assert page.evaluate(GROUND) != before
    assert page.locator(".copy").count() > 10
    assert errors == []


def test_without_scripts_everything_is_there(visit, address):
    page = visit(address + LONG, java_script_enabled=False, width=360).page
    fold = page.locator("#solutions details").first
    fold.locator("summary").click()
    assert fold.locator("pre").first.is_visible()
    page.locator(".contents summary").click()
    assert page.get_by_role("link", name="5.3 Forward").is_visible()


def test_reduced_motion_is_respected(visit, address):
    moving = """[...document.querySelectorAll("*")].filter((e) => {
      const style = getComputedStyle(e);
      return style.transitionDuration !== "0s"
        || style.scrollBehavior === "smooth"
        || (style.animationName !== "none"  // unless the reader moves it
          && !style.animationTimeline.startsWith("scroll"));
    }).length"""
    still = visit(address + LONG, reduced_motion="reduce").page
    assert still.evaluate(moving) == 0
    lively = visit(address + LONG, reduced_motion="no-preference").page
    assert lively.evaluate(moving) > 0


def test_paper_shows_what_is_folded_and_no_buttons(visit, address):
    page = visit(address + LONG).page
    folded = page.locator("#solutions details pre").first
    closed = "!document.querySelector('main details').open"
    assert page.evaluate(closed)
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.evaluate("e => e.getBoundingClientRect().height") > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details:not([open])").count() == 0
    assert folded.is_visible()
    assert page.locator(".copy:visible, nav:visible, form:visible").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(closed)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_paper_is_white(visit, address, theme):
    page = visit(address + LONG, color_scheme=theme).page
    page.locator("#theme").click()  # to the other one
    page.emulate_media(media="print", color_scheme=theme)
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(31, 35, 40)"


SAMPLE = ("index.html", "search.html", "glossary.html", LONG, "status.html")


@pytest.mark.parametrize("name", SAMPLE)
def test_it_opens_from_a_folder(visit, name):
    view = visit((SITE / name).as_uri())
    assert view.errors == []
    assert [u for u in view.requests if not u.startswith("file://")] == []
    assert view.page.locator("h1").inner_text()
    assert checks.pictures(view.page) == []


def test_search_works_from_a_folder(visit):
    view = visit((SITE / "search.html").as_uri() + "?q=broadcasting")
    assert first_hit(view.page).endswith("01-data-manipulation.html")
    assert view.errors == []


def test_a_wrong_address_leads_to_a_whole_page(visit, address):
    view = visit(address + "chapters/no/such/page.html")
    assert view.page.locator("h1").inner_text() == "This page is not here"
    assert checks.overflow(view.page) == []
    view.page.get_by_role("link", name="first page").click()
    assert view.page.url.rstrip("/") == address + "index.html"
    assert all("404" in error for error in view.errors)  # the answer itself
    # Before the book is published, the page looks for the site as well.
    assert len(view.errors) == 1 or not URL
