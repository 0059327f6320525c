"""What the notebooks are together; tools/rules.py says what each must be."""

import ast
import re

import pytest
import repository
import rules
import section
import yaml

ROOT = section.ROOT


@pytest.mark.parametrize("page", section.everything(), ids=lambda s: s.id)
def test_page_keeps_every_rule(page):
    problems = rules.problems(page.path)
    assert not problems, "\n".join(problems)


def test_sections_stand_in_the_order_of_their_numbers():
    numbers = [page.number for page in section.sections()]
    assert numbers == sorted(set(numbers)) and None not in numbers
    assert all(page.number is None for page in section.optional())


def test_toc_lists_every_notebook_and_nothing_else():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    listed = set()
    for chapter in toc["chapters"]:
        listed.add(chapter["file"])
        listed |= {page["file"] for page in chapter.get("sections", [])}
    folders = "chapters", "extras"
    listed = {name for name in listed if name.startswith(folders)}
    there = {
        path.relative_to(ROOT).with_suffix("").as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    assert listed == there


def model(page):
    """Return the code of the class MLP of a page, as it is parsed."""
    (found,) = (
        ast.unparse(node)
        for cell in page.code
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.ClassDef) and node.name == "MLP"
    )
    return found


def test_the_optional_page_trains_the_model_of_5_2():
    (original,) = (s for s in section.sections() if s.number == "5.2")
    assert "nn.LazyLinear" in model(original)
    for page in section.optional():
        assert model(page) == model(original)


def test_address_of_the_book_is_one_setting():
    url = repository.site()[0]
    for name in ("README.md", "CITATION.cff"):
        text = (ROOT / name).read_text("utf-8")
        found = re.findall(r"https://github\.com/[\w-]+/[\w.-]*\w", text)
        assert set(found) <= {url}


def test_comparison_counts_what_is_there():
    import comparison

    *rows, last = comparison.numbers()[2:]
    for side in (0, 1):
        table = [
            [int(cell.split("/")[side]) for cell in row.split("|")[2:-1]]
            for row in (*rows, last)
        ]
        sums = [sum(column) for column in zip(*table[:-1], strict=True)]
        assert table[-1] == sums
    page = (ROOT / "how-this-compares.md").read_text("utf-8")
    assert f"version {section.d2l()['version']}" in page
    first = section.sections()[0]
    source = first.path.read_text("utf-8")
    assert len(first.code) == source.count('"cell_type": "code"') - 1
    assert len(first.pictures) == source.count('"image/png": "')
