"""The rule for numbers in prose notices what it is there for."""

import re

import section
from claims import claims, evidence_for, supports


def other_digit(claim):
    """Return the number with another last digit."""
    digits, exponent, power = claim.partition("e")
    last = str((int(digits[-1]) + 3) % 10)
    return digits[:-1] + last + exponent + power


def test_the_rule_notices_another_last_digit():
    """In nearly every stated result that has three of them."""
    noticed = []
    for page in section.everything():
        for cell in page.prose:
            evidence = evidence_for(page, cell)
            for claim in claims(cell):
                right, wrong = (
                    any(supports(number, what) for number in evidence)
                    for what in (claim, other_digit(claim))
                )
                if right and len(re.sub(r"\D", "", claim).lstrip("0")) > 2:
                    noticed.append(not wrong)
    assert len(noticed) > 100
    assert sum(noticed) / len(noticed) > 0.97
