"""The rule for numbers in prose notices what it is there for."""

import re

import section
from claims import claims, evidence_for, supports


def other_digit(claim):
    """Return the number with another last digit."""
    digits, exponent, power = claim.partition("e")
    last = str((int(digits[-1]) + 3) % 10)
    return digits[:-1] + last + exponent + power


def test_the_rule_notices_when_either_side_changes():
    """Change every stated result by its last digit, there or in the output."""
    noticed = []
    for page in section.everything():
        for cell in page.prose:
            evidence = evidence_for(page, cell)
            for claim in claims(cell):
                same = {n for n in evidence if supports(n, claim)}
                if len(re.sub(r"\D", "", claim)) < 3 or not same:
                    continue  # no result with three digits
                left = [*map(other_digit, same), *{*evidence} - same]
                drifted = not any(supports(n, claim) for n in left)
                wrong = other_digit(claim)
                misread = not any(supports(n, wrong) for n in evidence)
                noticed.append((drifted, misread))
    assert len(noticed) > 100
    for side in zip(*noticed, strict=True):
        assert sum(side) / len(side) > 0.95
