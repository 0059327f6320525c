"""Each check finds the defect that it looks for, on a page made for that."""

import checks
import pytest

PLANTED = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Planted</title>
<style>.faint {{ color: #aaa; background: #fff }}</style></head>
<body><main><h1>Planted</h1>{}</main></body></html>"""
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


@pytest.fixture
def planted(visit, tmp_path):
    """Return a function that shows a page with a defect in its body."""

    def show(body, **options):
        path = tmp_path / "planted.html"
        path.write_text(PLANTED.format(body), "utf-8")
        return visit(path.as_uri(), **options)

    return show


def test_a_sound_page_has_no_complaints(planted, tmp_path):
    sound = f'<p>Text</p><img src="{PIXEL}" alt="A single transparent pixel">'
    view = planted(sound, width=360)
    assert view.errors == []
    assert view.outside(view.page.url) == []
    for check in (
        checks.axe,
        checks.overflow,
        checks.small_print,
        checks.faint_code,
        checks.out_of_reach,
    ):
        assert check(view.page) == []
    assert checks.broken_links(tmp_path) == []


@pytest.mark.parametrize(
    "check, body",
    [
        (checks.axe, f'<img src="{PIXEL}">'),
        (checks.axe, '<p class="faint">Too faint to read</p>'),
        (checks.axe, "<button></button>"),
        (checks.overflow, '<div style="width: 50rem">Wide</div>'),
        (checks.small_print, '<pre style="font-size: 8px">tiny</pre>'),
        (checks.faint_code, '<pre><span class="faint">x = 1</span></pre>'),
        (checks.pictures, f'<img src="{PIXEL}" alt="plot">'),
        (
            checks.pictures,
            f'<img src="{PIXEL}" alt="_images/1a2b3c4d5e6f.png">',
        ),
        (checks.pictures, '<img src="gone.png" alt="A curve that falls to 0">'),
        (
            checks.pictures,
            f'<img src="{PIXEL}" alt="A single transparent pixel"'
            ' width="90" height="30">',
        ),
        (checks.out_of_reach, '<a href="#x" tabindex="-1">Skipped</a>'),
        (checks.out_of_reach, '<button style="outline: none">Unseen</button>'),
    ],
)
def test_a_defect_is_found(planted, check, body):
    assert len(check(planted(body, width=360).page)) == 1


def test_an_error_on_the_console_is_found(planted):
    assert planted("<script>console.error('no')</script>").errors == ["no"]
    assert planted("<script>let let = 1</script>").errors != []


def test_a_request_to_elsewhere_is_found(planted):
    view = planted('<script src="https://example.invalid/a.js"></script>')
    assert view.outside(view.page.url) == ["https://example.invalid/a.js"]


def test_weight_is_counted_as_it_travels(visit, address):
    size, requests = checks.weight(visit(address))
    assert 50_000 < size < 300_000
    assert 5 < requests < 40


INVALID = [
    "<p><div>A block in a paragraph</div></p>",
    '<i id="a"></i><i id="a"></i>',
    "<details><summary><p>Fold</p></summary></details>",
    "<style scoped></style>",
]


def test_invalid_html_is_found_and_valid_html_is_not(tmp_path):
    for i, body in enumerate(["<p>Sound</p>", *INVALID]):
        path = tmp_path / f"page-{i}.html"
        path.write_text(PLANTED.format(body), "utf-8")
    found = checks.invalid(tmp_path)
    complained = [
        any(f"page-{i}.html" in line for line in found) for i in range(5)
    ]
    assert complained == [False, True, True, True, True]


@pytest.mark.parametrize("link", ["gone.html", "#gone", "planted.html#gone"])
def test_a_broken_link_is_found(planted, tmp_path, link):
    planted(f'<a href="{link}">Link</a>')
    assert checks.broken_links(tmp_path) == [f"planted.html: {link}"]
