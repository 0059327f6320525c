"""Terms are linked where a reader meets them first, and nowhere else."""

import re

import glossary
import pytest
import section
from docutils.core import publish_doctree
from myst_parser.docutils_ import Parser
from sphinx.addnodes import pending_xref

ENTRIES = glossary.read((section.ROOT / "glossary.md").read_text("utf-8"))
SMALL = {
    "gradient": {"forms": ["gradients"]},
    "gradient descent": {},
    "ReLU": {"not": ["ReLU-like"]},
    "weight": {"not": ["less weight"]},
}


def links(markdown, entries=SMALL):
    """Return (term, text that is shown) for each link of a page, in order."""
    settings = {
        "myst_enable_extensions": ["amsmath", "dollarmath"],
        "myst_suppress_warnings": ["myst"],
        "report_level": 5,
    }
    document = publish_doctree(
        markdown, parser=Parser(), settings_overrides=settings
    )
    before = document.astext()
    glossary.link_first_uses(document, entries)
    assert document.astext() == before
    found = document.findall(pending_xref)
    return [(node["reftarget"], node.astext()) for node in found]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("A gradient.\n\nThe gradient, and gradients.", "gradient=gradient"),
        ("Gradients begin a sentence.", "gradient=Gradients"),
        ("A relu is code, a ReLU is not.", "ReLU=ReLU"),
        ("Some *gradients* and **ReLU**", "gradient=gradients ReLU=ReLU"),
        ("An ingredient, gradiently, and a non-gradient thing.", ""),
        ("It has less weight, or less\nweight.", ""),
        ("It has less weight, and a weight.", "weight=weight"),
        ("By gradient descent.", "gradient descent=gradient descent"),
        (
            "Gradient\ndescent over a line break, then a gradient.",
            "gradient descent=Gradient\ndescent gradient=gradient",
        ),
    ],
)
def test_the_first_use_of_a_form_is_linked(text, expected):
    assert " ".join(map("=".join, links(text))) == expected


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
    assert links(f"{text}\n\nNow gradients.") == [("gradient", "gradients")]


def test_every_form_of_every_term_occurs_in_the_book():
    """One that does not is a slip, or a rest of a sentence that is gone."""
    chapters = (section.ROOT / "chapters").glob("*/index.md")
    texts = [path.read_text("utf-8") for path in chapters]
    texts += [page.text for page in section.sections()]
    used = {term for text in texts for term, _ in links(text, ENTRIES)}
    assert used == set(ENTRIES)
    book = re.sub(r"[*_]", "", " ".join(" ".join(texts).split()).lower())
    for entry in ENTRIES.values():
        for form in (*entry.get("forms", ()), *entry.get("not", ())):
            assert form.lower() in book


def test_entries_are_complete_and_in_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.casefold)
    forms = [f for t, e in ENTRIES.items() for f in (t, *e.get("forms", ()))]
    assert len(forms) == len(set(forms))
    for term, entry in ENTRIES.items():
        assert set(entry) <= {"ko", "is", "forms", "not"}, term
        assert re.search("[가-힣]", entry["ko"]), term
        assert entry["is"].endswith("."), term
