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
    "support support.checks oop support.batches support.loaders "
    "support.records plotting support.devices support.standin support.files "
    "support.resizing training data models support.names d2lmini"
).split()
TAUGHT = "oop plotting training data models".split()


def name_of(path):
    """Return the name of a module, without that of the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(p for p in parts if p != "__init__") or "d2lmini"


def imported(node):
    return [name.name for name in node.names]


def relative_imports(path):
    """Yield the modules of the package that a module imports."""
    folder = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(folder) + 1, f"{path} imports from outside"
            assert "*" not in imported(node)
            base = folder[: len(folder) + 1 - node.level]
            for name in [node.module] if node.module else imported(node):
                found = ".".join([*base, name])
                whole = [f"{found}.{part}" for part in imported(node)]
                yield from [m for m in whole if m in ORDER] or [found]
        elif isinstance(node, ast.Import):
            assert "d2lmini" not in imported(node)


def test_modules_are_the_ones_in_order():
    assert sorted(map(name_of, PACKAGE.rglob("*.py"))) == sorted(ORDER)


def test_imports_point_left():
    for path in PACKAGE.rglob("*.py"):
        place = ORDER.index(name_of(path))
        for name in relative_imports(path):
            assert name in ORDER[:place], f"{path} imports {name}"


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
    untaught = set((PACKAGE / "support").glob("*.py"))
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
