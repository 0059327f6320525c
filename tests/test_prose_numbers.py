"""Numbers in prose are results, or settings, of the cells that they speak of.

Every number that stands in a text cell must stand in the output of the code
cells directly above or below it (rounded as it is written there, or as a
percentage), or in their code. In the summary and in the exercises, the cells
of the whole page count. A number that is neither is declared in the metadata
of its cell, as in {"numbers": ["1986"]}: it comes from outside, and no cell
can confirm it.
"""

import re

import nbformat
import notebooks
import pytest

NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])"
)
# What is no statement: code, mathematics, links, headings, numbers of items.
SKIPPED = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|!?\[[^]]*\]\([^)]*\)"
    r"|^#[^\n]*$|^\s*\d+\. |\b[Ee]xercise\s\d"
    # The sections of the book, where a sentence refers to one.
    r"|\b(?:from|of|in|as)\s[2-5]\.[1-5]\b|\([2-5]\.[1-5]\)",
    re.M | re.S,
)


def numbers(text):
    """Return the numbers in a text, as they are written."""
    return [match[0].lstrip("+") for match in NUMBER.finditer(text)]


def claims(cell):
    """Return the numbers that a text cell states."""
    return numbers(SKIPPED.sub(" ", cell.source))


def shown(cell):
    """Return what a code cell prints, returns or raises, as text."""
    texts = []
    for output in cell.get("outputs", []):
        texts.append(output.get("text", ""))
        texts.append(output.get("data", {}).get("text/plain", ""))
        texts.append(output.get("evalue", ""))
    return "\n".join(texts)


def supports(evidence, claim):
    """Tell whether the number `evidence` rounds to `claim`, also as percent."""
    decimals = len(claim.partition(".")[2].partition("e")[0])
    value, wanted = (float(n.replace(",", "")) for n in (evidence, claim))
    if "e" in claim:
        return f"{value:.{decimals}e}" == f"{wanted:.{decimals}e}"
    half = 0.5 * 10.0**-decimals * (1 + 1e-9)
    if "." not in claim:
        half = 0  # a whole number is not a rounded one
    return any(abs(v - wanted) <= half for v in (value, 100 * value)) or (
        abs(abs(value) - wanted) <= half
    )


def spoken_of(cells, i):
    """Return the code cells that text cell i speaks of."""
    heading = [
        line[3:]
        for cell in cells[: i + 1]
        for line in cell.source.splitlines()
        if cell.cell_type == "markdown" and line.startswith("## ")
    ][-1:]
    if i == 1 or heading in (["Summary"], ["Exercises"]):
        return [cell for cell in cells if cell.cell_type == "code"]
    near = []
    for step in (-1, 1):
        j = i + step
        while 0 <= j < len(cells) and cells[j].cell_type == "code":
            near.append(cells[j])
            j += step
    return near


def unsupported(cells):
    """Return (text cell, number) for every number without support."""
    missing = []
    for i, cell in enumerate(cells):
        if cell.cell_type != "markdown" or cell.id == "badge":
            continue
        near = spoken_of(cells, i)
        evidence = numbers("\n".join(map(shown, near)))
        sources = "\n".join(c.source for c in near)
        settings = numbers(re.sub(r"(?<=\d)_(?=\d)", "", sources))
        declared = cell.metadata.get("numbers", [])
        for claim in claims(cell):
            if not (
                any(supports(number, claim) for number in evidence)
                or claim.replace(",", "") in settings
                or claim in declared
            ):
                missing.append((i, claim))
    return missing


@pytest.mark.parametrize("path", notebooks.everything(), ids=lambda p: p.stem)
def test_numbers_in_prose_are_those_of_the_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    found = [f"cell {i}: {n}" for i, n in unsupported(cells)]
    assert not found


def other_digit(claim):
    """Return the number with another last digit."""
    digits, exponent, power = claim.partition("e")
    last = str((int(digits[-1]) + 3) % 10)
    return digits[:-1] + last + exponent + power


def test_the_rule_notices_when_either_side_changes():
    """Change every stated result by its last digit, there or in the output."""
    caught = {"prose": [], "output": []}
    for path in notebooks.everything():
        cells = nbformat.read(path, as_version=4).cells
        for i, cell in enumerate(cells):
            if cell.cell_type != "markdown" or cell.id == "badge":
                continue
            shown_near = "\n".join(map(shown, spoken_of(cells, i)))
            evidence = numbers(shown_near)
            for claim in claims(cell):
                if len(re.sub(r"\D", "", claim)) < 3 or not any(
                    supports(number, claim) for number in evidence
                ):
                    continue  # no result with three digits
                caught["prose"].append(
                    not any(supports(n, other_digit(claim)) for n in evidence)
                )
                drifted = [
                    other_digit(n) if supports(n, claim) else n
                    for n in evidence
                ]
                caught["output"].append(
                    not any(supports(n, claim) for n in drifted)
                )
    for side, outcomes in caught.items():
        assert len(outcomes) > 100
        assert sum(outcomes) / len(outcomes) > 0.95, side
