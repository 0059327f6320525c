"""What the notebooks are together; tools/rules.py says what each must be."""

import re

import pytest
import rules
import section
import stamping

BAND = r"([\d.]+) < [^<\n]*acc[^<\n]* < ([\d.]+)"


@pytest.mark.parametrize("page", section.everything(), ids=lambda s: s.id)
def test_page_keeps_every_rule(page):
    problems = rules.problems(page.path)
    assert not problems, "\n".join(problems)


def test_pages_and_readme_are_as_tools_stamp_them():
    assert [path for path, _ in stamping.outdated()] == []


def test_what_has_learned_nothing_falls_out_of_the_bands():
    """It is right in one of ten cases: so is training on shuffled labels."""
    sources = [cell.source for page in section.sections() for cell in page.code]
    found = re.findall(BAND, "\n".join(sources))
    assert len(found) >= 5
    for low, high in found:
        assert 0.3 < float(low) < float(high) <= float(low) + 0.2
