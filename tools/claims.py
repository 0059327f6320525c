"""Numbers in prose are results, or settings, of the cells that they speak of.

Every number that stands in a text cell must stand in the output of the code
cells directly above or below it (rounded as it is written there, or as a
percentage), or in their code. In the summary and in the exercises, the cells
of the whole page count. A number that is neither is declared in the metadata
of its cell, as in {"numbers": {"1986": "the year of the paper"}}: it comes from
outside, and no cell can confirm it.
"""

import re
from functools import cache
from itertools import takewhile

from section import d2l

NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])"
)


def problems(page, cell):
    """Return what is wrong with the numbers of a text cell, as sentences."""
    stated, evidence = claims(cell), evidence_for(page, cell)
    sources = "\n".join(other.source for other in spoken_of(page, cell))
    settings = numbers(re.sub(r"(?<=\d)_(?=\d)", "", sources))
    declared = cell.metadata.get("numbers", {})

    def is_printed(number):
        return any(supports(other, number) for other in evidence)

    for number in stated:
        known = number in declared or number.replace(",", "") in settings
        if not known and not is_printed(number):
            what = f"states {number}, which no cell beside it prints or uses"
            where = f'"numbers": {{"{number}": "its source"}}'
            yield f"{what}; correct it, or write in its metadata {where}"
    for number, source in declared.items():
        what = f'declares {number} in "numbers"'
        close = [other for other in evidence if is_close(other, number)]
        if number not in stated:
            yield f"{what}, but does not state it; remove it"
        elif len(source.split()) < 2:
            yield f"{what}; say where it is from"
        elif is_printed(number):
            yield f"{what}, but a cell prints it; remove it"
        elif close:
            yield f"{what}, but a cell prints {close[0]}; state that"
        elif "." in number:
            yield f"{what}; let a cell print it"


def spoken_of(page, cell):
    """Return the code cells that a text cell speaks of."""
    prose = page.prose[: page.prose.index(cell) + 1]
    text = "\n".join(c.source for c in prose)
    heads = re.findall("^## (.*)$", text, re.M)
    if len(prose) == 1 or heads[-1:] in (["Summary"], ["Exercises"]):
        return page.all_code
    place = page.cells.index(cell)

    def is_code(other):
        return other.cell_type == "code"

    above, below = page.cells[:place][::-1], page.cells[place + 1 :]
    return [*takewhile(is_code, above), *takewhile(is_code, below)]


def evidence_for(page, cell):
    """Return the numbers that the code cells of a text cell show."""
    return numbers("\n".join(map(shown, spoken_of(page, cell))))


@cache
def skipped():
    """Return a pattern for code, mathematics, links, headings, list numbers.

    And for sections, where a sentence refers to one. None states a number.
    """
    section = f"(?:{'|'.join(map(re.escape, d2l()['sections']))})"
    return re.compile(
        r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!?\[[^]]*\]\([^)]*\)"
        r"|^#[^\n]*$|^\s*\d+\. |\b[Ee]xercise\s\d"
        r"|\b(?:Figure|Equation|Solution)\s\(?\d[\d.]*"
        rf"|\b(?:from|of|in|as)\s{section}\b|\({section}\)",
        re.M | re.S,
    )


def claims(cell):
    """Return the numbers that a text cell states."""
    return numbers(skipped().sub(" ", cell.source))


@cache
def numbers(text):
    """Return the numbers in a text, as they are written."""
    return [match[0].lstrip("+") for match in NUMBER.finditer(text)]


def shown(cell):
    """Return what a code cell prints, returns or raises, as text."""
    texts = []
    for output in cell.outputs:
        plain = output.get("data", {}).get("text/plain", "")
        texts += [output.get("text", ""), plain, output.get("evalue", "")]
    return "\n".join(texts)


@cache
def value(number):
    return float(number.replace(",", ""))


def supports(evidence, claim):
    """Tell whether the number `evidence` rounds to `claim`, also as percent."""
    decimals = len(claim.partition(".")[2].partition("e")[0])
    found, wanted = value(evidence), value(claim)
    if "e" in claim:
        return f"{found:.{decimals}e}" == f"{wanted:.{decimals}e}"
    half = 0.5 * 10.0**-decimals * (1 + 1e-9)
    if "." not in claim:
        half = 0  # a whole number is not a rounded one
    gaps = found - wanted, 100 * found - wanted, abs(found) - wanted
    return min(map(abs, gaps)) <= half


def is_close(evidence, claim):
    """Tell whether a number looks like a result, with a slip."""
    if len(re.sub(r"\D", "", claim).strip("0")) < 3:
        return False  # 64, 1000: anything is near
    if re.fullmatch(r"(19|20)\d\d", claim):
        return False  # other years are near a year
    return 0 < abs(value(evidence) - value(claim)) < 0.1 * abs(value(claim))
