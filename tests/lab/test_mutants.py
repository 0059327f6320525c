"""lab/mutants.py, on a package of two modules."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import section

pytest.importorskip("mutmut")
DOUBLE = """def double(x):
    return x - -x
"""
POSITIVE = """from .addition import double


def is_positive(x):
    return double(x) > 0
"""
# Zero is not among the numbers, so that `>= 0` is not noticed.
TESTS = """from d2lmini.sign import double, is_positive


def test_all():
    assert double(3) == 6 and is_positive(0.25) and not is_positive(-1)
"""


def test_what_no_test_notices_is_printed_and_what_one_notices_is_not(tmp_path):
    for name, text in {
        "d2lmini/__init__.py": "",
        "d2lmini/addition.py": DOUBLE,
        "d2lmini/sign.py": POSITIVE,
        "tests/package/test_toy.py": TESTS,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copytree(section.ROOT / "lab", tmp_path / "lab")
    shutil.copy(section.ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, "lab/mutants.py"],
        cwd=tmp_path,
        # One copy of the tree, which must be as before after each change.
        env=os.environ | {"WORKERS": "1"},
        capture_output=True,
        text=True,
    )
    lived = re.findall(r"^survived: .*\n(.*)$", done.stdout, re.M)
    lived = [line.replace(" ", "") for line in lived]
    assert lived == ["returndouble(x)>=0"], done.stdout + done.stderr
    assert done.returncode == 1 and "left out" not in done.stdout
