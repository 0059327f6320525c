"""Living figures: what they show at first, and at both ends of each control."""

import re

import pytest
import section
from checks import ask

FOUND = [
    pytest.param((page, number, given), id=f"{page.id} {given['name']}")
    for page in section.everything()
    for number, given in page.living.items()
]
BROKEN = re.compile(r"\bNaN\b|undefined|not a number|\[object")
ENDS = {
    "input[type=range]": ("Home", "End"),
    "[role=slider]": ("ArrowLeft", "ArrowUp"),
}


@pytest.mark.parametrize("found", FOUND)
def test_it_shows_what_pytorch_computed_and_all_controls_work(
    found, visit, address
):
    page, number, given = found
    name = page.name.replace(".ipynb", ".html")
    view = visit(address + name, width=360, reduced_motion="reduce")
    host = view.page.locator(f"#figure-{number.replace('.', '-')}")
    host.scroll_into_view_if_needed()
    host.locator(".stage").wait_for()
    view.page.wait_for_load_state("networkidle")  # its style has come, too
    if given["load"]:
        host.locator("[data-value]").first.wait_for()
    shown, before = ask(host, "numbers"), host.inner_text()
    assert given["shows"]
    for name, value in given["shows"].items():
        assert shown[name] == pytest.approx(value, rel=1e-4, abs=5e-4), name
    for after in controls(host, given["data"].get("answers", [])):
        assert view.errors == [], after
        assert not BROKEN.search(host.inner_text()), after
    host.get_by_role("button", name="Start again").click()
    assert host.inner_text() == before
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 360


def controls(host, answers):
    """Move each control of a figure, and say which it was."""
    for picture, expected in enumerate(answers):
        host.locator("select").first.select_option(str(picture))
        shown = ask(host, "numbers")
        found = [shown[f"p{j}"] for j in range(len(expected))]
        assert found == pytest.approx(expected, abs=5e-4), picture
    for selector, keys in ENDS.items():
        for control in host.locator(selector).all():
            assert "range" in selector or ask(control, "target") >= 24
            for key in keys:
                control.press(key)
                yield f"{key} {control.get_attribute('aria-valuetext')}"
    for choice in host.locator("select").all():
        for option in choice.locator("option").all():
            choice.select_option(option.get_attribute("value"))
            yield option.inner_text()
    for button in host.locator(".controls button:enabled").all():
        button.click()
        yield button.inner_text()
