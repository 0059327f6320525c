"""Mends the HTML of a page before it is written.

What Sphinx, MyST-NB and pandas write is not all valid, and not all accessible.
Each function mends one kind of defect.
"""

import re

from bs4 import BeautifulSoup, NavigableString


def solutions(page):
    """A solution is one fold, text and code, that opens at its heading.

    The heading of the section moves into the fold, and its id to what is
    folded: a link to a closed solution then opens it, without a script.
    """
    for section in page.select("#solutions > section"):
        for fold in section("details"):
            fold.summary.decompose()
            fold.unwrap()
        heading = section.h3.extract()
        heading.find("a", class_="headerlink").decompose()
        section.name = "div"
        section.wrap(page.new_tag("details"))
        section.insert_before(page.new_tag("summary"))
        section.previous_sibling.append(heading)


def folds(page):
    """What opens another fold says in one plain word what it holds."""
    for summary in page("summary"):
        if not summary.h3:
            summary.attrs = {}
            summary.string = "Code"


def errors(page):
    """The message of an error is wrapped, for it is what should be read."""
    for trace in page.select(".traceback pre"):
        lines = trace.decode_contents().rstrip().split("\n")
        lines[-1] = f'<span class="message">{lines[-1]}</span>'
        html = "<pre>" + "\n".join(lines) + "</pre>"
        trace.replace_with(BeautifulSoup(html, "html.parser"))


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
    """Pictures know their size, load when they come near, and link nowhere."""
    for image in page("img"):
        style = image.attrs.pop("style", "")
        for rule in filter(None, style.split(";")):
            name, value = rule.split(":")
            image[name.strip()] = value.strip().removesuffix("px")
        if "width" in image.attrs:  # where the style sheet can use it
            image["style"] = f"--width: {image['width']}px"
        image["loading"] = "lazy"
        if "image-reference" in image.parent.get("class", []):
            image.parent.unwrap()


def formulas(page):
    """What ends a sentence or clause stays on the line of its formula."""
    for formula in page.select("math:not([display])"):
        text = formula.next_sibling
        end = isinstance(text, NavigableString) and re.match(r"[^\s\w]+", text)
        if end:
            text.replace_with(text[end.end() :])
            kept = formula.wrap(page.new_tag("span", attrs={"class": "kept"}))
            kept.append(end[0])


def ids(page):
    """An id stands once on a page: the first one keeps it."""
    seen = set()
    for tag in page(id=True):
        if tag["id"] in seen:
            del tag["id"]
        else:
            seen.add(tag["id"])


def links(page):
    """The sign beside a heading says where it leads."""
    for link in page("a", class_="headerlink"):
        name = link.parent.get_text().removesuffix(link.get_text())
        link.attrs = {
            "class": "headerlink",
            "href": link["href"],
            "aria-label": f"Link to: {name}",
        }


def mend(app, pagename, template, context, doctree):
    if "body" not in context:
        return
    page = BeautifulSoup(context["body"], "html.parser")
    for repair in (
        solutions,
        folds,
        errors,
        tables,
        pictures,
        formulas,
        ids,
        links,
    ):
        repair(page)
    context["body"] = page.decode(formatter="minimal")
    first = page.find("p")
    context["description"] = first and first.get_text().replace("\n", " ")


def setup(app):
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
