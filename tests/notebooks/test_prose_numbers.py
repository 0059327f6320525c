"""The rule for numbers in prose notices what it is there for."""

import re

import nbformat
import section
from claims import claims, evidence_for, supports


def other_digit(claim):
    """Return the number with another last digit."""
    digits, exponent, power = claim.partition("e")
    last = str((int(digits[-1]) + 3) % 10)
    return digits[:-1] + last + exponent + power


def test_the_rule_notices_when_either_side_changes():
    """Change every stated result by its last digit, there or in the output."""
    caught = {"prose": [], "output": []}
    for path in section.paths():
        cells = nbformat.read(path, as_version=4).cells
        for i, cell in enumerate(cells):
            if cell.cell_type != "markdown" or cell.id == "badge":
                continue
            evidence = evidence_for(cells, i)
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
