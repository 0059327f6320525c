"""Typesets the mathematics of the site while it is built.

Temml turns TeX into MathML, which browsers draw by themselves: a page needs
no script and no other server for its formulas, and reads aloud. A formula
that Temml does not understand stops the build.
"""

import re
from functools import cache
from pathlib import Path

import dukpy
from docutils import nodes

TEMML = Path(__file__).resolve().parent.parent / "vendor/temml/temml.min.js"
# What browsers draw better than what Temml writes.
BETTER = {
    # A prime stands beside its letter: its character is raised already.
    r"<msup>(<mi>\w</mi>)(<mo [^>]*>\u2032</mo>)</msup>": r"<mrow>\1\2</mrow>",
    # Dots leave the room around them to their neighbors, as in TeX.
    "<mo[^>]*>([…⋯])": r'<mo lspace="0" rspace="0">\1',
    # Chromium 156 paints only parts of a wide brace that is put together. So
    # a rule is drawn below, which a style sheet bends; the strut lets the rules
    # of a line lie at one height.
    "<munder><munder>": '<munder><mrow class="under">'
    '<mspace height="0.75em" depth="0.25em"></mspace>',
    r"<mo [^>]*>\u23df</mo></munder>": "</mrow>",
}
OPTIONS = {"annotate": True, "strict": True, "throwOnError": True}


@cache
def temml():
    """Return a JavaScript interpreter that has loaded Temml."""
    interpreter = dukpy.JSInterpreter()
    interpreter.evaljs(TEMML.read_text("utf-8"))
    return interpreter


@cache
def mathml(tex, display):
    """Return a formula as MathML; `display` sets it on lines of its own."""
    html = temml().evaljs(
        "temml.renderToString(dukpy.tex, dukpy.options)",
        tex=tex,
        options=OPTIONS | {"displayMode": display},
    )
    for drawn_badly, drawn_well in BETTER.items():
        html = re.sub(drawn_badly, drawn_well, html)
    return html


def display(tex):
    """Return a formula in a box, its number beside it.

    In Firefox 153 a table of MathML is not as wide as its box, so that a number
    in one would not stand at the right. The annotation keeps the tag.
    """
    found = re.search(r"\\tag\{(.*?)\}", tex)
    if not found:
        return f'<div class="math">{mathml(tex, True)}</div>\n'
    html = mathml(tex.replace(found[0], ""), True)
    html = html.replace("</annotation>", f"{found[0]}</annotation>")
    number = f'<span class="number">({found[1]})</span>'
    return f'<div class="math numbered">{html}{number}</div>\n'


def visit_inline(self, node):
    self.body.append(mathml(node.astext(), display=False))
    raise nodes.SkipNode


def visit_block(self, node):
    self.body.append(display(node.astext()))
    raise nodes.SkipNode


VISITORS = (visit_inline, None), (visit_block, None)
