"""Plants faults in copies of the pages, and expects the tests to notice.

`make plant` runs this, on the published images: on the stand-in some cells are
not compared. A page is compared as in `make test`, up to its first failure,
which must not lie above the fault. The fault of a page stands in its metadata,
{text of a taught cell: what replaces it}, such as another sign or axis.
"""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import section

PAGES = {page.number: page for page in section.sections()}
# In the package, or in the data that it hands out: a page, a file, the fault.
BEHIND_A_PAGE = {
    "code": ("3.2", "models.py", "-= self.lr", "+= self.lr"),
    "text that is quoted": (
        "4.3",
        "training.py",
        "SGD with the learning rate",
        "SGD with the step size",
    ),
    "one label": (
        "4.2",
        "data.py",
        "labels.long()",
        "labels.long().where(torch.arange(len(labels)) > 0, 7)",
    ),
}


@pytest.fixture
def book(tmp_path):
    """Return a copy of the book without pages."""
    left = shutil.ignore_patterns(".*", "_build", "chapters", "extras")
    return shutil.copytree(section.ROOT, tmp_path / "book", ignore=left)


def first_failure(book, page):
    """Return the number of the first code cell that fails, or None."""
    (book / page.name).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(page.notebook, book / page.name)
    outside = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "chapters"],
        cwd=book,
        env=outside | {"D2LMINI_STANDIN": "never"},
        capture_output=True,
        text=True,
    )
    found = re.search(r"^FAILED .*::Cell (\d+)", done.stdout, re.M)
    # A page that could not be compared at all is no failure of a cell.
    assert done.returncode == bool(found), done.stdout + done.stderr
    return found and int(found[1])


@pytest.mark.parametrize("number", PAGES)
def test_a_fault_in_the_page_is_noticed(number, book):
    page = PAGES[number]
    code = [cell for cell in page.cells if cell.cell_type == "code"]
    ((text, fault),) = page.fault.items()
    (faulty,) = (i for i, cell in enumerate(code) if text in cell.source)
    code[faulty].source = code[faulty].source.replace(text, fault)
    failed = first_failure(book, page)
    assert failed is not None and failed >= faulty


@pytest.mark.parametrize("what", BEHIND_A_PAGE)
def test_a_fault_behind_the_page_is_noticed(what, book):
    number, name, text, fault = BEHIND_A_PAGE[what]
    path = book / "d2lmini" / name
    source = path.read_text("utf-8")
    page = section.Section(PAGES[number].path)
    # So that what is noticed is the fault alone.
    assert first_failure(book, page) is None
    path.write_text(source.replace(text, fault), "utf-8")
    assert first_failure(book, page) is not None
