"""Broken notebooks must fail: conftest.py is tested on tiny bad ones."""

import base64
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat.v4 as v4
import PIL.Image
import pytest

ROOT = Path(__file__).resolve().parent.parent


def cell(source, *outputs, tags=(), count=1):
    return v4.new_code_cell(
        source,
        outputs=list(outputs),
        execution_count=count,
        metadata={"tags": list(tags)},
    )


def printed(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def value(text):
    data = {"text/plain": text}
    return v4.new_output("execute_result", data=data, execution_count=1)


def picture(name="image/png"):
    return v4.new_output("display_data", data={name: "", "text/plain": "x"})


def dot(color):
    """Return a picture of one point, as stored, and code that makes it."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (1, 1), color).save(file, "png")
    data = {"image/png": base64.b64encode(file.getvalue()).decode()}
    data["text/plain"] = "<IPython.core.display.Image object>"
    stored = v4.new_output("display_data", data=data)
    return stored, f"Image(bytes.fromhex('{file.getvalue().hex()}'))"


(RED, MAKE_RED), (BLUE, MAKE_BLUE) = dot("red"), dot("blue")
SHOW = "from IPython.display import Image, display\n"
SHOW += f"handle = display({MAKE_RED}, display_id=True)\n"
UPDATE = SHOW + f"handle.update({MAKE_BLUE})"
VARIES = ["nbval-ignore-output"]
# What each notebook would have to be caught at.
BAD = {
    "drifted-loss": [cell("print('loss 0.4801')", printed("loss 0.4802\n"))],
    "drifted-value": [cell("0.1 + 0.2", value("0.3"))],
    "another-shape": [cell("(2, 3)", value("(3, 2)"))],
    "bad-magic": [cell("%no_such_magic\nprint('not reached')")],
    "dead-kernel": [cell("import os\nos._exit(1)"), cell("1", value("1"))],
    "exception": [cell("1 / 0")],
    "no-exception": [cell("1", value("1"), tags=["raises-exception"])],
    "another-exception": [
        cell(
            "raise ValueError('two')",
            v4.new_output(
                "error", ename="ValueError", evalue="one", traceback=[]
            ),
            tags=["raises-exception"],
        )
    ],
    "new-warning": [cell("import warnings; warnings.warn('new')")],
    "printed-by-c-code": [  # what C code prints arrives a little later
        cell("import os, time\nn = os.write(1, b'hello')\ntime.sleep(1)")
    ],
    "figure-is-missing": [cell("1", value("1"), picture())],
    "semicolon": [cell("5;")],
    "failed-check": [cell("val_acc = 0.1\nassert 0.8 < val_acc < 0.9")],
    "output-is-missing": [cell("print('hello')")],
    "number-outside-its-band": [cell("0.849", value("0.491"), tags=VARIES)],
    "another-picture": [cell(SHOW, BLUE)],
    "another-picture-in-the-end": [cell(UPDATE, RED)],
    "nonsense-traceback": [
        cell(
            "raise ValueError('one')",
            v4.new_output(
                "error", ename="ValueError", evalue="one", traceback=["a"]
            ),
            tags=["raises-exception"],
        )
    ],
}
GOOD = {
    "good": [
        cell("print('loss 0.48')", printed("loss 0.48\n")),
        cell("object()", value("<object at 0x7f0123456789>")),
        cell("0.849", value("0.855"), tags=VARIES),
        cell(SHOW, RED),
        cell(UPDATE, BLUE),
    ],
}
# What must not even be collected, and the complaint.
REFUSED = {
    "not-run": ([cell("1 / 0", count=None)], "saved without being run"),
    "unknown-tag": ([cell("1", tags=["nbval-skip"])], "unknown tags"),
    "comment": ([cell("# NBVAL_IGNORE_OUTPUT\n1")], "by a comment"),
}


def write(folder, notebooks):
    folder.mkdir(parents=True, exist_ok=True)
    kernel = {"display_name": "Python 3", "name": "python3"}
    for name, cells in notebooks.items():
        notebook = v4.new_notebook(cells=cells)
        notebook.metadata.kernelspec = kernel
        (folder / f"{name}.ipynb").write_text(v4.writes_json(notebook), "utf-8")


def pytest_run(folder, *options):
    """Run the notebooks of a folder as `make test` does."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tools")])
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conftest"),
            *("-c", ROOT / "pyproject.toml", "--rootdir", ROOT),
            *("-p", "no:cacheprovider", *options, folder),
        ],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Map each notebook to its failures, from one run over all of them."""
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder, BAD | GOOD)
    report = folder / "report.xml"
    done = pytest_run(folder, f"--junitxml={report}")
    assert done.returncode == 1, done.stdout + done.stderr
    failures = {name: [] for name in BAD | GOOD}
    for case in ElementTree.parse(report).iter("testcase"):
        name = re.search(r"([\w-]+)(\.ipynb)?$", case.get("classname"))[1]
        if name == "ipynb":
            name = case.get("classname").split(".")[-2]
        texts = [node.text or "" for node in case.iter("failure")]
        failures[name.removesuffix(".ipynb")] += texts
    return failures


@pytest.mark.parametrize("name", BAD)
def test_bad_notebook_fails(name, outcome):
    assert outcome[name]


def test_good_notebook_passes(outcome):
    assert outcome["good"] == []


def test_cells_on_images_are_relaxed_on_the_stand_in_only(tmp_path):
    cells = [cell("1 + 1", value("3"), tags=["real-data"])]
    write(tmp_path, {"images": cells})
    code = "import d2lmini; print(d2lmini.FashionMNIST().is_standin)"
    standin = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True
    )
    passes = pytest_run(tmp_path, "-n", "0").returncode == 0
    assert passes == (standin.stdout == "True\n")


def test_other_numerics_reach_the_kernel(tmp_path, monkeypatch):
    code = "import os\nprint(os.environ['OMP_NUM_THREADS'])"
    write(tmp_path, {"threads": [cell(code, printed("2\n"))]})
    assert pytest_run(tmp_path, "-n", "0").returncode == 1
    monkeypatch.setenv("D2LMINI_NUMERICS", "OMP_NUM_THREADS=2")
    assert pytest_run(tmp_path, "-n", "0").returncode == 0


def test_a_dead_kernel_is_named(outcome):
    assert "the kernel died in this cell" in outcome["dead-kernel"][0]


@pytest.mark.parametrize("name", REFUSED)
def test_notebook_is_refused(name, tmp_path):
    cells, complaint = REFUSED[name]
    write(tmp_path, {name: cells})
    done = pytest_run(tmp_path, "-n", "0")
    assert done.returncode != 0
    assert complaint in done.stdout + done.stderr


def sanitised(text):
    """Return a text as nbval compares it."""
    lines = (ROOT / "tests" / "sanitize.cfg").read_text("utf-8").splitlines()
    patterns = [x.removeprefix("regex: ") for x in lines if "regex: " in x]
    assert patterns
    for pattern in patterns:
        text = re.sub(pattern, "REPLACED", text)
    return text


@pytest.mark.parametrize(
    "text", ["loss 0.4802", "val_acc 0.833", "(3, 4)", "203530", "1e-05", "0x1"]
)
def test_numbers_come_through_the_sanitiser(text):
    assert sanitised(text) == text


def test_addresses_do_not():
    assert sanitised("<a at 0x7f01234567>") == "<a at REPLACED>"
