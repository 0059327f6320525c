"""Typesets the mathematics of the site while it is built.

KaTeX turns TeX into MathML, which browsers draw by themselves: a page needs
no script, no font and no other server for its formulas, and reads aloud.
Formulas that KaTeX does not understand stop the build.
"""

from functools import cache
from importlib.resources import files

import dukpy
from docutils import nodes


@cache
def katex():
    """Return a JavaScript interpreter that has loaded KaTeX."""
    interpreter = dukpy.JSInterpreter()
    source = files("sphinxcontrib").joinpath("katex.min.js")
    interpreter.evaljs(source.read_text("utf-8"))
    return interpreter


@cache
def mathml(tex, display):
    """Return a formula as MathML; `display` sets it on lines of its own."""
    return katex().evaljs(
        "katex.renderToString(dukpy.tex, dukpy.options)",
        tex=tex,
        options={"displayMode": display, "output": "mathml", "strict": "error"},
    )


def visit_inline(self, node):
    self.body.append(mathml(node.astext(), display=False))
    raise nodes.SkipNode


def visit_block(self, node):
    self.body.append(f'<div class="math">{mathml(node.astext(), True)}</div>\n')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer(
        "mathml", (visit_inline, None), (visit_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
