"""`make run` changes a notebook whole or not at all, and leaves no process."""

import io
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import notebooks
import psutil
import pytest
import section
import stamping
from PIL import Image


def test_ctrl_c_lets_the_page_at_hand_come_to_its_end(tmp_path):
    """And no kernel stays behind; the page itself sends the signal."""
    shutil.copytree(Path(notebooks.__file__).parent, tmp_path / "tools")
    source = "import os\nos.kill(os.getppid(), 2)\nos.getpid()"
    cell = v4.new_code_cell(source, id="only")
    nbformat.write(v4.new_notebook(cells=[cell]), tmp_path / "page.ipynb")
    command = [sys.executable, "tools/notebooks.py", "run", "page.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)
    assert done.stderr.endswith(b"KeyboardInterrupt\n")
    (cell,) = nbformat.read(tmp_path / "page.ipynb", as_version=4).cells
    assert not psutil.pid_exists(int(cell.outputs[0].data["text/plain"]))


def test_a_save_that_is_interrupted_leaves_the_old_page(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    (tmp_path / "page.ipynb").write_text("old", "utf-8")
    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        stamping.replace(tmp_path / "page.ipynb", "new")
    assert (tmp_path / "page.ipynb").read_text("utf-8") == "old"
    assert not [*tmp_path.glob(".ipynb_checkpoints/*")]


def test_what_the_page_folds_is_folded_in_a_notebook_as_the_same_run():
    def folds(tag):
        cell = v4.new_code_cell("x", metadata={"tags": [tag]}, id="x")
        page = v4.new_notebook(cells=[cell])
        made = stamping.stamped(section.paths()[0], page)
        cell, setup = made.cells[-2:]
        assert setup.metadata.jupyter == {"source_hidden": True}
        page.cells, made.cells = [page.cells[0]], [cell]
        same = notebooks.seal(page) == notebooks.seal(made)
        return cell.metadata.get("jupyter"), same

    assert folds("hide-input") == ({"source_hidden": True}, True)
    assert folds("hide-cell") == ({"source_hidden": True}, True)
    assert folds("predict") == ({"outputs_hidden": True}, False)
    assert folds("real-data") == (None, True)


def picture(color, level):
    """Return a picture; the level of compression changes its bytes only."""
    content = io.BytesIO()
    image = Image.new("RGB", (99, 99), color)
    image.save(content, "PNG", compress_level=level)
    data = {"image/png": b64encode(content.getvalue()).decode()}
    return v4.new_output("display_data", data)


TEXT = v4.new_output("stream", text="loss 1.000")
NEAR = v4.new_output("stream", text="loss 1.001")
FAR = v4.new_output("stream", text="loss 2.000")
VALUE = v4.new_output("execute_result", execution_count=1)


@pytest.mark.parametrize(
    ("old", "new", "tag", "code", "kept"),
    [
        (picture("red", 1), picture("red", 9), "", "x", True),
        (picture("red", 1), picture("tan", 1), "", "x", False),
        (VALUE, VALUE.copy(), "", "x", True),
        (TEXT, NEAR, "", "x", False),
        (TEXT, NEAR, "nbval-ignore-output", "x", True),
        (TEXT, FAR, "nbval-ignore-output", "x", False),
        (TEXT, NEAR, "nbval-ignore-output", "y", False),
    ],
)
def test_a_run_keeps_what_has_not_changed(old, new, tag, code, kept):
    def made(output, number):
        cell = v4.new_code_cell("x", outputs=[output], id="x")
        cell.update(execution_count=number, metadata={"tags": tag.split()})
        seal = {"d2lmini": {"seal": ""}}
        return v4.new_notebook(cells=[cell], metadata=seal)

    before, after = made(old, 1), made(new, 3)
    before.metadata.d2lmini.seal = notebooks.seal(before)
    before.cells[0].source = code
    notebooks.keep(before, after)
    (output,) = after.cells[0].outputs
    assert (output is old) == kept
    assert output.get("execution_count", 3) == 3  # that of its cell


# The environment of a kernel.

HARMFUL = """
MPLBACKEND=agg MATPLOTLIBRC=mine COLUMNS=20 FORCE_COLOR=1 NO_COLOR=1
PYTHONOPTIMIZE=1 PYTHONSTARTUP=mine.py PYTHONHASHSEED=7 TORCH_LOGS=+all
PYTORCH_JIT=0 ONEDNN_VERBOSE=1 DNNL_VERBOSE=1 MKL_VERBOSE=1 KMP_SETTINGS=1
OMP_DISPLAY_ENV=true OMP_NUM_THREADS=7 IPYTHONDIR=mine PYTEST_CURRENT_TEST=this
CUDA_VISIBLE_DEVICES=0
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


def test_what_kernels_elsewhere_would_misunderstand_is_settled(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/proc/nobody")
    folders = {"data": f"{tmp_path}/data", "": "", "~/data": "~/data"}
    for given, seen in folders.items():
        monkeypatch.setenv("D2LMINI_DATA", given)
        notebooks.settle()
        assert os.environ["D2LMINI_DATA"] == seen
    assert os.environ["HOME"] == notebooks.scratch().name
