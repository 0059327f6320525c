"""Terms are linked where a reader meets them first, and nowhere else."""

from types import SimpleNamespace

import glossary
import pytest
from docutils.core import publish_doctree
from myst_parser.docutils_ import Parser
from sphinx.addnodes import pending_xref

SMALL = {
    "gradient": {"forms": ["gradients"]},
    "gradient descent": {},
    "ReLU": {"not": ["ReLU-like"]},
    "weight": {"not": ["less weight"]},
}


def links(markdown):
    """Return "term=text that is shown" for each link of a page, in order."""
    settings = {"myst_enable_extensions": ["dollarmath"], "report_level": 5}
    document = publish_doctree(
        markdown, parser=Parser(), settings_overrides=settings
    )
    before = document.astext()
    glossary.link_first_uses(document, SMALL)
    assert document.astext() == before
    found = document.findall(pending_xref)
    return [f"{node['reftarget']}={node.astext()}" for node in found]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("A gradient.\n\nNo gradient, nor gradients.", "gradient=gradient"),
        ("Gradients begin a sentence.", "gradient=Gradients"),
        ("A relu is code, a ReLU is not.", "ReLU=ReLU"),
        ("An ingredient, gradiently, and a non-gradient thing.", ""),
        ("It has less\nweight. *Weight* counts.", "weight=Weight"),
        ("By gradient\ndescent.", "gradient descent=gradient\ndescent"),
        ("# A gradient\n\nThe [gradient](https://a.org).", ""),
        ("`gradient`, $\\text{gradient}$, $$\\text{gradient}$$", ""),
        ("```python\ngradient = 1\n```\n\n$$\n\\text{gradient}\n$$", ""),
        ("| gradient |\n|---|\n| gradient |", ""),
    ],
)
def test_the_first_use_in_running_text_is_linked(text, expected):
    assert " ".join(links(text)) == expected


def test_a_page_leads_to_the_glossary(small):
    (term,) = small.pages["names"].select("a[href^=glossary] .term")
    assert term.get_text() == "Simpson’s paradox"


def test_an_entry_knows_the_sections_that_use_it():
    text = "Gradients\nand $weight$ of [gradient descent](weight.md)."
    page = SimpleNamespace(text=text)
    used = {"gradient", "gradient descent"}
    found = glossary.used_in(SMALL, [page])
    assert {term for term in found if found[term] == [page]} == used
