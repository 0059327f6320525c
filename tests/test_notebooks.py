"""Rules that every notebook keeps, with the reason for each."""

import ast
import re
from pathlib import Path

import nbformat
import notebooks
import pytest
import yaml

ROOT = notebooks.ROOT
PAGES, EXTRAS = notebooks.pages(), notebooks.extras()
EXTRA_TITLES = {"beyond-one-machine": "Beyond One Machine"}
TITLES = {
    "2.1": "Data Manipulation",
    "2.2": "Data Preprocessing",
    "2.3": "Linear Algebra",
    "2.5": "Automatic Differentiation",
    "3.1": "Linear Regression",
    "3.2": "Object-Oriented Design for Implementation",
    "3.4": "Linear Regression Implementation from Scratch",
    "4.1": "Softmax Regression",
    "4.2": "The Image Classification Dataset",
    "4.3": "The Base Classification Model",
    "4.4": "Softmax Regression Implementation from Scratch",
    "5.1": "Multilayer Perceptrons",
    "5.2": "Implementation of Multilayer Perceptrons",
    "5.3": (
        "Forward Propagation, Backward Propagation, and Computational Graphs"
    ),
}


def number(path):
    """Return the section number that the path of a page stands for.

    An optional page has a name instead.
    """
    if path in EXTRAS:
        return path.stem
    chapter, section = path.parent.name[:2], path.name[:2]
    return f"{int(chapter)}.{int(section)}"


@pytest.fixture(params=notebooks.everything(), ids=number)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


@pytest.fixture
def code(cells):
    return [c for c in cells if c.cell_type == "code"]


@pytest.fixture
def prose(cells):
    return [c for c in cells if c.cell_type == "markdown" and c.id != "badge"]


def outputs(code):
    return [output for cell in code for output in cell.outputs]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def test_the_fourteen_sections_are_there():
    assert [number(path) for path in PAGES] == list(TITLES)
    assert [number(path) for path in EXTRAS] == list(EXTRA_TITLES)


def test_toc_lists_every_notebook_and_nothing_else():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    listed = set()
    for chapter in toc["chapters"]:
        listed.add(chapter["file"])
        listed |= {page["file"] for page in chapter.get("sections", [])}
    folders = "chapters", "extras"
    listed = {name for name in listed if name.startswith(folders)}
    found = [
        p
        for folder in folders
        for p in (ROOT / folder).rglob("*")
        if p.is_file()
    ]
    there = {
        p.relative_to(ROOT).with_suffix("").as_posix()
        for p in found
        if p.suffix in (".ipynb", ".md") and ".ipynb_checkpoints" not in p.parts
    }
    assert listed == there


def test_is_a_valid_notebook(path):
    nbformat.validate(nbformat.read(path, as_version=4))


def test_every_front_end_finds_its_kernel(path, cells):
    """Jupyter, VS Code and Colab all offer a kernel of this name."""
    notebook = nbformat.read(path, as_version=4)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"
    assert len({cell.id for cell in cells}) == len(cells)
    assert {cell.cell_type for cell in cells} == {"markdown", "code"}


def test_heading_is_that_of_the_file(path, prose):
    section = number(path)
    title = EXTRA_TITLES.get(section) or f"{section} {TITLES[section]}"
    assert prose[0].source.startswith(f"# {title}\n")
    headings = [
        line
        for cell in prose
        for line in cell.source.splitlines()
        if line.startswith("# ")
    ]
    assert len(headings) == 1


def test_was_saved_from_one_run_in_order(code):
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1))


def test_set_up_and_badge_are_the_stamped_ones(path, cells):
    badge, setup = notebooks.frame(path)
    assert (cells[0].id, cells[0].source) == ("badge", badge)
    assert (cells[2].id, cells[2].source) == ("setup", setup)
    assert tags(cells[0]) == tags(cells[2]) == {"remove-cell"}


def test_tags_are_known(cells):
    """A misspelt tag is silently ignored by every tool."""
    for cell in cells:
        assert tags(cell) <= notebooks.TAGS
        if cell.cell_type == "markdown":
            assert tags(cell) <= {"remove-cell"}


def test_errors_are_taught_ones(code):
    for cell in code:
        raised = any(o.output_type == "error" for o in cell.outputs)
        assert raised == ("raises-exception" in tags(cell)), cell.source


def test_nothing_is_on_stderr(code):
    """nbval fails on text there that depends on the machine."""
    assert not [o for o in outputs(code) if o.get("name") == "stderr"]


def test_figures_are_png(code):
    """nbval compares SVG byte by byte, and SVG holds dates."""
    for output in outputs(code):
        assert "image/svg+xml" not in output.get("data", {})


def test_figures_are_light_and_described(code):
    for cell in code:
        for output in cell.outputs:
            if image := output.get("data", {}).get("image/png"):
                assert len(image) * 3 / 4 <= 30_000, cell.source
                described = cell.metadata["mystnb"]["image"]["alt"]
                assert len(described) >= 20


def test_no_cell_ends_in_a_semicolon(code):
    """Under nbval it does not silence the value, so the cell always fails."""
    for cell in code:
        assert not cell.source.rstrip().endswith(";"), cell.source


def test_code_is_plain_python(code):
    """Magics and shell commands fail without failing their cell."""
    for cell in code:
        tree = ast.parse(cell.source)
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else ""
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        assert not called & {"clear_output", "system"}


def test_ignored_outputs_are_explained_and_checked(cells):
    """The text above says why; a cell below asserts what must hold."""
    for i, cell in enumerate(cells):
        if "nbval-ignore-output" in tags(cell):
            above = [c for c in cells[:i] if c.cell_type == "markdown"]
            assert len(above[-1].source) > 20
            source = cell.source + cells[min(i + 1, len(cells) - 1)].source
            source += "".join(
                c.source for c in cells[i + 1 : i + 4] if c.cell_type == "code"
            )
            assert "assert" in source, cell.source


def test_text_is_what_every_front_end_renders(prose):
    """Colab shows directives, roles and HTML as they stand."""
    for cell in prose:
        text = re.sub(r"`[^`]*`", "", cell.source)
        assert not re.search(r"^(:::|```\{)", text, re.M), cell.source
        assert not re.search(r"\{[a-z:]+\}`", cell.source), cell.source
        assert not re.search(r"</?[a-z]+[^>]*>", text), cell.source


def test_links_between_pages_lead_somewhere(path, prose):
    for cell in prose:
        for link in re.findall(r"\]\(([^)#]+\.(?:ipynb|md))", cell.source):
            assert (path.parent / link).exists(), link


def test_page_has_a_picture_and_things_to_take_away(code, prose):
    assert any("image/png" in o.get("data", {}) for o in outputs(code))
    text = "\n".join(cell.source for cell in prose)
    summary = text.split("## Summary")[1].split("## Exercises")[0]
    assert 3 <= len(re.findall(r"^[*-] ", summary, re.M)) <= 5


def test_page_has_its_parts(path, prose):
    text = "\n".join(cell.source for cell in prose)
    first = prose[0].source
    assert "**" in first and "?" in first  # the question that it answers
    credit = f"section {number(path)} of *Dive into Deep Learning*]"
    assert path in EXTRAS or (
        f"{credit}(https://d2l.ai/" in (first.replace("\n", " "))
    )
    order = ["\n## Summary", "\n## Exercises", "\n## Solutions"]
    places = [text.find(heading) for heading in order]
    assert -1 not in places and places == sorted(places)


def test_every_exercise_has_an_executed_solution(cells):
    """Solutions are code, folded on the page, one heading an exercise."""
    headings = [c.source.splitlines()[0] for c in cells if c.source]
    start = headings.index("## Exercises")
    text = cells[start].source
    exercises = re.findall(r"^(\d+)\. ", text, re.M)
    assert len(exercises) >= 5
    assert exercises == [str(i + 1) for i in range(len(exercises))]
    solutions, folded = [], {}
    for cell in cells[start:]:
        if match := re.search(r"^### Solution (\d+)$", cell.source, re.M):
            solutions.append(match[1])
        elif cell.cell_type == "code":
            folded.setdefault(solutions[-1], []).append(cell)
    assert solutions == exercises == list(folded)
    for group in folded.values():
        assert all("hide-cell" in tags(cell) for cell in group)
        assert any(cell.outputs or "assert" in cell.source for cell in group)


def test_solutions_are_folded_in_the_notebook_too(path, cells):
    """Their heading stands alone in its cell, which a fold leaves in sight."""
    heads = [c for c in cells if re.search("^##? ", c.source, re.M)]
    heads = [c for c in heads if c.cell_type == "markdown"]
    assert heads[-1].source == "## Solutions"
    fold = {"id": heads[-1].id, "jp-MarkdownHeadingCollapsed": True}
    assert heads[-1].metadata == fold
    colab = nbformat.read(path, as_version=4).metadata["colab"]
    assert colab == {"collapsed_sections": [heads[-1].id]}


def test_sizes(path, cells, code, prose):
    """What the best of the field keep; see CONTRIBUTING."""
    assert path.stat().st_size <= 300_000
    shown = [cell for cell in cells if "remove-cell" not in tags(cell)]
    assert len(shown) <= 80
    for cell in code:
        assert len(lines(cell)) <= 20 or cell.id == "setup", cell.source
    for cell in prose:
        assert len(cell.source.split()) <= 180, cell.source


def defined(path, name):
    """Return the code of a class that a notebook defines, as it is parsed."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and cell.id != "setup":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return ast.unparse(node)


def test_the_optional_page_trains_the_model_of_5_2():
    original = next(path for path in PAGES if number(path) == "5.2")
    model = defined(original, "MLP")
    assert "nn.LazyLinear" in model
    assert defined(EXTRAS[0], "MLP") == model


def test_address_of_the_book_is_one_setting():
    url = notebooks.site()[0]
    for name in ("README.md", "CITATION.cff"):
        text = (ROOT / name).read_text("utf-8")
        found = re.findall(r"https://github\.com/[\w-]+/[\w.-]*\w", text)
        assert set(found) <= {url}


def test_stored_outputs_name_no_place_on_this_machine(path):
    text = path.read_text("utf-8")
    assert str(Path.home()) not in text
    assert str(ROOT) not in text


def test_comparison_counts_what_is_there():
    import comparison

    found, theirs = comparison.pages(), comparison.D2L["sections"]
    assert list(found) == list(TITLES) == list(theirs)
    assert {name: counts["title"] for name, counts in theirs.items()} == TITLES
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
