"""Each check finds the defect that it looks for, on a page made for that."""

import checks
import pytest

PLANTED = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Planted</title>
<style>.faint {{ color: #aaa; background: #fff }}
.narrow {{ width: 5em; overflow: auto }}
.gap {{ padding-right: 9px }}</style></head>
<body><main><h1>Planted</h1>{}</main></body></html>"""
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
DOT = f'<img src="{PIXEL}" alt="A single transparent pixel"'
WHITE = 'style="background: white"'
NARROW = '<pre class="narrow">'


@pytest.fixture
def planted(visit, tmp_path):
    """Return a function that shows a page with a defect in its body."""

    def show(body):
        path = tmp_path / "planted.html"
        path.write_text(PLANTED.format(body), "utf-8")
        return visit(path.as_uri())

    return show


@pytest.mark.parametrize(
    "body, said",
    [
        ('<p class="faint">Too faint</p>', "color contrast"),
        ("<button></button>", "Buttons must have discernible text"),
        ('<div style="width: 99rem">Wide</div>', "Sticks out"),
        ('<pre style="font-size: 8px">tiny</pre>', "Smaller than 11"),
        ('<pre><b class="faint">x = 1</b></pre>', "Too faint"),
        ('<math><mi class="faint">x</mi></math>', "Too faint"),
        (f'<img src="{PIXEL}" alt="plot">', 'described as "plot"'),
        (f'<img src="{PIXEL}" alt="_images/1a2b3c4d5e.png">', "described"),
        ('<img src="gone.png" alt="A curve that falls to 0">', "not shown"),
        (f'{DOT} {WHITE[:-1]}; width: 90px; height: 9px">', "proportion"),
        (f'{DOT} {WHITE[:-1]}; filter: invert(1)">', "own colors"),
        (f'{DOT} width="2" style="--letters: 12; width: 1px">', "letters"),
        ('<button style="all: unset">x</button>', "Hard to hit"),
        ("<button>Copy</button><button>Copy</button>", "the name Copy"),
        (f'{NARROW}<b class="message">A long message', "without scrolling"),
        (f"<details>{NARROW}x = 'a long line'", "Scrolls on a desktop"),
        (f"{NARROW}x = 'a long line'", "Ends abruptly"),
        ('<math><msqrt class="gap"><mi>x</mi></msqrt>', "follows a root"),
        ("<table><thead><tr><th>Name</th></tr></thead></table>", "no rule"),
        ("<script>console.error('no')</script>", "The console says: no"),
        ("<script>let let = 1</script>", "The console says"),
        ('<script src="https://example.invalid/a.js"></script>', "another"),
    ],
)
def test_a_defect_is_found(planted, body, said):
    found = checks.findings(planted(body))
    assert [sentence for sentence in found if said in sentence]


def test_what_no_key_reaches_is_found(planted):
    skipped = '<a href="#x" tabindex="-1">Skipped</a><button>Sound</button>'
    page = planted(f'{skipped}<button style="outline: none">No</button>').page
    assert len(checks.out_of_reach(page)) == 2


def test_a_heavy_page_is_found(visit, address, monkeypatch):
    monkeypatch.setattr(checks, "weight", lambda _: 50_000)
    assert "takes" in checks.findings(visit(address))[0]


@pytest.mark.parametrize("link", ["", "gone.html", "#no", "planted.html#no"])
def test_a_broken_link_is_found(planted, tmp_path, link):
    planted(f'<a href="{link}">Link</a>')
    assert checks.broken_links(tmp_path) == [f"planted.html: {link}"]


def test_the_html_is_valid_and_what_is_planted_is_found(tmp_path):
    """One run for both: the validator takes long to start."""
    html = PLANTED.format("<p><div>A block in a paragraph</div></p>")
    (tmp_path / "planted.html").write_text(html, "utf-8")
    found = checks.invalid(checks.SITE, tmp_path)
    assert found and all("planted.html" in line for line in found)
