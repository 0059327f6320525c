"""Typesets the mathematics of the site while it is built.

KaTeX turns TeX into MathML, which browsers draw by themselves: a page needs
no script, no font and no other server for its formulas, and reads aloud.
Formulas that KaTeX does not understand stop the build.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files

import dukpy
from docutils import nodes

STYLES = {
    "bold": "BOLD",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "sans-serif": "SANS-SERIF",
}


@cache
def katex():
    """Return a JavaScript interpreter that has loaded KaTeX."""
    interpreter = dukpy.JSInterpreter()
    source = files("sphinxcontrib").joinpath("katex.min.js")
    interpreter.evaljs(source.read_text("utf-8"))
    return interpreter


def styled(letter, style):
    """Return a letter or digit in a style, as a character of its own."""
    name = unicodedata.name(letter)
    for word in ("LATIN ", "GREEK ", "LUNATE ", "LETTER "):
        name = name.replace(word, "")
    try:
        return unicodedata.lookup(f"MATHEMATICAL {STYLES[style]} {name}")
    except KeyError:  # some were in Unicode before the others
        return unicodedata.lookup(f"{STYLES[style]} {name}")


def with_styles(html):
    """Replace `mathvariant`, which browsers ignore, by styled characters."""
    return re.sub(
        r'<(m[in]) mathvariant="([a-z-]+)">(\w+)<',
        lambda m: (
            m[0]
            if m[2] == "normal"
            else f"<{m[1]}>{''.join(styled(c, m[2]) for c in m[3])}<"
        ),
        html,
    )


def without_application(html):
    """Take off the invisible sign of application from a name in a script.

    Such a name is a label, as in the largest of some values; the sign would be
    one child too many.
    """
    return re.sub(
        r"<mo>\u2061</mo>(?=(<m\w+>[^<]*</m\w+>)?</ms(ub|up|ubsup)>)", "", html
    )


def with_spaces(html):
    """Set a function such as log off from what stands beside it."""
    space = '<mspace width="0.1667em"></mspace>'
    name = r"<mi>\w{2,}</mi><mo>\u2061</mo>"
    html = re.sub(rf"({name})(?!<mo[^>]*>\(|</mrow>)", rf"\1{space}", html)
    return re.sub(rf"(</m(?:[in]|su[bp]|frac)>)({name})", rf"\1{space}\2", html)


def with_tight_bars(html):
    """Set the bars of an absolute value or a norm close to what they hold.

    KaTeX writes them as the relations that look alike, such as "divides".
    """
    return re.sub(
        '<mo stretchy="false">([\u2223\u2225])<',
        r'<mo lspace="0" rspace="0" stretchy="false">\1<',
        html,
    )


def with_signs(html):
    """Set the sign of a number close to it, unlike a difference or a sum."""
    before = r"<mo(?: [^>]*)?>[^)\]}!\u2032\u2223\u2225\u22ef\u2026]</mo>"
    return re.sub(
        f"({before})<mo>([\u2212+])<", r'\1<mo form="prefix">\2<', html
    )


def with_full_primes(html):
    """Set a prime beside its letter: its character is raised already."""
    return re.sub(
        r"<msup>(<mi>\w</mi>)(<mo[^>]*>\u2032</mo>)</msup>", r"\1\2", html
    )


def with_small_accents(html):
    """Set the hats and tildes that the font made for letters.

    Those of KaTeX are the larger signs of a keyboard, which meet the letter.
    """
    for large, small in ("^\u02c6", "~\u02dc"):
        html = html.replace(
            f"<mo>{large}</mo></mover>",
            f'<mo class="accent">{small}</mo></mover>',
        )
    return html


def with_rules(html):
    """Draw a rule where a brace would stand below; a style sheet bends it.

    Chromium 156 paints only parts of a wide brace that is put together.
    """
    html = html.replace("<munder><munder>", '<munder><mrow class="under">')
    return html.replace('<mo stretchy="true">\u23df</mo></munder>', "</mrow>")


@cache
def mathml(tex, display):
    """Return a formula as MathML; `display` sets it on lines of its own."""
    options = {"displayMode": display, "output": "mathml", "strict": "error"}
    call = "katex.renderToString(dukpy.tex, dukpy.options)"
    html = katex().evaljs(call, tex=tex, options=options)
    for mend in (
        with_styles,
        without_application,
        with_spaces,
        with_tight_bars,
        with_signs,
        with_full_primes,
        with_small_accents,
        with_rules,
    ):
        html = mend(html)
    return html


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
