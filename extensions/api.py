"""The reference of the package, and links to it and to other libraries.

The directive `api` lists what a module of d2lmini makes public, from its
docstrings. On other pages the first use of each public name leads there. Names
of PyTorch, NumPy, pandas and Matplotlib lead to their documentation, where they
have a page of their own. The notebooks know nothing of it.
"""

import re
from functools import cache
from pkgutil import resolve_name

import glossary
import pages
import section
import torch
from docutils import nodes

import d2lmini

PAGE = "api"
PUBLIC = {
    name: getattr(d2lmini, name)
    for name in d2lmini.__all__
    if callable(getattr(d2lmini, name))
}
# A name, perhaps with arguments, as it stands in a text; and in a cell.
WRITTEN = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\([^()]*\))?")
IN_CODE = re.compile(
    r'(<span class="nd?">@?d2l</span><span class="o">\.</span>)'
    r'(<span class="n">(\w+)</span>)'
)
SHORT = {"d2l": "d2lmini", "np": "numpy", "pd": "pandas"}
SHORT |= {"F": "torch.nn.functional", "nn": "torch.nn", "optim": "torch.optim"}
SHORT |= {"Tensor": "torch.Tensor", "DataFrame": "pandas.DataFrame"}
SHORT |= {"plt": "matplotlib.pyplot"}
# Where each library keeps the pages of its functions and classes, and which
# names have one; of Matplotlib and NumPy, functions only.
LIBRARIES = {
    "torch": "docs.pytorch.org/docs/stable/generated",
    "numpy": "numpy.org/doc/stable/reference/generated",
    "pandas": "pandas.pydata.org/docs/reference/api",
    "matplotlib": "matplotlib.org/stable/api/_as_gen",
}
DESCRIBED = re.compile(
    r"torch\.((Tensor|linalg|optim|nn(\.functional|\.utils)?)\.)?\w+"
    r"|torch\.autograd\.(grad|backward)|numpy\.(linalg\.)?[a-z]\w*"
    r"|pandas\.((DataFrame|Series)\.)?\w+|matplotlib\.pyplot\.[a-z]\w*"
)
# Names that share a page with others, and names whose page has another name.
SHARED = "Tensor Size device dtype relu optim.Optimizer nn.Flatten nn.Unflatten"
PAGES = {f"torch.{name}": "" for name in SHARED.split()} | {
    "torch.inference_mode": "torch.autograd.grad_mode.inference_mode",
    "torch.set_grad_enabled": "torch.autograd.grad_mode.set_grad_enabled",
    "torch.nn.Parameter": "torch.nn.parameter.Parameter",
}


def entry(name):
    """Return the entry in the reference of a name without `d2l.`, or None."""
    first, _, method = name.partition(".")
    if first not in PUBLIC or not method:
        return f"d2lmini.{first}" if first in PUBLIC else None
    for Class in getattr(PUBLIC[first], "__mro__", ()):
        member = vars(Class).get(method)
        if PUBLIC.get(Class.__name__) is Class and member.__doc__:
            return f"d2lmini.{Class.__name__}.{method}"
    return None


def is_ours(name):
    """Tell whether a name without `d2l.` can only mean ours.

    A word in small letters may be anything, and PyTorch has a `Module` too.
    """
    first = name.partition(".")[0]
    theirs = torch.nn, torch.optim, torch.nn.functional
    known = any(hasattr(place, first) for place in theirs)
    return bool(re.search("[A-Z_]", first)) and not known


@cache
def goal(written):
    """Return where a piece of code leads: an entry, an address, or None."""
    found = WRITTEN.fullmatch(written)
    if not found:
        return None
    first, _, rest = found[1].partition(".")
    library, _, inside = f"{SHORT.get(first, first)}.{rest}".partition(".")
    if library == "d2lmini":
        return entry(rest)
    if library in LIBRARIES and rest:
        return address(library, inside)
    return entry(found[1]) if is_ours(found[1]) else None


def address(library, inside):
    """Return the page that a library has on a name, or None."""
    name = f"{library}.{inside}"
    try:
        thing = resolve_name(name)
    except (AttributeError, ImportError):
        return None
    is_class = library in ("numpy", "matplotlib") and isinstance(thing, type)
    if is_class or not callable(thing) or not DESCRIBED.fullmatch(name):
        return None
    page = PAGES.get(name, name)
    return f"https://{LIBRARIES[library]}/{page}.html" if page else None


def link_first_names(app, document):
    """Link the first use of each name in the running text of a page."""
    seen = {None}
    literals = document.findall(nodes.literal)
    for code in list(literals) if app.env.docname != PAGE else ():
        to = goal(code.astext())
        if to not in seen and glossary.in_running_text(code):
            seen.add(to)
            code.replace_self(link(to, code.deepcopy()))


def link(to, code):
    """Return a link to an entry, or to another site."""
    code["classes"].append("api")
    if to.startswith("https:"):
        return nodes.reference("", "", code, refuri=to, internal=False)
    return glossary.link("py", "obj", to, code)


def link_code(app, pagename, template, context, doctree):
    """Link the first use of a name in code, if no text has linked it."""
    body = context.get("body", "")
    in_text = rf'{PAGE}\.html#(d2lmini\.\w+)"[^>]*><code class="api'
    seen = {None, *re.findall(in_text, body)}

    def once(found):
        to = entry(found[3])
        if to in seen:
            return found[0]
        seen.add(to)
        place = app.builder.get_relative_uri(pagename, PAGE)
        return f'{found[1]}<a class="api" href="{place}#{to}">{found[2]}</a>'

    if pagename != PAGE:
        context["body"] = IN_CODE.sub(once, body)


def teacher(name):
    """Return words and the page that defines a name, else first uses it."""
    defined = rf"(?<!\)\n)^(?:class|def) {name}\b"  # no method
    used = rf"\bd2l\.{name}\b"
    for words, pattern in ("Taught in", defined), ("First used in", used):
        for page in section.everything():
            code = "\n\n".join(cell.source for cell in page.code)
            if re.search(pattern, code, re.M):
                return words, page
    return None


def finish(app, what, name, thing, options, lines):
    """Let a docstring be Markdown as far as ours are, and name its page."""
    text = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", "\n".join(lines))
    if name.count(".") == 1 and (found := teacher(name.partition(".")[2])):
        words, page = found
        text += f"\n\n{words} :doc:`/{page.name.removesuffix('.ipynb')}`."
    lines[:] = text.splitlines()


class Api(pages.Table):
    """`{api} oop`: the public names of a module, as autodoc shows them."""

    required_arguments = 1

    def lines(self):
        home = f"d2lmini.{self.arguments[0]}"
        yield "```{eval-rst}"
        for name, thing in PUBLIC.items():
            if f"{thing.__module__}.".startswith(f"{home}."):
                kind = "class" if isinstance(thing, type) else "function"
                yield from (f".. auto{kind}:: d2lmini.{name}", "")
        yield "```"
