"""A page is one file and one line, and begins by keeping every rule."""

import re
import shutil
import subprocess
import sys

import nbformat
import new_page
import pytest
import rules
import section

CHAPTER = "chapters/02-preliminaries"
PAGE = f"{CHAPTER}/08-two-words.ipynb"


def test_a_new_page_keeps_every_rule(tmp_path, monkeypatch):
    for name in ("tools", "d2lmini", "lab", CHAPTER):
        shutil.copytree(section.ROOT / name, tmp_path / name)
    for name in "_toc.yml _config.yml README.md".split():
        shutil.copy(section.ROOT / name, tmp_path)
    command = [sys.executable, "tools/new_page.py", "2.8", "Two Words"]
    subprocess.run(command, cwd=tmp_path, check=True)
    monkeypatch.setattr(section, "ROOT", tmp_path)
    notebook = nbformat.read(tmp_path / PAGE, as_version=4)
    assert rules.problems(tmp_path / PAGE, notebook) == []
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert f"| 2.8 | [Two Words]({PAGE}) |" in readme
    numbers = re.findall(r"^\| (\d\.\d) \|", readme, re.M)
    assert numbers == sorted(numbers)  # as _toc.yml lists them


@pytest.mark.parametrize("number", ["2", "9.1", "2.1"])
def test_a_number_that_cannot_be_is_refused(number):
    with pytest.raises(SystemExit, match=f"2.4, not '{number}'|1 is there al"):
        new_page.main(number, "Title")
