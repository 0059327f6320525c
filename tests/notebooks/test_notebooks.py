"""What the notebooks are together; tools/rules.py says what each must be."""

import ast

import pytest
import rules
import section


@pytest.mark.parametrize("page", section.everything(), ids=lambda s: s.id)
def test_page_keeps_every_rule(page):
    problems = rules.problems(page.path)
    assert not problems, "\n".join(problems)


def test_the_optional_page_trains_the_model_of_5_2():
    models = {
        ast.unparse(node)
        for page in section.everything()
        for cell in page.code
        for node in rules.statements(cell.source)
        if page.id in ("5.2", "beyond-one-machine")
        and getattr(node, "name", "") == "MLP"
    }
    (only,) = models
    assert "nn.LazyLinear" in only
