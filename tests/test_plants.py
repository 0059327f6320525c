"""The faults of plants.py can be planted; `make plant` plants them."""

import ast

import plants
import pytest


def test_each_page_has_a_fault():
    assert list(plants.FAULTS) == list(plants.PAGES)


@pytest.mark.parametrize("section", plants.FAULTS)
def test_a_fault_replaces_its_text_once_and_is_still_python(section):
    notebook, faulty = plants.planted(section)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ast.parse(code[faulty].source)
    assert plants.FAULTS[section][1] in code[faulty].source


def test_a_text_that_is_gone_is_named(monkeypatch):
    monkeypatch.setitem(plants.FAULTS, "2.1", ("no such text", "x"))
    with pytest.raises(AssertionError, match="'no such text' stands in cells"):
        plants.planted("2.1")
