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


@pytest.mark.parametrize("page", section.sections(), ids=lambda page: page.id)
def test_a_fault_in_the_page_is_noticed(page, tmp_path):
    left = shutil.ignore_patterns(".*", "_build", "chapters", "extras")
    book = shutil.copytree(section.ROOT, tmp_path / "book", ignore=left)
    ((text, fault),) = page.fault.items()
    (faulty,) = (i for i, c in enumerate(page.all_code) if text in c.source)
    cell = page.all_code[faulty]
    cell.source = cell.source.replace(text, fault)
    (book / page.name).parent.mkdir(parents=True)
    nbformat.write(page.notebook, book / page.name)
    outside = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "chapters"],
        cwd=book,
        env=outside | {"D2LMINI_STANDIN": "never"},
        capture_output=True,
        text=True,
    )
    # A page that could not be compared at all is no failure of a cell.
    failed = re.search(r"^FAILED .*::Cell (\d+)", done.stdout, re.M)
    assert failed and int(failed[1]) >= faulty, done.stdout + done.stderr
