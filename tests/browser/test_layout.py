"""What a reader sees at first glance, at any width and in either theme.

Pages are sampled: each holds the kind of thing that its test is about.
"""

from functools import partial

import pytest

from conftest import PREFIX, SITE, Handler, serve

CHAPTERS = "chapters/"
TENSORS = CHAPTERS + "02-preliminaries/01-data-manipulation.html"
TABLES = CHAPTERS + "02-preliminaries/02-data-preprocessing.html"
ALGEBRA = CHAPTERS + "02-preliminaries/03-linear-algebra.html"
GRAPHS = CHAPTERS + "02-preliminaries/05-automatic-differentiation.html"
DESIGN = CHAPTERS + "03-linear-regression/02-object-oriented-design.html"
LOOP = CHAPTERS + "03-linear-regression/04-linear-regression-from-scratch.html"
IMAGES = (
    CHAPTERS + "04-linear-classification/02-image-classification-dataset.html"
)
FORMULAS = CHAPTERS + "05-multilayer-perceptrons/03-backpropagation.html"
CONTENTS = ".contents nav a"


@pytest.mark.parametrize("name", [GRAPHS, "search.html", "glossary.html"])
def test_the_contents_are_there_without_scripts(visit, address, name):
    page = visit(address + name, java_script_enabled=False).page
    assert page.locator(CONTENTS).first.is_visible()
    assert page.get_by_role("link", name="5.3 Forward").first.is_visible()


def test_the_contents_follow_the_width_of_the_window(visit, address):
    page = visit(address + GRAPHS, width=1000).page
    link = page.locator(CONTENTS).first
    assert not link.is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    link.wait_for(state="visible")
    page.set_viewport_size({"width": 800, "height": 900})
    link.wait_for(state="hidden")
    page.locator(".contents summary").click()
    assert link.is_visible()


@pytest.mark.parametrize("height", [720, 900])
@pytest.mark.parametrize("name", [GRAPHS, "CHANGELOG.html"])
def test_the_open_page_is_in_sight_in_the_contents(
    visit, address, name, height
):
    page = visit(address + name).page
    page.set_viewport_size({"width": 1280, "height": height})
    page.reload()
    here = page.locator(".contents [aria-current=page]")
    place, column = (
        here.bounding_box(),
        page.locator(".contents").bounding_box(),
    )
    assert here.count() == 1
    assert column["y"] + column["height"] <= height
    assert column["y"] <= place["y"]
    assert place["y"] + place["height"] <= column["y"] + column["height"]


SCROLLING = """() => [...document.querySelectorAll("main *")].filter((e) =>
  e.checkVisibility() && e.scrollWidth > e.clientWidth + 1
  && /auto|scroll/.test(getComputedStyle(e).overflowX))"""
FADES = f"""async (goal) => {{
  const boxes = ({SCROLLING})();
  const shown = [];
  for (const e of boxes) {{
    e.scrollLeft = goal === "end" ? e.scrollWidth : 0;
    await new Promise((go) => requestAnimationFrame(() =>
      requestAnimationFrame(go)));
    const style = getComputedStyle(e);
    const length = (name) => parseFloat(style.getPropertyValue(name));
    shown.push([e.outerHTML.slice(0, 80), style.maskImage !== "none",
      length("--before"), length("--after")]);
  }}
  return shown;
}}"""


@pytest.mark.parametrize(
    "name, kind",
    [
        (IMAGES, ".cell_output:has(> img)"),
        (FORMULAS, "div.math"),
        (FORMULAS, ".cell_input pre"),
        (TABLES, ".scroller"),
    ],
)
def test_what_scrolls_fades_where_it_goes_on(visit, address, name, kind):
    page = visit(address + name, width=360).page
    for goal in ("start", "end"):
        boxes = page.evaluate(FADES, goal)
        assert boxes
        for html, masked, before, after in boxes:
            assert masked, html
            hidden = (before, after) if goal == "start" else (after, before)
            assert hidden[0] < 1 < hidden[1], html
    assert page.evaluate(
        f"(kind) => ({SCROLLING})().some((e) => e.matches(kind))", kind
    )


def test_what_fits_does_not_fade(visit, address):
    page = visit(address + FORMULAS, width=1280).page
    masks = "getComputedStyle(document.querySelector('div.math')).maskImage"
    assert page.evaluate(masks) == "none"


@pytest.mark.parametrize("name", [TENSORS, ALGEBRA, DESIGN, LOOP, FORMULAS])
def test_code_and_outputs_fit_on_a_desktop(visit, address, name):
    page = visit(address + name).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")  # opens all
    wide = page.locator("main pre").evaluate_all(
        """boxes => boxes.filter((e) => e.scrollWidth > e.clientWidth)
        .map((e) => e.textContent.slice(0, 90))"""
    )
    assert wide == []


def test_printed_sentences_wrap_and_numbers_keep_their_columns(visit, address):
    page = visit(address + ALGEBRA, width=360).page
    words, numbers = (
        page.locator(".cell_output pre", has_text=text).first
        for text in ("could not infer output dtype", "tensor([[1")
    )
    message = words.locator(".message", has_text="could not infer")
    assert message.bounding_box()["height"] > 40
    assert message.bounding_box()["width"] <= words.bounding_box()["width"]
    assert numbers.locator(".message").count() == 0


@pytest.mark.parametrize("theme, ground", [("light", 255), ("dark", 0)])
def test_no_filter_changes_the_colors_of_a_figure(
    visit, address, theme, ground
):
    page = visit(address + IMAGES, color_scheme=theme).page
    looks = page.locator("main img").evaluate_all(
        """images => images.map((e) => {
          const style = getComputedStyle(e);
          return [style.filter, style.opacity, style.mixBlendMode,
            style.backgroundColor].join(" ");
        })"""
    )
    assert set(looks) == {f"none 1 normal rgb({ground}, {ground}, {ground})"}


SMALL = """(selector) => [...document.querySelectorAll(selector)]
  .filter((e) => e.checkVisibility())
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 24 || box.width < 24))
  .map(([e, box]) => `${e.outerHTML.slice(0, 90)}: ${box.height}`)"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", [GRAPHS, "index.html", "search.html?q=tensor"])
def test_what_is_tapped_is_large_enough(visit, address, name, width):
    """Links inside a sentence are exempt, as in the rules of accessibility."""
    page = visit(address + name, width=width).page
    alone = "button, input, summary, .brand, nav a, .place a, .about a"
    alone += ", .run a, .colophon a, .headerlink, #search-results a"
    assert page.evaluate(SMALL, alone) == []


def test_buttons_have_names_of_their_own(visit, address):
    page = visit(address + GRAPHS).page
    names = page.locator(".copy").evaluate_all(
        "buttons => buttons.map((e) => e.ariaLabel)"
    )
    assert len(names) > 20
    assert len(set(names)) == len(names)
    assert all(name.startswith("Copy") for name in names)


def test_the_lists_of_links_come_before_the_text(visit, address):
    page = visit(address + GRAPHS).page
    order = page.evaluate(
        """() => [...document.querySelectorAll(".contents, .onpage, main")]
          .map((e) => e.className || e.localName)"""
    )
    assert order == ["contents", "onpage", "main"]
    here, text = (page.locator(s).bounding_box() for s in (".onpage", "main"))
    assert here["x"] > text["x"] + text["width"]


def test_folds_say_what_they_hold(visit, address):
    page = visit(address + GRAPHS).page
    names = page.locator("main section > .cell summary").all_inner_texts()
    assert names[:2] == ["Code: layout", "Code: draw"]
    page = visit(address + IMAGES).page
    names = page.locator("main section > .cell summary").all_inner_texts()
    assert set(names) == {"Code of the figure"}


def test_the_head_of_a_table_is_ruled_from_end_to_end(visit, address):
    page = visit(address + TABLES).page
    rules = page.locator("thead tr:last-child > *").evaluate_all(
        "cells => cells.map((e) => getComputedStyle(e).borderBottomStyle)"
    )
    assert len(rules) > 3 and set(rules) == {"solid"}


def test_nothing_jumps_while_a_page_loads(browser, address):
    """Measured on a slow machine and a slow line, with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    line = {"latency": 150, "downloadThroughput": 200_000}
    line |= {"uploadThroughput": 200_000, "offline": False}
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", line)
    page.goto(address + FORMULAS)
    page.evaluate("document.fonts.ready.then(() => 0)")
    shift = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const e of list.getEntries()) sum += e.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 500);
        })"""
    )
    context.close()
    assert shift < 0.1


class Elsewhere(Handler):
    """The site under another path than the one that it was built for."""

    prefix = "/pr-12/preview/"


@pytest.fixture
def elsewhere():
    server = serve(partial(Elsewhere, directory=str(SITE)))
    yield f"http://127.0.0.1:{server.server_port}{Elsewhere.prefix}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["gone.html", "chapters/no/such/page.html"])
def test_the_page_for_errors_works_under_any_path(visit, elsewhere, name):
    assert Elsewhere.prefix != PREFIX
    page = visit(elsewhere + name).page
    page.wait_for_function(
        "document.querySelector('.masthead')"
        " && getComputedStyle(document.querySelector('.masthead'))"
        ".display === 'flex'"
    )
    page.get_by_role("button", name="Theme").wait_for()
    page.get_by_role("link", name="first page").click()
    assert page.url == elsewhere + "index.html"


def test_the_page_for_errors_opens_from_a_folder(visit):
    page = visit((SITE / "404.html").as_uri()).page
    page.get_by_role("button", name="Theme").wait_for()
    page.get_by_role("link", name="first page").click()
    assert page.locator("h1").inner_text().startswith("D2L Mini")
