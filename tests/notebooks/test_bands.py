"""The bands of the check cells catch a model that has learned nothing.

A check such as `assert 0.83 < history["val_acc"][-1] < 0.90` stands for
numbers that no test compares digit by digit. A model that is not trained, or
trained on shuffled labels, is right in about one of ten cases.
"""

import ast

import rules
import section


def bands():
    """Yield (page, low, high) of every check of an accuracy in a notebook."""
    for page in section.sections():
        nodes = [n for c in page.code for n in rules.statements(c.source)]
        for node in (n for whole in nodes for n in ast.walk(whole)):
            match node:
                case ast.Compare(
                    left=ast.Constant(low),
                    comparators=[middle, ast.Constant(high)],
                ) if "val_acc" in ast.unparse(middle):
                    yield page.number, low, high


def test_what_has_learned_nothing_falls_out_of_the_bands():
    found = [*bands()]
    assert {number for number, *_ in found} >= {"4.3", "4.4", "5.2"}
    assert all(0.3 < low < high <= low + 0.2 for _, low, high in found)
