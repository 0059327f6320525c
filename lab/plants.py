"""Plants a fault in a copy of each page, and expects the tests to notice.

`make plant` runs this. A page is compared as in `make test`, but only up to
its first failure, which must lie at the fault or below it. Needs the published
images: on the stand-in some cells are not compared.

The fault of a page stands in its metadata, {text of a taught cell: the fault
that replaces it}, such as another sign or axis.
"""

import copy
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys

import nbformat
import notebooks
import pytest
import section

import d2lmini
from conftest import standin


def planted(page):
    """Return a page with its fault, and the number of the faulty code cell."""
    notebook = copy.deepcopy(page.notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ((text, fault),) = page.fault.items()
    (faulty,) = (i for i, cell in enumerate(code) if text in cell.source)
    code[faulty].source = code[faulty].source.replace(text, fault)
    return notebook, faulty


@pytest.fixture
def tree(tmp_path):
    """A folder with what a page needs to be run and compared."""
    assert not standin(), "the published images are needed"
    for name in ("lab", "d2lmini", "tools"):
        shutil.copytree(notebooks.ROOT / name, tmp_path / name)
    files = ["conftest.py", "tests/notebooks/sanitize.cfg"]
    files += ["pyproject.toml", "requirements.txt", "constraints.txt"]
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(notebooks.ROOT / name, tmp_path / name)
    (tmp_path / "chapters").mkdir()
    return tmp_path


def first_failure(tree):
    """Compare the page up to its first failure; return that code cell, or None.

    A page that could not be compared at all is no failure of a cell.
    """
    outside = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "chapters"],
        cwd=tree,
        env=outside,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.search(r"^FAILED .*::Cell (\d+)", done.stdout, re.M)
    assert (found is None) == (done.returncode == 0), done.stdout
    return found and int(found[1])


@pytest.mark.parametrize("page", section.sections(), ids=lambda page: page.id)
def test_a_fault_in_the_page_is_noticed(page, tree):
    notebook, faulty = planted(page)
    nbformat.write(notebook, tree / "chapters" / "page.ipynb")
    failed = first_failure(tree)
    assert failed is not None and failed >= faulty
    print(f"{page.id}: planted in code cell {faulty}, noticed in {failed}")


def use(tree, number):
    (page,) = (s for s in section.sections() if s.number == number)
    shutil.copy(page.path, tree / "chapters" / "page.ipynb")


def replace(path, old, new):
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


def test_a_page_that_nobody_touched_passes(tree):
    """So that what the others notice is their fault alone."""
    use(tree, "3.2")
    assert first_failure(tree) is None


def test_changed_library_code_is_noticed(tree):
    use(tree, "3.2")
    step = "param -= self.lr * param.grad"
    replace(tree / "d2lmini/models.py", step, step.replace("-=", "+="))
    assert first_failure(tree) is not None


def test_changed_library_text_that_a_page_quotes_is_noticed(tree):
    use(tree, "3.2")
    line = "with torch.no_grad():  # the update itself is not differentiated"
    replace(tree / "d2lmini/training.py", line, line.split("  #")[0])
    assert first_failure(tree) is not None


def test_changed_data_is_noticed(tree, monkeypatch):
    """One label is another, and the checksum of the package agrees with it."""
    use(tree, "4.2")
    name = "train-labels-idx1-ubyte.gz"
    folder = d2lmini.cache_folder() / "FashionMNIST" / "raw"
    raw = tree / "data" / "FashionMNIST" / "raw"
    shutil.copytree(folder, raw)
    old = (raw / name).read_bytes()
    labels = bytearray(gzip.decompress(old))
    labels[-1] = (labels[-1] + 1) % 10
    new = gzip.compress(labels, mtime=0)
    (raw / name).write_bytes(new)
    for a, b in (
        (hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest()),
        (f" {len(old)},", f" {len(new)},"),
    ):
        replace(tree / "d2lmini" / "support" / "files.py", a, b)
    monkeypatch.setenv("D2LMINI_DATA", str(tree / "data"))
    assert first_failure(tree) is not None
