"""Gives figures, equations and exercises an address, and links their mentions.

In a notebook these are plain Markdown that every front end shows: a caption is
a paragraph below its picture that begins with **Figure 3.1.2.**, an equation
carries its number as \\tag{3.1.2}, an exercise is an item of a numbered list.
A mention, "Figure 3.1.2", "Equation (3.1.2)", "Exercise 4", becomes a link; one
that leads nowhere stops the build.
"""

import json
import re
from copy import copy
from functools import cache
from html import escape

import section
from bs4 import BeautifulSoup
from sphinx.util import logging

log = logging.getLogger(__name__)

LEVELS = "Run", "Think", "Derive"  # the first word of an exercise may say it
MENTION = re.compile(
    r"\b(?P<kind>Figure|Equation|[Ee]xercise|[Ss]olution)[ \xa0]"
    r"(?P<open>\()?(?P<number>E\.\d+|\d+(?:\.\d+\.\d+)?)(?(open)\))"
    r"(?! of\b|[\d.]*\d)"
)
NO_MENTION = ["a", "pre", "code", "math", "h1", "h2", "h3", "summary", "title"]


def anchor(kind, number):
    """Return the id of a figure, an equation, an exercise or a solution."""
    return f"{kind.lower()}-{number.replace('.', '-')}"


@cache
def homes():
    """Return {id: name of the page} of all figures and equations."""
    found = {}
    for page in section.everything():
        ids = [anchor("figure", number) for number in page.figures]
        ids += [anchor("equation", number) for number in page.equations]
        found |= dict.fromkeys(ids, page.name.removesuffix(".ipynb"))
    return found


def figures(soup):
    """Join each caption with its picture, and mark those that are alive."""
    for start in soup.select("p > strong:first-child"):
        found = section.CAPTION.fullmatch(start.get_text())
        paragraph = start.parent
        cell = paragraph.find_previous_sibling()
        if not found or paragraph.contents[0] is not start or not cell:
            continue
        images = cell.select(".cell_output img")
        if not images:
            log.warning(
                f"{soup.docname}: Figure {found[1]} is no caption, because "
                "the cell above it draws nothing. Move it below its picture."
            )
            continue
        figure = images[-1].wrap(soup.new_tag("figure"))
        figure["id"] = anchor("figure", found[1])
        images[-1].wrap(soup.new_tag("div", attrs={"class": "still"}))
        paragraph.name = "figcaption"
        figure.append(paragraph.extract())
        start.name = "a"
        start["href"] = f"#{figure['id']}"
        bring_to_life(soup, figure, found[1])


def bring_to_life(soup, figure, number):
    """Give a living figure its name and the numbers that it starts from."""
    living = soup.section and soup.section.living.get(number)
    if not living:
        return
    figure["data-living"] = living["name"]
    given = {key: living[key] for key in ("data", "shows")}
    if living["load"]:
        text = f"figureFile({json.dumps(living['load'])})"
        name = f"{living['name']}-{soup.section.id}.js"
        (soup.static / name).write_text(text, "utf-8")
        given["file"] = f"{soup.root}_static/{name}"
    script = soup.new_tag("script", type="application/json")
    # A "</script>" in it would end it.
    script.string = json.dumps(given).replace("<", "\\u003c")
    figure.insert(0, script)


def equations(soup):
    """Give each numbered equation an id."""
    for box in soup.select("div.math"):
        if found := section.TAG.search(soup.read(box)):
            box["id"] = anchor("equation", found[1])
            box["class"] = [*box.get("class", []), "numbered"]


def exercises(soup):
    """Join each exercise with its solution: ids, links, and the question."""
    items = soup.select("#exercises > ol > li")
    for number, item in enumerate(items, 1):
        item["id"] = anchor("exercise", str(number))
        first = item.find("em")
        if first and first.get_text().rstrip(".") in LEVELS:
            first.name, first["class"] = "span", "level"
        solution = soup.find(id=anchor("solution", str(number)))
        if not solution:
            continue
        question = soup.new_tag("blockquote", attrs={"class": "question"})
        question.extend(copy(child) for child in list(item.children))
        solution.insert(0, question)
        link(soup, question, item["id"], f"Back to exercise {number}")
        link(soup, item, solution["id"], f"Solution {number}")


def link(soup, parent, goal, words):
    attributes = {"class": "pair", "href": f"#{goal}"}
    parent.extend([" ", soup.new_tag("a", attrs=attributes, string=words)])


def mentions(soup):
    """Turn every mention into a link."""
    ids = {tag["id"] for tag in soup(id=True)}

    def linked(found):
        goal = anchor(found["kind"], found["number"])
        home = homes().get(goal)
        if goal not in ids and not home:
            log.warning(
                f"{soup.docname}: “{found[0]}” is mentioned, and there is "
                "none. Correct the number."
            )
            return found[0]
        away = "" if goal in ids else f"{soup.root}{home}.html"
        return f'<a href="{away}#{goal}">{found[0]}</a>'

    for text in soup(string=MENTION):
        if not text.find_parent(NO_MENTION):
            html = MENTION.sub(linked, escape(text, quote=False))
            text.replace_with(BeautifulSoup(html, "html.parser"))
