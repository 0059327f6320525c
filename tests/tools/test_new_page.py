"""A page is one file and one line, and begins by keeping every rule."""

import shutil
import subprocess
import sys

import new_page
import notebooks
import pytest
import section

PARTS = "_toc.yml _config.yml README.md SECURITY.md CITATION.cff CHANGELOG.md"
CHAPTER = "chapters/02-preliminaries"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the book with one chapter, to which a page is added."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("tools", "d2lmini", "lab", "extras", CHAPTER):
        shutil.copytree(section.ROOT / name, tree / name)
    for name in PARTS.split():
        shutil.copy(section.ROOT / name, tree)
    return tree


def tool(tree, *words):
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tree,
        env=notebooks.environment(D2LMINI_STANDIN="never"),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_new_page_keeps_every_rule(tree):
    code, said = tool(tree, "tools/notebooks.py", "new", "2.4", "Two Words")
    assert code == 0, said
    page = f"{CHAPTER}/04-two-words"
    assert tool(tree, "tools/rules.py", f"{page}.ipynb") == (0, "")
    toc = (tree / "_toc.yml").read_text("utf-8").splitlines()
    at = toc.index(f"      - file: {page}")
    assert toc[at - 1].endswith("03-linear-algebra")
    assert toc[at + 1].endswith("05-automatic-differentiation")
    readme = (tree / "README.md").read_text("utf-8")
    assert f"| 2.4 | [Two Words]({page}.ipynb) |" in readme


@pytest.mark.parametrize(
    "number, words",
    [
        ("2", "SECTION must be a number such as 2.4, not '2'."),
        ("9.1", "There is no folder chapters/09-...; make it"),
        ("2.1", "Section 2.1 is there already: 01-data-manipulation.ipynb."),
    ],
)
def test_a_number_that_cannot_be_is_refused(number, words):
    with pytest.raises(SystemExit, match=words.replace(".", r"\.")):
        new_page.write(number, "Title")
