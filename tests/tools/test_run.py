"""`make run` changes a notebook whole or not at all, and leaves no process."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import nbformat
import notebooks
import psutil
import pytest
import stamping
from PIL import Image

CODE = """
import os, time
while not os.path.exists("../go"):
    time.sleep(0.02)
print("new")
"""


@pytest.mark.parametrize(
    ("sign", "left"),
    [("SIGKILL", "old"), ("SIGINT", "new"), (None, "new")],
)
def test_a_signal_leaves_a_whole_page_and_no_process(sign, left, tmp_path):
    """Ctrl-C lets the pages at hand come to their end."""
    shutil.copytree(Path(notebooks.__file__).parent, tmp_path / "tools")
    page = tmp_path / "chapters" / "page.ipynb"
    page.parent.mkdir()
    cell = nbformat.v4.new_code_cell(CODE.strip(), id="only")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), page)
    run = subprocess.Popen(
        [sys.executable, tmp_path / "tools" / "notebooks.py", "run", page],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal is for the run, not for the tests
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    while not (family := psutil.Process(run.pid).children(recursive=True)):
        time.sleep(0.02)
    if sign:
        run.send_signal(signal.Signals[sign])
    if left == "new":
        (tmp_path / "go").touch()
    run.wait(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    assert not [*page.parent.glob(".ipynb_checkpoints/*")]
    cell = nbformat.read(page, as_version=4).cells[0]
    assert [o.text for o in cell.outputs] == ["new\n"] * (left == "new")


@pytest.mark.parametrize("name", ["write_text", "replace"])
def test_a_save_that_is_interrupted_leaves_the_old_page(
    name, tmp_path, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    (tmp_path / "page.ipynb").write_text("old", "utf-8")
    monkeypatch.setattr(Path, name, interrupt)
    with pytest.raises(KeyboardInterrupt):
        stamping.replace(tmp_path / "page.ipynb", "new")
    assert (tmp_path / "page.ipynb").read_text("utf-8") == "old"
    assert not [*tmp_path.glob(".ipynb_checkpoints/*")]


TEXT = nbformat.v4.new_output("stream", text="loss 1.000\n")
NEAR = nbformat.v4.new_output("stream", text="loss 1.001\n")
FAR = nbformat.v4.new_output("stream", text="loss 2.000\n")
ERROR = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])


def picture(color, level):
    """Return a picture; the level of compression changes its bytes only."""
    content = io.BytesIO()
    image = Image.new("RGB", (99, 99), color)
    image.save(content, "PNG", compress_level=level)
    data = {"image/png": b64encode(content.getvalue()).decode()}
    return nbformat.v4.new_output("display_data", data)


@pytest.mark.parametrize(
    ("old", "new", "tag", "code", "kept"),
    [
        (picture("red", 1), picture("red", 9), "", "same", True),
        (picture("red", 1), picture("tan", 1), "", "same", False),
        (TEXT, NEAR, "", "same", False),
        (TEXT, NEAR, "nbval-ignore-output", "same", True),
        (TEXT, FAR, "nbval-ignore-output", "same", False),
        (TEXT, NEAR, "nbval-ignore-output", "another", False),
        (ERROR, ERROR.copy(), "raises-exception", "same", False),
    ],
)
def test_a_run_keeps_what_has_not_changed(old, new, tag, code, kept):
    before, after = nbformat.v4.new_notebook(), nbformat.v4.new_notebook()
    for notebook, output in ((before, old), (after, new)):
        cell = nbformat.v4.new_code_cell("x = 1", outputs=[output], id="x")
        cell.metadata["tags"] = [tag]
        notebook.cells = [cell]
    before.metadata["d2lmini"] = {"seal": ""}
    before.metadata.d2lmini["seal"] = notebooks.seal(before)
    if code == "another":
        before.cells[0].source = "x = 2"
    notebooks.keep(before, after)
    assert (after.cells[0].outputs[0] is old) == kept


def test_an_output_that_is_kept_has_the_number_of_its_cell():
    v4, pages = nbformat.v4, [nbformat.v4.new_notebook() for _ in range(2)]
    for made, i in zip(pages, (1, 3), strict=True):
        value = v4.new_output("execute_result", execution_count=i)
        cell = v4.new_code_cell("1", execution_count=i, outputs=[value])
        made.cells = [cell]
    notebooks.keep(*pages)
    (cell,) = pages[1].cells
    assert cell.outputs[0].execution_count == cell.execution_count == 3


@pytest.mark.parametrize("words", [[], ["lnit"], ["lnit", "a.ipynb"], ["-r"]])
def test_what_is_no_verb_is_refused_and_runs_nothing(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        notebooks.main(words)
    assert "{run,stamp,lint}" in capsys.readouterr().err


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
NEEDED = "PATH HOME PYTHONPATH D2LMINI_DATA PYTHONHOME".split()


def test_a_user_s_settings_reach_a_page_only_where_it_needs_them(monkeypatch):
    for name in NEEDED:
        monkeypatch.setenv(name, "this")
    clean = notebooks.environment()
    assert {clean[name] for name in NEEDED} == {"this"}
    for setting in HARMFUL:
        monkeypatch.setenv(*setting.split("=", 1))
    assert notebooks.environment() == clean
    assert notebooks.environment(OMP_NUM_THREADS="2")["OMP_NUM_THREADS"] == "2"


@pytest.mark.parametrize(
    ("name", "given", "seen"),
    [
        ("D2LMINI_DATA", "data", "{here}/data"),
        ("D2LMINI_DATA", "", ""),
        ("D2LMINI_DATA", "~/data", "~/data"),
        ("D2LMINI_DATA", "/data", "/data"),
        ("HOME", "/proc/nobody", "{scratch}"),
        ("HOME", "nobody", "{scratch}"),  # and the user has no entry
    ],
)
def test_what_kernels_elsewhere_would_misunderstand_is_settled(
    name, given, seen, tmp_path, monkeypatch
):
    if given == "nobody":
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, given)
    notebooks.settle()
    places = {"here": tmp_path, "scratch": notebooks.scratch().name}
    assert os.environ[name] == seen.format(**places)
