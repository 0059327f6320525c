"""Imports inside the package point one way, and stay cheap."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from pages import code_lines

import d2lmini

PACKAGE = Path(d2lmini.__file__).parent
TAUGHT = "oop plotting training data models".split()  # one uses those before it
PATHS = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
}


def imported(name):
    """Yield the modules of the package that one of them imports."""
    for node in ast.walk(ast.parse(PATHS[name].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            relative = "." * node.level + (node.module or "")
            base = resolve_name(relative, name.rpartition(".")[0])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in PATHS else base


def test_imports_point_one_way():
    graph = {name: {*imported(name)} for name in PATHS}
    assert [*TopologicalSorter(graph).static_order()]  # or there is a circle
    taught = [f"d2lmini.{name}" for name in TAUGHT]
    for name, imports in graph.items():
        after = taught[taught.index(name) :] if name in taught else taught
        assert name == "d2lmini.__init__" or not imports & {*after}, name


def test_the_taught_modules_are_as_small_as_the_readme_says():
    readme = (PACKAGE.parent / "README.md").read_text("utf-8")
    (bound,) = re.findall(r"fewer than (\d+) lines of code", readme)
    number = sum(code_lines(PACKAGE / f"{name}.py") for name in TAUGHT)
    assert number < int(bound)


def test_heavy_packages_load_when_they_are_needed():
    code = (
        "import sys, d2lmini as d2l\n"
        "heavy = {'IPython', 'matplotlib', 'pandas', 'PIL', 'torchvision'}\n"
        "assert not heavy & sys.modules.keys()\n"
        "from d2lmini import plt\n"
        "assert plt is d2l.plt is sys.modules['matplotlib.pyplot']\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, check=True, cwd=PACKAGE.parent)
