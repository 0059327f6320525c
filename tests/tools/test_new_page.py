"""A page is one file and one line, and begins by keeping every rule."""

import shutil
import subprocess
import sys

import new_page
import notebooks
import pytest
import section

CHAPTER = "chapters/02-preliminaries"


def test_a_new_page_keeps_every_rule(tmp_path):
    for name in ("tools", "d2lmini", "lab", CHAPTER):
        shutil.copytree(section.ROOT / name, tmp_path / name)
    for name in "_toc.yml _config.yml README.md".split():
        shutil.copy(section.ROOT / name, tmp_path)
    page = f"{CHAPTER}/04-two-words"
    for words in (
        ["tools/new_page.py", "2.4", "Two Words"],
        ["tools/rules.py", f"{page}.ipynb"],
        ["tools/notebooks.py", "lint"],
    ):
        env = notebooks.environment(D2LMINI_STANDIN="never")
        command = [sys.executable, *words]
        subprocess.run(command, cwd=tmp_path, env=env, check=True)
    toc = (tmp_path / "_toc.yml").read_text("utf-8")
    assert f"03-linear-algebra\n      - file: {page}\n" in toc
    assert f"{page}\n      - file: {CHAPTER}/05-automatic" in toc
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert f"| 2.4 | [Two Words]({page}.ipynb) |" in readme


@pytest.mark.parametrize(
    "number, words",
    [
        ("2", "SECTION must be a number such as 2.4, not '2'"),
        ("9.1", "There is no folder chapters/09-...; make it"),
        ("2.1", "Section 2.1 is there already: 01-data-manipulation"),
    ],
)
def test_a_number_that_cannot_be_is_refused(number, words):
    with pytest.raises(SystemExit, match=words):
        new_page.main(number, "Title")
