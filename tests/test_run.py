"""`make run` changes a notebook whole or not at all, and leaves no process."""

import shutil
import signal
import subprocess
import sys
import time

import nbformat
import notebooks
import psutil
import pytest


@pytest.fixture
def page(tmp_path):
    """A notebook in a tree of its own that has the tool beside it."""
    (tmp_path / "tools").mkdir()
    shutil.copy(notebooks.__file__, tmp_path / "tools")
    path = tmp_path / "chapters" / "page.ipynb"
    path.parent.mkdir()
    code = "import time\ntime.sleep(0.5)\nprint('new')"
    cell = nbformat.v4.new_code_cell(code, id="only")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def start(page):
    tool = page.parents[1] / "tools" / "notebooks.py"
    return subprocess.Popen(
        [sys.executable, tool, "run", page],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal is for the run, not for the tests
    )


def state(page):
    """Tell whether a notebook is `old` or `new`; it must be one of them."""
    cell = nbformat.read(page, as_version=4).cells[0]
    if cell.execution_count is None:
        assert cell.outputs == []
        return "old"
    assert [output.text for output in cell.outputs] == ["new\n"]
    return "new"


def kill(page, sign, seconds=0):
    """Run a page, send a signal to the run, and say what the page is then.

    Without `seconds`, the signal is sent as soon as the kernel is there.
    """
    run = start(page)
    time.sleep(seconds)
    while not (family := psutil.Process(run.pid).children(recursive=True)):
        if seconds:
            break
        time.sleep(0.05)
    run.send_signal(sign)
    run.wait(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    found = [path.name for path in page.parent.glob("*") if path.is_file()]
    assert found == ["page.ipynb"]
    return state(page)


def test_a_killed_run_leaves_the_old_page_or_the_new_one(page):
    before, began = page.read_bytes(), time.monotonic()
    assert start(page).wait(timeout=120) == 0
    seconds = time.monotonic() - began
    assert state(page) == "new"
    assert list((page.parent / ".ipynb_checkpoints").iterdir()) == []
    for share in (0.1, 0.5, 0.85, 0.9, 0.95):  # it is saved near the end
        page.write_bytes(before)
        reached = kill(page, signal.SIGKILL, share * seconds)
        assert reached == "old" or share > 0.5


def test_a_run_that_is_told_to_stop_stops(page):
    assert kill(page, signal.SIGTERM) == "old"


def test_an_interrupt_lets_the_pages_at_hand_come_to_their_end(page):
    assert kill(page, signal.SIGINT) == "new"
