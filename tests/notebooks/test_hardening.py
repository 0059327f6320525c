"""nbval as conftest.py runs it notices what it would pass over alone.

The cells below are run once, by one call of pytest, from a folder and with
settings that must not matter.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from unittest.mock import Mock

import nbformat
import nbval.plugin
import pytest
import section
from cells import code, error, page, plain, printed, shown
from compare import is_pinned

ROOT = section.ROOT
RED, BLUE = plain("red"), plain("blue")
IMAGE = "<IPython.core.display.Image object>"
UPDATE = f"""from IPython.display import Image, display
handle = display(Image({RED!r}), display_id=True)
handle.update(Image({BLUE!r}))"""
FAILS, VARIES = ["raises-exception"], ["nbval-ignore-output"]
# A user's setting, one of `make run`, one that D2LMINI_NUMERICS changes.
NAMES = "MPLBACKEND", "MKL_NUM_THREADS", "OMP_NUM_THREADS"
SETTINGS = f"import os\nfor name in {NAMES}:\n    print(os.environ.get(name))"
SET = "module://matplotlib_inline.backend_inline\n1\n2\n"
# Only the versions that the stored outputs were made with draw and report so.
COLOR = "another color" * is_pinned("matplotlib")
REPORT = "traceback was" * is_pinned("ipython")
# What the failure of a cell must say, or "" if it must pass, and the cell.
CELLS = [
    ("", code(SETTINGS, printed(SET))),
    ("", code("object()", shown("<object at 0x7f0123456789>"))),
    ("", code("0.849", shown("0.855"), tags=VARIES)),
    ("", code(UPDATE, shown(IMAGE, BLUE))),
    ("", code("1 + 1", shown("3", RED), tags=["real-data"])),
    ("0.4802", code("print('loss 0.4801')", printed("loss 0.4802\n"))),
    ("against its tags", code("%no_such_magic\nprint()", tags=VARIES)),
    ("against its tags", code("1", error(), tags=[*FAILS, *VARIES])),
    ("ZeroDivisionError", code("1 / 0")),
    (REPORT, code("raise ValueError('one')", error("a"), tags=FAILS)),
    ("stderr", code("import warnings; warnings.warn('new')")),
    ("hello", code("print('hello')")),
    ("0.491 and is 0.849", code("0.849", shown("0.491"), tags=VARIES)),
    (COLOR, code(UPDATE, shown(IMAGE, RED))),
    ("left points.csv", code("open('points.csv', 'w').close()")),
    ("the kernel died", code("import os; os._exit(1)")),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return what one run says, and the failure of each cell, or ""."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [cell for _, cell in CELLS]
    nbformat.write(page(*cells[:-1]), folder / "page.ipynb")
    nbformat.write(page(cells[-1]), folder / "stops.ipynb")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tools")])
    settings = {"PYTHONPATH": paths, "D2LMINI_STANDIN": "always"}
    settings |= {"MPLBACKEND": "agg", "D2LMINI_NUMERICS": "OMP_NUM_THREADS=2"}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "conftest"]
    command += ["-c", ROOT / "pyproject.toml", "--rootdir", ROOT]
    command += [
        "page.ipynb",
        "stops.ipynb",
        "--junitxml=report",
        "-o",
        "cache_dir=/proc/nothing",
    ]
    options = {"env": os.environ | settings, "cwd": folder, "text": True}
    done = subprocess.run(command, capture_output=True, **options)
    assert done.returncode == 1, done.stdout + done.stderr
    cases = ElementTree.parse(folder / "report").iter("testcase")
    found = ["".join(f.text for f in case.iter("failure")) for case in cases]
    return re.sub(r"\x1b\[[\d;]*m", "", done.stdout), found


@pytest.mark.parametrize("i", range(len(CELLS)), ids=[w for w, _ in CELLS])
def test_cell_passes_or_fails_for_its_own_reason(i, run):
    words, failure = CELLS[i][0], run[1][i]
    assert words in failure and bool(words) == bool(failure)


def test_the_last_lines_count_the_cells_that_were_compared(run):
    varying = sum(VARIES[0] in section.tags(cell) for _, cell in CELLS)
    total, compared = len(CELLS), len(CELLS) - varying - 1
    assert f"\n{total} ran, {compared} of them were compared\n" in run[0]
    assert f"\n{varying} only ran: it varies: near the stored" in run[0]
    why = "\n1 only ran: its images are a stand-in. D2LMINI_STANDIN=always\n"
    assert why in run[0]


@pytest.fixture
def conftest(pytestconfig):
    """The one at the top, whichever others are loaded."""
    return pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))


def is_compared(cell, conftest, monkeypatch):
    """Tell whether conftest.py would let nbval compare a cell."""
    monkeypatch.setattr(nbval.plugin, "IPyNbCell", Mock)
    monkeypatch.setattr(conftest, "seconds", lambda item: 0)
    item = Mock(cell=cell, options={"check": True})
    item.parent = Mock(path=ROOT / "page", nb=page(cell))
    conftest.pytest_collection_modifyitems([item])
    return item.options["check"]


def test_cells_on_images_are_compared_on_the_published_ones(
    conftest, monkeypatch
):
    for why in ("", "no network"):
        monkeypatch.setattr(conftest, "standin", lambda why=why: why)
        cell = code("1", tags=["real-data"])
        assert is_compared(cell, conftest, monkeypatch) == (not why)


def test_a_page_that_breaks_a_rule_is_refused_in_its_words(
    conftest, monkeypatch
):
    cell = code("# NBVAL_IGNORE_OUTPUT\n1")
    with pytest.raises(pytest.UsageError, match="cell 0 .* by a comment"):
        is_compared(cell, conftest, monkeypatch)


def test_it_says_why_the_images_are_a_stand_in(conftest, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("D2LMINI_DATA", str(tmp_path / "file"))
    monkeypatch.setenv("D2LMINI_STANDIN", "")  # as if unset
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    # It would remember this proxy for the tests that follow.
    monkeypatch.setattr("urllib.request._opener", None)
    assert str(tmp_path / "file") in conftest.standin.__wrapped__()
    assert os.environ["D2LMINI_STANDIN"] == "always"  # for the kernels
