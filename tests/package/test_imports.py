"""Imports inside the package point one way, and stay cheap."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from pages import code_lines

import d2lmini

PACKAGE = Path(d2lmini.__file__).parent
# A module may import only from the modules to its left.
ORDER = (
    "checks oop batches records plotting devices standin files resizing "
    "training data models names __init__"
).split()
TAUGHT = "oop plotting training data models".split()


def imported(node):
    return [name.name for name in node.names]


def relative_imports(path):
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1, f"{path.name} imports from outside"
            assert "*" not in imported(node)
            yield from [node.module] if node.module else imported(node)
        elif isinstance(node, ast.Import):
            assert "d2lmini" not in imported(node)


def test_modules_are_the_ones_in_order():
    assert sorted(p.stem for p in PACKAGE.glob("*.py")) == sorted(ORDER)


def test_imports_point_left():
    for i, module in enumerate(ORDER):
        for name in relative_imports(PACKAGE / f"{module}.py"):
            assert name in ORDER[:i], f"{module} imports {name}"


def test_public_names_are_documented():
    for name, thing in vars(d2lmini).items():
        if name.startswith("_"):
            continue
        assert thing.__doc__, name
        for key, member in vars(thing).items() if type(thing) is type else ():
            if callable(member) and not key.startswith("_"):
                assert member.__doc__, f"{name}.{key}"


def test_the_package_is_as_small_as_the_readme_says():
    readme = (PACKAGE.parent / "README.md").read_text("utf-8")
    stated = re.search(
        r"about (\d+) lines of code.* more,\s(\d+)\slines", readme, re.S
    )
    taught = {PACKAGE / f"{name}.py" for name in TAUGHT}
    untaught = set(PACKAGE.glob("[a-z]*.py")) - taught
    for modules, lines in zip((taught, untaught), stated.groups(), strict=True):
        assert abs(sum(map(code_lines, modules)) - int(lines)) <= 25


def test_heavy_packages_load_when_they_are_needed():
    code = (
        "import sys, d2lmini\n"
        "print([m for m in ('matplotlib', 'pandas', 'PIL', 'torchvision')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    assert done.stdout == "[]\n"
    assert done.stderr == ""
