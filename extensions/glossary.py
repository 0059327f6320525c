"""Links the first use of each term on a page to the glossary.

The source of the glossary is the directive `terms` in glossary.md: a term, the
Korean one (`ko`), what it `is`, the other `forms` under which it occurs, and
phrases that look like it but mean something else (`not`). A form also matches
with a capital first letter. The notebooks know nothing of it: links are made
while the site is built.

An entry names the sections that use it. What the entries say is also written
into a script, by which other pages show it beside a term.
"""

import json
import re
from functools import cache
from pathlib import Path

import section
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import desc, pending_xref
from sphinx.util.docutils import SphinxDirective

PAGE = "glossary"
SOURCE = Path(__file__).resolve().parent.parent / f"{PAGE}.md"
HANGUL = re.compile(r"([가-힣]+(?:[ –-][가-힣]+)*)")
# Running text is what stands in none of these.
BLOCKS = nodes.Titular, nodes.FixedTextElement, nodes.table, desc
INLINE = nodes.reference, pending_xref, nodes.literal, nodes.math
# In the text of a notebook: what is no prose.
NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", re.S
)
ENTRY = re.compile(
    r'<dt id="(term-[^"]+)">.*?<dd>(.*?)(?:<p class="used"|</dd>)', re.S
)


@cache
def read(source):
    """Return {term: entry} from the text of the glossary page."""
    body = re.search(r"^```\{terms\}\n(.*?)^```", source, re.M | re.S)[1]
    return yaml.safe_load(body)


def meanings(entries):
    """Return {form: its term, or None}; a form may begin a sentence."""
    found = {}
    for term, entry in entries.items():
        found |= dict.fromkeys(entry.get("not", ()))
        found |= dict.fromkeys([term, *entry.get("forms", ())], term)
    # Sphinx has set the apostrophes of a page already, and in no other text.
    found |= {form.replace("'", "’"): term for form, term in found.items()}
    return {f[0].upper() + f[1:]: term for f, term in found.items()} | found


def matcher(forms):
    """Return a pattern for the forms of terms, over line breaks as well.

    At one place the longest form wins: "gradient descent", not "gradient".
    """
    longest_first = sorted(forms, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first)).replace(r"\ ", r"\s+")
    return re.compile(rf"(?<![\w-])({either})(?![\w-])")


def first_uses(app, document):
    """Turn the first use of each term on a page into a link."""
    app.env.note_dependency(str(SOURCE))
    if app.env.docname != PAGE:
        link_first_uses(document, read(SOURCE.read_text("utf-8")))


def link_first_uses(document, entries):
    """Link the first use of each term in the running text of a document."""
    meaning = meanings(entries)
    pattern = matcher(meaning)
    for parent in document.findall(nodes.TextElement):
        join_texts(parent)
    seen = set()
    for text in list(document.findall(nodes.Text)):
        if in_running_text(text):
            pieces = linked(pattern.split(text), meaning, seen)
            text.parent.replace(text, list(pieces))


def join_texts(parent):
    """Make one text of neighbors: a line break parts them, but no term."""
    for i in range(len(parent) - 1, 0, -1):
        left, right = parent[i - 1], parent[i]
        if isinstance(left, nodes.Text) and isinstance(right, nodes.Text):
            parent[i - 1] = nodes.Text(left + right)
            del parent[i]


def in_running_text(node):
    """Tell whether a node lies in running text, and in no code cell."""
    while node := node.parent:
        if isinstance(node, BLOCKS + INLINE) or "cell" in node.get(
            "classes", ()
        ):
            return False
    return True


def linked(pieces, meaning, seen):
    """Yield pieces of a text, with links for terms not yet `seen`."""
    for piece in pieces:
        term = meaning.get(" ".join(piece.split()))
        if term is None or term in seen:
            yield nodes.Text(piece)
        else:
            seen.add(term)
            shown = nodes.inline("", piece, classes=["term"])
            yield link("std", "term", term, shown)


def link(domain, kind, goal, shown):
    """Return a link; one to what is not there stops the build."""
    where = {"refdomain": domain, "reftype": kind, "reftarget": goal}
    return pending_xref("", shown, **where, refexplicit=True, refwarn=True)


class Terms(SphinxDirective):
    """The entries of the glossary, in the order of the alphabet."""

    has_content = True

    def run(self):
        entries = yaml.safe_load("\n".join(self.content))
        in_order = sorted(entries, key=str.casefold)
        uses = used_in(entries, section.sections())
        for page in section.sections():
            self.env.note_dependency(str(page.path))
        items = [self.item(term, entries[term], uses) for term in in_order]
        list_of_terms = nodes.definition_list("", *items, classes=["terms"])
        return [letters(in_order), list_of_terms]

    def item(self, term, entry, uses):
        name = anchor(term)
        head = nodes.term("", f"{term} {entry['ko']}", ids=[name])
        std = self.env.get_domain("std")
        std.note_object("term", term, name, location=head)
        body = nodes.definition()
        text = StringList(entry["is"].splitlines(), PAGE)
        self.state.nested_parse(text, self.content_offset, body)
        item = nodes.definition_list_item("", head, body)
        for text in list(item.findall(nodes.Text)):
            text.parent.replace(text, list(in_its_language(text)))
        if uses[term]:
            line = nodes.paragraph("", "Used in ", classes=["used"])
            for page in uses[term]:
                goal = f"/{page.name.removesuffix('.ipynb')}"
                shown = nodes.inline("", page.number)
                line += [link("std", "doc", goal, shown), nodes.Text(", ")]
            body += line
            line.pop()
        return item


def anchor(term):
    return nodes.make_id(f"term-{term}")


def letters(terms):
    """Return a line of letters that lead to the first term of each."""
    first = {term[0].upper(): term for term in terms[::-1]}
    links = [
        nodes.reference("", letter, refid=anchor(first[letter]), internal=True)
        for letter in sorted(first)
    ]
    return nodes.paragraph("", "", *links, classes=["letters"])


def used_in(entries, pages):
    """Return {term: the sections whose prose uses it, in reading order}."""
    meaning = meanings(entries)
    pattern, found = matcher(meaning), {term: [] for term in entries}
    for page in pages:
        forms = pattern.findall(NO_PROSE.sub(" ", page.text))
        terms = {meaning[" ".join(form.split())] for form in forms} - {None}
        for term in terms:
            found[term].append(page)
    return found


def finish(app):
    """Write what each entry says, for the pages that show it."""
    folder = Path(app.outdir)
    page = (folder / f"{PAGE}.html").read_text("utf-8")
    entries = json.dumps(dict(ENTRY.findall(page)), ensure_ascii=False)
    script = f"const TERMS = {entries};\n"
    (folder / "_static" / "terms.js").write_text(script, "utf-8")


def in_its_language(text):
    """Yield the pieces of a text, the Korean ones marked as such."""
    for piece in HANGUL.split(text):
        korean = nodes.inline("", piece, classes=["language-ko"])
        yield korean if HANGUL.fullmatch(piece) else nodes.Text(piece)
