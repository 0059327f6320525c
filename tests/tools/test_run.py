"""`make run` changes a notebook whole or not at all, and leaves no process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import notebooks
import psutil
import pytest

CODE = """
import os, time
while not os.path.exists("../go"):
    time.sleep(0.02)
print("new")
"""


@pytest.fixture
def page(tmp_path):
    """A notebook that waits for a sign, in a tree that has the tool."""
    (tmp_path / "tools").mkdir()
    for path in Path(notebooks.__file__).parent.glob("*.py"):
        shutil.copy(path, tmp_path / "tools")
    path = tmp_path / "chapters" / "page.ipynb"
    path.parent.mkdir()
    cell = nbformat.v4.new_code_cell(CODE.strip(), id="only")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def start(page):
    tool = page.parents[1] / "tools" / "notebooks.py"
    return subprocess.Popen(
        [sys.executable, tool, "run", page],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal is for the run, not for the tests
        env=os.environ | {"TMPDIR": str(page.parents[1])},
    )


def go(page):
    """Let the page's only cell come to its end."""
    (page.parents[1] / "go").touch()


def state(page):
    """Tell whether a notebook is `old` or `new`; it must be one of them."""
    cell = nbformat.read(page, as_version=4).cells[0]
    if cell.execution_count is None:
        assert cell.outputs == []
        return "old"
    assert [output.text for output in cell.outputs] == ["new\n"]
    return "new"


def wait_for_kernel(run):
    while not (family := psutil.Process(run.pid).children(recursive=True)):
        time.sleep(0.02)
    return family


def end(run, family, page):
    """Wait until all processes have ended, and say what the page is then."""
    run.wait(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    found = [path.name for path in page.parent.glob("*") if path.is_file()]
    assert found == ["page.ipynb"]
    return state(page)


def test_a_run_stores_what_its_page_prints(page):
    go(page)
    assert start(page).wait(timeout=120) == 0
    assert state(page) == "new"
    assert list((page.parent / ".ipynb_checkpoints").iterdir()) == []


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_the_old_page(page, sign):
    run = start(page)
    family = wait_for_kernel(run)
    run.send_signal(sign)
    assert end(run, family, page) == "old"


@pytest.mark.parametrize("seconds", [0.2, 0.6, 1.0])
def test_a_run_that_is_killed_while_it_saves_leaves_one_page(page, seconds):
    run = start(page)
    family = wait_for_kernel(run)
    go(page)
    time.sleep(seconds)
    run.kill()
    end(run, family, page)


def test_an_interrupt_lets_the_pages_at_hand_come_to_their_end(page):
    run = start(page)
    family = wait_for_kernel(run)
    run.send_signal(signal.SIGINT)
    go(page)
    assert end(run, family, page) == "new"


@pytest.mark.parametrize("words", [[], ["lnit"], ["lnit", "a.ipynb"], ["-r"]])
def test_what_is_no_verb_is_refused_and_runs_nothing(words, capsys):
    with pytest.raises(SystemExit) as stop:
        notebooks.main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


# The environment of a kernel.

HARMFUL = """
MPLBACKEND=agg MATPLOTLIBRC=mine COLUMNS=20 FORCE_COLOR=1 NO_COLOR=1
PYTHONOPTIMIZE=1 PYTHONWARNINGS=always PYTHONSTARTUP=mine.py PYTHONDEVMODE=1
PYTHONINSPECT=1 PYTHONPROFILEIMPORTTIME=1 PYTHONVERBOSE=1 PYTHONHASHSEED=7
TORCH_LOGS=+all TORCH_SHOW_CPP_STACKTRACES=1 TORCH_CPP_LOG_LEVEL=INFO
PYTORCH_JIT=0 ONEDNN_VERBOSE=1 DNNL_VERBOSE=1 MKL_VERBOSE=1
OMP_DISPLAY_ENV=true OMP_NUM_THREADS=7 KMP_SETTINGS=1 IPYTHONDIR=mine
PYTEST_CURRENT_TEST=this CUDA_VISIBLE_DEVICES=0
""".split()


def test_no_setting_of_a_user_reaches_a_page(monkeypatch):
    clean = notebooks.environment()
    for setting in HARMFUL:
        monkeypatch.setenv(*setting.split("=", 1))
    assert notebooks.environment() == clean


def test_what_a_page_needs_reaches_it(monkeypatch):
    needed = ("PATH", "HOME", "PYTHONPATH", "D2LMINI_DATA", "PYTHONHOME")
    for name in needed:
        monkeypatch.setenv(name, "this")
    found = notebooks.environment(OMP_NUM_THREADS="2")
    assert {found[name] for name in needed} == {"this"}
    assert found["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    "given, seen", [("data", "here"), ("", ""), ("~/data", "~"), ("/a/b", "/")]
)
def test_a_relative_folder_of_the_data_is_the_same_everywhere(
    given, seen, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("D2LMINI_DATA", given)
    notebooks.settle()
    wanted = str(tmp_path / given) if seen == "here" else given
    assert notebooks.os.environ["D2LMINI_DATA"] == wanted


@pytest.mark.parametrize("home", ["/proc/nobody", None])
def test_without_a_home_there_is_one_for_a_while(home, monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("HOME", home or "")
    if home is None:
        monkeypatch.setattr(notebooks.Path, "home", nobody)
    notebooks.settle()
    assert Path(notebooks.os.environ["HOME"]).is_dir()
    assert notebooks.os.environ["HOME"] == notebooks.scratch().name
