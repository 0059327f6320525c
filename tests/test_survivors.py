"""The list of mutants that may live is about code that exists.

Whether they do live is what `make mutants` finds out.
"""

import ast
from pathlib import Path

import pytest
import yaml

import d2lmini

PACKAGE = Path(d2lmini.__file__).parent
LIST = Path(__file__).with_name("survivors.yml")
SURVIVORS = yaml.safe_load(LIST.read_text("utf-8"))


def functions(path):
    """Yield the full name of each function of a module, and its source."""

    def search(node, name):
        for child in ast.iter_child_nodes(node):
            inner = name
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inner = f"{name}.{child.name}"
                yield inner, ast.get_source_segment(source, child)
            yield from search(child, inner)

    source = path.read_text("utf-8")
    return search(ast.parse(source), path.stem)


SOURCES = {
    name: " ".join(source.split())
    for path in PACKAGE.glob("*.py")
    for name, source in functions(path)
}


@pytest.mark.parametrize(
    "entry", SURVIVORS, ids=[entry["function"] for entry in SURVIVORS]
)
def test_each_survivor_is_in_its_function_and_has_a_reason(entry):
    assert entry["before"] in SOURCES[entry["function"]]
    assert entry["before"] != entry["after"]
    assert len(entry["reason"].split()) >= 4
    assert set(entry) == {"function", "before", "after", "reason"}


def test_no_survivor_is_listed_twice():
    keys = [(e["function"], e["before"], e["after"]) for e in SURVIVORS]
    assert len(set(keys)) == len(keys)
