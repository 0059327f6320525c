"""What the notebooks are together; tools/rules.py says what each must be."""

import ast

import pytest
import rules
import section
import stamping


@pytest.mark.parametrize("page", section.everything(), ids=lambda s: s.id)
def test_page_keeps_every_rule(page):
    problems = rules.problems(page.path)
    assert not problems, "\n".join(problems)


def test_pages_and_readme_are_as_tools_stamp_them():
    assert [path for path, _ in stamping.outdated()] == []


def test_the_optional_page_trains_the_model_of_5_2():
    models = [
        ast.unparse(node)
        for page in section.everything()
        for cell in page.code
        for node in rules.statements(cell.source)
        if page.id in ("5.2", "beyond-one-machine")
        and getattr(node, "name", "") == "MLP"
    ]
    assert len(models) == 2 and models[0] == models[1]
