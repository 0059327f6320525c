"""A page is one file and one line, and begins by keeping every rule."""

import re
import shutil
import subprocess
import sys

import new_page
import notebooks
import pytest
import section

CHAPTER = "chapters/02-preliminaries"
PAGE = f"{CHAPTER}/04-two-words"


def test_a_new_page_keeps_every_rule(tmp_path):
    for name in ("tools", "d2lmini", "lab", CHAPTER):
        shutil.copytree(section.ROOT / name, tmp_path / name)
    for name in "_toc.yml _config.yml README.md".split():
        shutil.copy(section.ROOT / name, tmp_path)
    env = notebooks.environment(D2LMINI_STANDIN="never")
    for words in (
        ["tools/new_page.py", "2.4", "Two Words"],
        ["tools/rules.py", f"{PAGE}.ipynb"],
    ):
        command = [sys.executable, *words]
        subprocess.run(command, cwd=tmp_path, env=env, check=True)
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert f"| 2.4 | [Two Words]({PAGE}.ipynb) |" in readme
    numbers = re.findall(r"^\| (\d\.\d) \|", readme, re.M)
    assert numbers == sorted(numbers)  # as _toc.yml lists them


@pytest.mark.parametrize(
    "number, words",
    [
        ("2", "SECTION must be a number .* such as 2.4, not '2'"),
        ("9.1", "a folder, such as 2.4, not '9.1'"),
        ("2.1", "Section 2.1 is there already: 01-data-manipulation"),
    ],
)
def test_a_number_that_cannot_be_is_refused(number, words):
    with pytest.raises(SystemExit, match=words):
        new_page.main(number, "Title")
