"""Numbers in prose are results, or settings, of the cells that they speak of.

Every number that stands in a text cell must stand in the output of the code
cells directly above or below it (rounded as it is written there, or as a
percentage), or in their code. In the summary and in the exercises, the cells
of the whole page count. A number that is neither is declared in the metadata
of its cell, as in {"numbers": {"1986": "the year of the paper"}}: it comes from
outside, and no cell can confirm it.
"""

import re

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


def evidence_for(cells, i):
    """Return the numbers that the code cells of text cell i show."""
    return numbers("\n".join(map(shown, spoken_of(cells, i))))


def unsupported(cells):
    """Return (text cell, number) for every number without support."""
    missing = []
    for i, cell in enumerate(cells):
        if cell.cell_type != "markdown" or cell.id == "badge":
            continue
        near = spoken_of(cells, i)
        evidence = evidence_for(cells, i)
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


def misdeclared(cells):
    """Return (text cell, number, sentence) for declarations without a cause."""
    found = []
    for i, cell in enumerate(cells):
        declared = cell.metadata.get("numbers", {})
        if not isinstance(declared, dict):
            found += [
                (i, n, 'say where it is from: {"...": "..."}') for n in declared
            ]
            continue
        evidence = evidence_for(cells, i)
        for number, source in declared.items():
            if len(source.split()) < 2:
                found.append((i, number, "say where it is from"))
            if "." in number:
                found.append((i, number, "let a cell print it"))
            if number not in claims(cell):
                found.append((i, number, "but does not state it; remove it"))
            if any(supports(other, number) for other in evidence):
                found.append((i, number, "a cell prints it; remove it"))
            elif near := [n for n in evidence if is_near(n, number)]:
                found.append(
                    (i, number, f"a cell prints {near[0]}; state that")
                )
    return found


def is_near(evidence, claim):
    """Tell whether a number looks like a result, with a slip."""
    if len(re.sub(r"\D", "", claim).strip("0")) < 3:
        return False  # 64, 1000: anything is near
    value, wanted = (float(n.replace(",", "")) for n in (evidence, claim))
    return 0 < abs(value - wanted) < 0.1 * abs(wanted)
