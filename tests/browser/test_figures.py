"""Living figures: what they show at first, and at both ends of each control."""

import re

import pytest
import section
from checks import SITE

FOUND = [
    pytest.param((page, number, given), id=f"{page.id} {given['name']}")
    for page in section.everything()
    for number, given in page.living.items()
]
BROKEN = re.compile(r"\bNaN\b|undefined|not a number|\[object")
NUMBERS = """host => Object.fromEntries([...host.querySelectorAll(
    "[data-shows]")].map(e => [e.dataset.shows, Number(e.dataset.value)]))"""
TARGET = """handle => { const { width, height } = handle.closest(".drag")
    .getBoundingClientRect(); return Math.min(width, height) }"""


@pytest.fixture(params=FOUND)
def figure(request, visit, address):
    """Return a living figure, awake, and what the notebook says of it."""
    page, number, given = request.param
    name = page.name.replace(".ipynb", ".html")
    view = visit(address + name, width=360, reduced_motion="reduce")
    host = view.page.locator(f"#figure-{number.replace('.', '-')}")
    host.scroll_into_view_if_needed()
    host.locator(".stage").wait_for()
    if given["load"]:
        host.locator("[data-value]").first.wait_for()
    return view, host, given


def test_it_shows_what_pytorch_computed(figure):
    view, host, given = figure
    shown = host.evaluate(NUMBERS)
    assert given["shows"]
    for name, value in given["shows"].items():
        assert shown[name] == pytest.approx(value, rel=1e-4, abs=5e-4), name
    for picture, answers in enumerate(given["data"].get("answers", [])):
        host.locator("select").first.select_option(str(picture))
        shown = host.evaluate(NUMBERS)
        found = [shown[f"p{j}"] for j in range(len(answers))]
        assert found == pytest.approx(answers, abs=5e-4), picture


def test_every_control_works_from_end_to_end(figure):
    view, host, given = figure
    page, before = view.page, host.inner_text()
    for slider in host.locator("input[type=range]").all():
        for key in ("Home", "End"):
            slider.press(key)
            check(view, host, f"{slider.get_attribute('aria-valuetext')}")
    for choice in host.locator("select").all():
        for option in choice.locator("option").all():
            choice.select_option(option.get_attribute("value"))
            check(view, host, option.inner_text())
    for handle in host.locator("[role=slider]").all():
        assert handle.evaluate(TARGET) >= 24
        for key in ("ArrowLeft", "ArrowUp"):
            handle.press(key)
            check(view, host, key)
    for button in host.locator(".controls button:enabled").all():
        button.click()
        check(view, host, button.inner_text())
    host.get_by_role("button", name="Start again").click()
    assert host.inner_text() == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def check(view, host, after):
    assert view.errors == [], after
    assert not BROKEN.search(host.inner_text()), after


def test_figures_are_light():
    kit = sum(
        (SITE / "_static" / f"kit.{kind}").stat().st_size
        for kind in ("js", "css")
    )
    assert kit <= 25_000
    for script in SITE.glob("_static/*/figure.js"):
        assert script.stat().st_size <= 12_000, script
    for page, _, given in (param.values[0] for param in FOUND):
        data = SITE / "_static" / f"{given['name']}-{page.id}.js"
        assert not given["load"] or data.stat().st_size <= 450_000
