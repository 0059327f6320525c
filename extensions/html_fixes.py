"""Mends the HTML of a page before it is written.

What Sphinx, MyST-NB and pandas write is not all valid, and not all accessible.
Each function mends one kind of defect in the tree of a page. Code and formulas,
nine tenths of the tags, are parsed by nobody: in the tree, a text stands for
what each holds.
"""

import re
from html import unescape
from pathlib import Path

import references
import section
from bs4 import BeautifulSoup, NavigableString

HELD = re.compile(r"(<(pre|math)\b[^>]*>)(.*?)(?=</\2>)", re.S)
PLACE = re.compile("\ue000(\\d+)\ue001")
# A number and the word that it belongs to stay on one line.
WORD = "section|chapter|exercise|solution"
PAIR = re.compile(rf"\b((?i:{WORD})s?|\d+\.\d+)\s(?=[\dA-Z])")
SHORT = 30  # signs of code that fit on the line of a phone


def plain(html):
    """Return the text of a piece of HTML."""
    return unescape(re.sub("<[^>]*>", "", html))


class Page(BeautifulSoup):
    """A page as a tree, with the HTML that its code and formulas hold."""

    def __init__(self, html):
        self.held = []
        super().__init__(HELD.sub(self.hold, html), "html.parser")

    def hold(self, match):
        self.held.append(match[3])
        return f"{match[1]}\ue000{len(self.held) - 1}\ue001"

    def number(self, tag):
        """Return the index of what a tag holds."""
        return int(PLACE.fullmatch(tag.string)[1])

    def read(self, tag):
        """Return the text of a tag, with code and formulas."""
        return PLACE.sub(lambda m: plain(self.held[int(m[1])]), tag.get_text())

    def write(self):
        """Return the whole as HTML."""
        html = self.decode(formatter="minimal")
        return PLACE.sub(lambda m: self.held[int(m[1])], html)


def solutions(page):
    """A solution is one fold, text and code, that opens at its heading.

    The heading of the section moves into the fold, and its id to what is
    folded: a link to a closed solution then opens it, without a script.
    """
    for part in page.select("#solutions > section"):
        for fold in part("details"):
            fold.summary.decompose()
            fold.unwrap()
        heading = part.h3.extract()
        heading.find("a", class_="headerlink").decompose()
        part.name = "div"
        part.wrap(page.new_tag("details"))
        part.insert_before(page.new_tag("summary"))
        part.previous_sibling.append(heading)


def folds(page):
    """What opens another fold says what it holds: a figure or definitions."""
    for summary in page.select(".cell summary"):
        cell = summary.find_parent(class_="cell")
        code = page.read(cell.select_one(".cell_input pre"))
        names = re.findall(r"^(?:def|class) (\w+)", code, re.M)
        summary.attrs, summary.string = {}, "Code"
        if cell.select_one(".cell_output img"):
            summary.string = "Code of the figure"
        elif names:
            summary.string = f"Code: {', '.join(names)}"


def predictions(page):
    """What a reader is asked to predict stays folded until then.

    So does what says or shows the answer below it. How many parts of the page
    these are may stand in the metadata of the cell.
    """
    cells = page.select(".cell")
    for output in page.select(".cell.tag_predict > .cell_output"):
        cell = output.find_parent(class_="cell")
        below, number = cell.find_next_siblings(), None
        if page.section:
            about = page.section.code[cells.index(cell)].metadata
            number = about.get("folds")
        if number is None:
            number = num_answering(page, below)
        words = "Show the output" + " and the answer" * bool(number)
        fold = output.wrap(page.new_tag("details", attrs={"class": "answer"}))
        fold.insert(0, page.new_tag("summary", string=words))
        fold.extend(below[:number])


def num_answering(page, below):
    """Return how many parts answer, of those that stand below an output.

    These are the first paragraph, unless it leads into a table or code, the
    list or formula in which it goes on, and a figure that follows at once.
    """
    kinds = [kind(part) for part in below] + [""]
    number = 0
    if kinds[0] == "text":
        said, goes_on = page.read(below[0]).rstrip(), kinds[1] == "list"
        goes_on |= kinds[1] == "formula" and not re.search(r"[.!?]\W*$", said)
        if said.endswith(":") and not goes_on:
            return 0
        number = 1 + goes_on
    return number + (kinds[number] == "figure")


def kind(part):
    """Return what a part of the page is; a figure has code that is folded."""
    classes = part.get("class", [])
    if "tag_hide-input" in classes and "tag_predict" not in classes:
        return "figure" if part.select_one(".cell_output img") else ""
    if "math" in classes:
        return "formula"
    return {"p": "text", "ul": "list", "ol": "list"}.get(part.name, "")


def is_prose(line):
    """Tell whether a printed line is words, such as the message of an error,
    or too long for any screen. Other numbers keep their columns.
    """
    words = 2 * sum(map(str.isalpha, line)) > len(line.replace(" ", ""))
    return words or len(line) > 80


def outputs(page):
    """Printed sentences are wrapped, and so is the message of an error."""
    for box in page.select(".cell_output pre"):
        number = page.number(box)
        lines = page.held[number].rstrip().split("\n")
        last = len(lines) - 1 if box.find_parent(class_="traceback") else None
        for i, line in enumerate(lines):
            if i == last or (last is None and is_prose(plain(line))):
                lines[i] = f'<span class="message">{line}</span>'
        page.held[number] = "\n".join(lines)


def tables(page):
    """Those of pandas bring a style sheet each, and empty headers."""
    for style in page("style"):
        style.decompose()
    for table in page("table"):
        table.attrs.pop("border", None)
        for header in table("th"):
            if not header.get_text(strip=True):
                header.name = "td"
        table.wrap(page.new_tag("div", attrs={"class": "scroller"}))


def pictures(page):
    """Pictures know their size and that of their smallest letters, in pixels,
    load when they come near, and link to their files, which book.js shows
    large on the page.
    """
    for link in page(class_="image-reference"):
        link.unwrap()
    for image in page("img"):
        cell = image.find_parent(class_="cell")
        code = page.read(cell.select_one("pre")) if cell else ""
        points = re.findall(r"\bfontsize\W{1,3}(\d+)", code)
        letters = min([9, *map(int, points)]) * 100 / 72
        style = image.attrs.pop("style", "")
        size = r"(?<![-\w])(width|height):\s*(\d+)(?:\.\d+)?px"
        image.attrs |= dict(re.findall(size, style))
        if "width" in image.attrs:  # where the style sheet can use it
            width = f"--width: {image['width']}px"
            image["style"] = f"{width}; --letters: {letters:.1f}"
        image["loading"] = "lazy"
        attributes = {"class": "enlarge", "href": image["src"]}
        link = image.wrap(page.new_tag("a", attrs=attributes))
        unseen = {"class": "unseen"}
        link.insert(0, page.new_tag("span", attrs=unseen, string="Enlarge:"))


def formulas(page):
    """What ends a sentence or clause stays on the line of its formula."""
    for formula in page.select("math:not([display])"):
        text = formula.next_sibling
        end = isinstance(text, NavigableString) and re.match(r"[^\s\w]+", text)
        if end:
            text.replace_with(text[end.end() :])
            kept = formula.wrap(page.new_tag("span", attrs={"class": "kept"}))
            kept.append(end[0])


def lines(page):
    """Lines are not broken inside a reference or a short piece of code."""
    for text in page(string=PAIR):
        if not text.find_parent("h1"):
            text.replace_with(PAIR.sub("\\1\xa0", text))
    for code in page("code"):
        if len(code.get_text()) <= SHORT and not code.find_parent(["td", "th"]):
            code["class"] = [*code.get("class", []), "kept"]


def links(page):
    """The sign beside a heading says where it leads."""
    for link in page("a", class_="headerlink"):
        name = page.read(link.parent).removesuffix(link.get_text())
        del link["title"]
        link["aria-label"] = f"Link to: {name}"


def mend(app, pagename, template, context, doctree):
    if "body" not in context:
        return
    page = context["tree"] = Page(context["body"])
    page.docname, page.static = pagename, Path(app.outdir) / "_static"
    page.root = "../" * pagename.count("/")
    path = (section.ROOT / pagename).with_suffix(".ipynb")
    page.section = section.read(path) if path.exists() else None
    solutions(page)
    folds(page)
    outputs(page)
    tables(page)
    references.figures(page)
    predictions(page)  # when captions have joined their figures
    pictures(page)
    references.equations(page)
    references.exercises(page)
    references.mentions(page)
    formulas(page)
    lines(page)
    links(page)
    context["body"] = page.write()
    first = page.find("p")
    context["description"] = first and page.read(first).replace("\n", " ")
