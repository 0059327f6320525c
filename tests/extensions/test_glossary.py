"""Terms are linked where a reader meets them first, and nowhere else."""

import re
import subprocess
import sys

import glossary
import nbformat
import notebooks
import pytest
import section
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.docutils_ import Parser
from sphinx.addnodes import pending_xref

ROOT = notebooks.ROOT
ENTRIES = glossary.read((ROOT / "glossary.md").read_text("utf-8"))
SMALL = {
    "gradient": {"ko": "기울기", "is": "One.", "forms": ["gradients"]},
    "gradient descent": {"ko": "경사하강법", "is": "Two."},
    "ReLU": {"ko": "렐루", "is": "Three.", "not": ["ReLU-like"]},
    "weight": {"ko": "가중치", "is": "Four.", "not": ["less weight"]},
}


def parsed(markdown, entries=SMALL):
    """Return a page with its links, from Markdown as the notebooks use it."""
    settings = {
        "myst_enable_extensions": ["amsmath", "dollarmath"],
        "myst_suppress_warnings": ["myst"],
        "report_level": 5,
    }
    document = publish_doctree(
        markdown, parser=Parser(), settings_overrides=settings
    )
    glossary.link_first_uses(document, entries)
    return document


def links(document):
    """Return (term, text that is shown) for each link, in order."""
    return [
        (node["reftarget"], node.astext())
        for node in document.findall(pending_xref)
    ]


def test_the_first_use_is_linked_and_no_later_one():
    page = parsed("A gradient.\n\nThe gradient, and gradients.")
    assert links(page) == [("gradient", "gradient")]
    assert page.astext() == "A gradient.\n\nThe gradient, and gradients."
    first, _ = page.findall(nodes.paragraph)
    assert len(list(first.findall(pending_xref))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gradients begin a sentence.", [("gradient", "Gradients")]),
        ("A relu is code, a ReLU is not.", [("ReLU", "ReLU")]),
        ("Some *gradients* and **ReLU**", ["gradients", "ReLU"]),
        ("*gradient* first, then gradients", ["gradient"]),
        ("By gradient descent.", [("gradient descent", "gradient descent")]),
        (
            "Gradient\ndescent over a line break, then a gradient.",
            [("gradient descent", "Gradient\ndescent"), "gradient"],
        ),
        ("Twice gradient descent, gradient descent.", ["gradient descent"]),
        ("An ingredient, gradiently, and a non-gradient thing.", []),
        ("It has less weight, or less\nweight.", []),
        ("It has less weight, and a weight.", ["weight"]),
        ("Nothing here is a term.", []),
    ],
)
def test_forms(text, expected):
    found = links(parsed(text))
    wanted = [e if isinstance(e, tuple) else e for e in expected]
    assert len(found) == len(wanted)
    for link, want in zip(found, wanted, strict=True):
        assert want in (link, link[1])


@pytest.mark.parametrize(
    "text",
    [
        "# A gradient in a heading",
        "The `gradient` in code.",
        "```python\ngradient = 1  # a gradient\n```",
        "See [the gradient](https://example.org).",
        "A formula: $\\text{gradient}$.",
        "$$\\text{gradient}$$",
        "| gradient | b |\n|---|---|\n| gradient | d |",
    ],
)
def test_only_running_text_is_linked(text):
    page = parsed(f"{text}\n\nNow a gradient.")
    assert links(page) == [("gradient", "gradient")]
    last = list(page.findall(nodes.paragraph))[-1]
    assert len(list(last.findall(pending_xref))) == 1


def pages():
    """Return the text of each page of the book, by its path."""
    texts = {
        path: path.read_text("utf-8")
        for path in (ROOT / "chapters").glob("*/index.md")
    }
    for path in [page.path for page in section.sections()]:
        cells = nbformat.read(path, as_version=4).cells
        prose = [c.source for c in cells if c.cell_type == "markdown"]
        texts[path] = "\n\n".join(prose)
    return texts


@pytest.fixture(scope="module")
def uses():
    return {path: links(parsed(t, ENTRIES)) for path, t in pages().items()}


def test_every_term_is_used_on_some_page(uses):
    used = {term for found in uses.values() for term, _ in found}
    assert used == set(ENTRIES)


def test_every_form_and_every_exception_occurs(uses):
    """One that does not is a slip, or a rest of a sentence that is gone."""
    book = " ".join(" ".join(pages().values()).split()).lower()
    book = re.sub(r"[*_]", "", book)
    forms = [
        form
        for entry in ENTRIES.values()
        for form in (*entry.get("forms", ()), *entry.get("not", ()))
    ]
    assert [form for form in forms if form.lower() not in book] == []


def test_every_page_links_each_term_once(uses):
    for path, found in uses.items():
        terms = [term for term, _ in found]
        assert len(terms) == len(set(terms)), path


def test_entries_are_complete_and_in_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.casefold)
    assert len(ENTRIES) >= 60
    forms = [
        form
        for term, entry in ENTRIES.items()
        for form in (term, *entry.get("forms", ()))
    ]
    assert len(forms) == len(set(forms))
    for term, entry in ENTRIES.items():
        assert set(entry) <= {"ko", "is", "forms", "not"}, term
        assert re.search("[가-힣]", entry["ko"]), term
        assert entry["is"].endswith("."), term


def test_every_link_lands_on_its_term(tmp_path):
    """Build a small site, and follow its links."""
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'extensions')!r})\n"
        "extensions = ['myst_parser', 'glossary']\n"
        "myst_enable_extensions = ['dollarmath']\n"
    )
    (tmp_path / "index.md").write_text(
        "# A page\n\nA gradient, a KL divergence, and in-place work.\n\n"
        "```{toctree}\nglossary\n```\n"
    )
    source = (ROOT / "glossary.md").read_text("utf-8")
    (tmp_path / "glossary.md").write_text(source, "utf-8")
    site = tmp_path / "site"
    build = [sys.executable, "-m", "sphinx", "-qWn", "-b", "html"]
    done = subprocess.run(
        [*build, tmp_path, site], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    page = (site / "index.html").read_text("utf-8")
    targets = re.findall(r'href="glossary\.html#(term-[^"]+)"', page)
    assert len(targets) == 3
    landing = (site / "glossary.html").read_text("utf-8")
    for target in targets:
        assert landing.count(f'id="{target}"') == 1
    korean = re.findall('<span lang="ko">([^<]*)</span>', landing)
    assert {entry["ko"] for entry in ENTRIES.values()} <= set(korean)
    outside = re.sub('<span lang="ko">[^<]*</span>', "", landing)
    assert not re.search("[가-힣]", outside)
    assert 'class="term"' not in landing  # it does not link to itself
