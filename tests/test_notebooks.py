"""What the notebooks are together; tools/rules.py says what each must be."""

import ast
import re

import nbformat
import notebooks
import pytest
import rules
import yaml

ROOT = notebooks.ROOT
PAGES, EXTRAS = notebooks.pages(), notebooks.extras()


@pytest.mark.parametrize("path", notebooks.everything(), ids=rules.section)
def test_page_keeps_every_rule(path):
    problems = rules.problems(path)
    assert not problems, "\n".join(problems)


def test_the_fourteen_sections_are_there():
    assert [rules.section(path) for path in PAGES] == list(rules.TITLES)
    assert [rules.section(path) for path in EXTRAS] == list(rules.EXTRA_TITLES)


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


def test_readme_and_title_page_list_the_sections():
    text = (ROOT / "README.md").read_text("utf-8")
    for path in PAGES + EXTRAS:
        badge, _ = notebooks.frame(path)
        where = path.relative_to(ROOT).as_posix()
        number = f" {rules.section(path)}" if path in PAGES else ""
        title = rules.title(path).removeprefix(f"{number} ".lstrip())
        assert f"|{number} | [{title}]({where}) | {badge} |" in text


def defined(path, name):
    """Return the code of a class that a notebook defines, as it is parsed."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and cell.id != "setup":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return ast.unparse(node)


def test_the_optional_page_trains_the_model_of_5_2():
    original = next(path for path in PAGES if rules.section(path) == "5.2")
    model = defined(original, "MLP")
    assert "nn.LazyLinear" in model
    assert defined(EXTRAS[0], "MLP") == model


def test_address_of_the_book_is_one_setting():
    url = notebooks.site()[0]
    for name in ("README.md", "CITATION.cff"):
        text = (ROOT / name).read_text("utf-8")
        found = re.findall(r"https://github\.com/[\w-]+/[\w.-]*\w", text)
        assert set(found) <= {url}


def test_comparison_counts_what_is_there():
    import comparison

    found, theirs = comparison.pages(), comparison.D2L["sections"]
    assert list(found) == list(theirs)
    for number, (_, ours) in found.items():
        assert ours["title"] == f"{number} {theirs[number]['title']}"
    *rows, last = comparison.numbers()[2:]
    for side in (0, 1):
        table = [
            [int(cell.split("/")[side]) for cell in row.split("|")[2:-1]]
            for row in (*rows, last)
        ]
        sums = [sum(column) for column in zip(*table[:-1], strict=True)]
        assert table[-1] == sums
    assert last.startswith(
        f"| all | 139{comparison.SLASH}"
    )  # D2L's, counted independently
    page = (ROOT / "how-this-compares.md").read_text("utf-8")
    assert f"version {comparison.D2L['version']}" in page
    path, counts = found["2.1"]
    source = path.read_text("utf-8")
    assert counts["cells"] == source.count('"cell_type": "code"') - 1
    assert counts["pictures"] == source.count('"image/png": "')
